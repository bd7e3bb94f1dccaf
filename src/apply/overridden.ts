import { overridesOf } from '../diff/diff.ts';
import type { KubeObject, Ref } from '../model/object.ts';
import type { Override } from '../model/outcome.ts';
import type { ApplyContext } from './context.ts';

/** Nobody else can have written between our request and its answer: what differs there is admission's doing. */
export function overridesIn(
  ref: Ref,
  body: KubeObject,
  answer: KubeObject,
  { installation }: Pick<ApplyContext, 'installation'>,
): Override[] {
  return overridesOf(body, answer, installation.manager).map((override) => ({ ref, ...override }));
}
