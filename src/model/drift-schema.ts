import { fightActions } from './fight.ts';
import { block, oneOf, refFields, text, texts, time } from './schema-parts.ts';

const fight = block(
  'Present while the manager takes the fields again and again.',
  {},
  {
    required: {
      since: time('When it was told.'),
      rate: text('How often the fields were taken then.', { maxLength: 32 }),
      action: oneOf('What is done about it.', fightActions),
      subresource: text('Through which the fields are taken; empty: none.', { maxLength: 63 }),
      suggestion: text('An entry of spec.conflicts.rules that leaves the fields to the manager.', {
        maxLength: 65_536,
      }),
    },
  },
);

/** An entry of `status.drift`. */
export const drift = block(
  'One object that somebody else changed.',
  {
    healed: time('When it was put back.'),
    yielded: text('Why the fields are left as their manager has them: they count as in sync.'),
    fight,
  },
  {
    required: {
      ...refFields(),
      fields: texts('Paths, never values.', 64, { maxLength: 4096 }),
      manager: text('Field manager that made the change; empty when unknown.'),
      operation: text('Its operation.', { maxLength: 63 }),
      since: time('When it was seen.'),
    },
  },
);
