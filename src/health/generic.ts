import type { Health } from '../model/health.ts';
import type { JsonObject } from '../model/json.ts';
import type { StatusCondition } from './conditions.ts';
import { conditionNamed, conditionThatIs, conditionsOf, explain } from './conditions.ts';
import { describeStaleness, isStale } from './counts.ts';
import { phaseOf } from './phases.ts';
import { degraded, healthy, progressing } from './verdict.ts';

/** What an object says that says nothing: healthy, because nobody could ever make it so otherwise. */
export const notAssessed: Health = healthy('not assessed: its status has no conditions that are known');

/**
 * Any kind without a rule of its own: by the conditions that kstatus (sigs.k8s.io/cli-utils) knows and their relatives,
 * then by the word of its phase. The word for `Ready: False` is Argo CD's for most kinds, also while a controller tries
 * again (`Reconciling`), unless its reason says that work is under way.
 */
export function assessGeneric(object: JsonObject): Health {
  if (isStale(object)) return progressing(describeStaleness(object));
  const conditions = conditionsOf(object);
  const trouble = conditions.find(isTrouble);
  if (trouble !== undefined) return degraded(explain(trouble));
  return assessGood(conditions) ?? assessPhase(object) ?? notAssessed;
}

/** Types that are bad news when they are True: `Stalled`, `FetchFailed`, `HasErrors`, `ACK.Terminal`. */
const troubleType = /(Stalled|Failed|Failure|Errors?|ErrorOccurred|Degraded|NotReady|Unhealthy|Invalid|Terminal)$/;

function isTrouble({ type, status }: StatusCondition): boolean {
  return status === 'True' && troubleType.test(type) && !/^No[A-Z]/.test(type.replace('NotReady', ''));
}

/** Types that are good news when they are True; where there is `Ready`, it speaks for all but `Synced` and `Healthy`. */
const goodType = new RegExp(
  '^(Available|Healthy|Established|Accepted|Programmed|ResolvedRefs|Valid|Succeeded|Installed|Deployed|Reconciled|' +
    'ReconcileSuccess|Applied|Completed?|Compliant|Admitted|.*Synced|.*Synchronized)$',
);

function assessGood(conditions: readonly StatusCondition[]): Health | undefined {
  const ready = conditionNamed(conditions, 'Ready');
  const told = conditions.filter(({ type }) =>
    ready === undefined ? goodType.test(type) : type === 'Synced' || type === 'Healthy',
  );
  if (ready !== undefined) told.unshift(ready);
  const bad = told.find(({ status }) => status === 'False');
  if (bad !== undefined) return isUnderWay(bad, conditions) ? progressing(explain(bad)) : degraded(explain(bad));
  const underWay = conditionThatIs(conditions, 'Reconciling', 'True') ?? told.find(({ status }) => status !== 'True');
  if (underWay !== undefined) return progressing(explain(underWay));
  const [first] = told;
  return first === undefined ? undefined : healthy(explain(first));
}

/** Reasons such as `Creating`, `NotReadyInProgress`, `WaitingForNodes`; a deadline is none of them. */
const underWayReason =
  /^(Init|Waiting|Pending|Reconciling|Progressing)|(Creat|Updat|Delet|Provision|Deploy|Install|Initializ|Upgrad|Scal|Start|Roll)ing\b|InProgress$/;

function isUnderWay({ reason }: StatusCondition, conditions: readonly StatusCondition[]): boolean {
  return underWayReason.test(reason) || conditionThatIs(conditions, 'Progressing', 'True') !== undefined;
}

function assessPhase(object: JsonObject): Health | undefined {
  const phase = phaseOf(object);
  if (phase?.meaning === undefined) return undefined;
  return { status: phase.meaning, message: `${phase.place} ${phase.word}` };
}
