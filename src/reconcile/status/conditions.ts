import type { Condition, ConditionType } from '../../model/condition.ts';
import { conditionTypes } from '../../model/condition.ts';

/** A condition before it is known since when it holds. */
export type Verdict = Omit<Condition, 'lastTransitionTime' | 'observedGeneration'>;

/**
 * The new list of conditions: Ready, Reconciling and Stalled always stand, the others only while they are True (then
 * they are present) — a condition that ceased to hold is removed. `lastTransitionTime` moves only when status changes.
 */
export function mergeConditions(
  before: readonly Condition[],
  verdicts: readonly Verdict[],
  { generation, now }: { readonly generation: number; readonly now: string },
): Condition[] {
  return conditionTypes.flatMap((type) => {
    const verdict = verdicts.find((candidate) => candidate.type === type);
    if (verdict === undefined) return [];
    const present = before.find((candidate) => candidate.type === type);
    const since = present?.status === verdict.status ? present.lastTransitionTime : now;
    const { status, reason, message } = verdict;
    return [{ type, status, reason, message, lastTransitionTime: since, observedGeneration: generation }];
  });
}

export function conditionOf(conditions: readonly Condition[] | undefined, type: ConditionType): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}
