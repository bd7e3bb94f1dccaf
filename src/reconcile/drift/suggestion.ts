import type { ConflictRule } from '../../model/differences.ts';
import type { FieldWriter } from '../../model/live.ts';
import type { Ref } from '../../model/object.ts';

/** Fields of one object that a writer takes. */
export interface ContestedFields {
  readonly ref: Ref;
  readonly writer: FieldWriter;
  readonly fields: readonly string[];
}

const mostNamed = 5;
const longestNamed = 1_000;

/** Leaves the fields to the writer for a while. */
export function ruleFor({ ref, writer: { manager }, fields }: ContestedFields): ConflictRule {
  const { group, kind, namespace, name } = ref;
  return { target: { group, kind, namespace, name }, fields, managers: [manager], action: 'Yield', truce: true };
}

/** The same rule as one line for `spec.conflicts.rules`; of many fields it leaves all that the writer owns of the object. */
export function suggestionFor(contested: ContestedFields): string {
  const { target, fields, managers, action } = ruleFor(contested);
  const isShort = fields.length <= mostNamed && fields.join('').length <= longestNamed;
  return JSON.stringify({ target, ...(isShort ? { fields } : {}), managers, action });
}
