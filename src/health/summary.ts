import type { HealthStatus } from '../model/health.ts';
import type { JsonObject } from '../model/json.ts';
import { objectAt, stringAt } from '../model/json.ts';
import type { StatusCondition } from './conditions.ts';
import { conditionNamed, conditionsOf, conditionThatIs, explain } from './conditions.ts';
import { describeStaleness, isStale } from './counts.ts';
import { phaseOf } from './phases.ts';

/** The status in the object's own words, for rules that have none: what backs the verdict, or else what there is. */
export function summarise(object: JsonObject, status: HealthStatus): string {
  if (status === 'Progressing' && isStale(object)) return describeStaleness(object);
  const conditions = conditionsOf(object);
  if (status === 'Healthy') return summariseGood(object, conditions);
  if (status === 'Suspended') return wordsOf(object) || 'suspended';
  const telling = conditions.find(isTelling);
  if (telling !== undefined) return explain(telling);
  return wordsOf(object) || summariseRest(object, conditions);
}

function summariseRest(object: JsonObject, conditions: readonly StatusCondition[]): string {
  const rest =
    conditions.find(({ type, status }) => status !== 'True' && !isNegative.test(type)) ??
    conditions.find(({ message }) => message !== '');
  if (rest !== undefined) return explain(rest);
  const isSilent = Object.keys(objectAt(object, 'status')).length === 0;
  return isSilent ? 'its controller has reported no status yet' : 'its status does not say more';
}

function summariseGood(object: JsonObject, conditions: readonly StatusCondition[]): string {
  const first = conditions.find((condition) => condition.status === 'True' && !isNegative.test(condition.type));
  const best = conditionThatIs(conditions, 'Ready', 'True') ?? first ?? conditionNamed(conditions, 'Ready');
  return best === undefined ? wordsOf(object) : explain(best);
}

/** Types that are no good news when they are True. */
const isNegative =
  /(Stalled|Failed|Failure|Errors?|Degraded|NotReady|Unhealthy|Invalid|Terminal|Progressing|Reconciling)$/;

/** Something to explain that is not as usual: `False` of what should be `True`, or the other way round. */
function isTelling({ type, status, message }: StatusCondition): boolean {
  return message !== '' && (status === 'True') === isNegative.test(type);
}

const placesOfWords = ['message', 'reason', 'error', 'errorDescription', 'errMsg', 'failureMessage', 'description'];

function wordsOf(object: JsonObject): string {
  const status = objectAt(object, 'status');
  const phase = phaseOf(object);
  const words = [
    phase === undefined ? undefined : `${phase.place} ${phase.word}`,
    placesOfWords.map((place) => stringAt(status, place)).find((text) => text !== undefined && text !== ''),
  ];
  return words.filter((word) => word !== undefined).join(': ');
}
