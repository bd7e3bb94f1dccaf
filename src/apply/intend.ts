import type { Hints, Intention, Sides } from '../diff/diff.ts';
import { actionFor, conflictRefusal, intended, noHints } from '../diff/diff.ts';
import type { ApiError } from '../model/api-error.ts';
import type { OperatorError } from '../model/errors.ts';
import type { KubeObject, Ref } from '../model/object.ts';
import type { ApplyContext } from './context.ts';

/** How an object is compared and what is sent of it, once everything is known that has to be asked for that. */
export async function intend(sides: Sides, context: ApplyContext): Promise<Intention> {
  const { desired, live } = sides;
  return intended({ ...sides, hints: await hintsOn(desired, live, context) }, context);
}

export async function hintsOn(desired: KubeObject, live: KubeObject, context: ApplyContext): Promise<Hints> {
  return (await context.hints?.(desired, live)) ?? noHints;
}

/**
 * Why the fields that an unforced apply met may not be taken; undefined when `spec.conflicts` lets us. What is yielded is
 * not sent, so that a field which is met all the same is left to a person.
 */
export function contested(error: ApiError, ref: Ref, { app }: Pick<ApplyContext, 'app'>): OperatorError | undefined {
  const met = error.causes
    .filter(({ reason }) => reason === 'FieldManagerConflict')
    .map(({ field, message }) => ({
      path: pathIn(field),
      manager: /^conflict with "([^"]*)"/.exec(message)?.[1] ?? '',
    }));
  const actions = met.map((conflict) => actionFor({ ref, ...conflict }, app.spec.conflicts));
  const held = met.filter((_, index) => actions[index] !== 'Overwrite');
  return held.length === 0 ? undefined : conflictRefusal(ref, held, actions.includes('Fail') ? 'Fail' : 'Yield');
}

/** `.spec.ports[port=80,protocol="TCP"].name` as differences write it. */
function pathIn(field: string): string {
  return field.replace(/^\./, '').replaceAll(/="([^"]*)"/g, '=$1');
}
