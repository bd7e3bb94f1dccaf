import type { Health } from '../model/health.ts';
import type { KubeObject } from '../model/object.ts';
import { conditionNamed, conditionThatIs, conditionsOf, explain } from './conditions.ts';
import { describeStaleness, isStale } from './counts.ts';
import { degraded, healthy, progressing } from './verdict.ts';

/** What an object says that says nothing: healthy, because nobody could ever make it so otherwise. */
const notAssessed: Health = healthy('not assessed: its status has no conditions that are known');

/**
 * Any kind without a rule of its own, by the conditions that kstatus (sigs.k8s.io/cli-utils) knows; the word for
 * `Ready: False` is Argo CD's for most kinds, also while a controller tries again (`Reconciling`).
 */
export function assessGeneric(object: KubeObject): Health {
  if (isStale(object)) return progressing(describeStaleness(object));
  const conditions = conditionsOf(object);
  const stalled = conditionThatIs(conditions, 'Stalled', 'True');
  if (stalled !== undefined) return degraded(explain(stalled));
  const verdict = conditionNamed(conditions, 'Ready') ?? conditionNamed(conditions, 'Available');
  if (verdict?.status === 'False') return degraded(explain(verdict));
  const reconciling = conditionThatIs(conditions, 'Reconciling', 'True');
  if (reconciling !== undefined) return progressing(explain(reconciling));
  if (verdict === undefined) return notAssessed;
  return verdict.status === 'True' ? healthy(explain(verdict)) : progressing(explain(verdict));
}
