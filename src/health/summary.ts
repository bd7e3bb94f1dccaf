import type { HealthStatus } from '../model/health.ts';
import type { JsonObject } from '../model/json.ts';
import { objectAt, stringAt } from '../model/json.ts';
import type { StatusCondition } from './conditions.ts';
import { conditionNamed, conditionsOf, explain } from './conditions.ts';
import { describeStaleness, isStale } from './counts.ts';
import { phaseOf } from './phases.ts';

/** The status in the object's own words, for rules that have none: what backs the verdict, or else what there is. */
export function summarise(object: JsonObject, status: HealthStatus): string {
  if (status === 'Progressing' && isStale(object)) return describeStaleness(object);
  const conditions = conditionsOf(object);
  const telling = status === 'Healthy' ? conditionNamed(conditions, 'Ready') : conditions.find(isTelling);
  if (telling !== undefined) return explain(telling);
  const words = wordsOf(object);
  if (words !== '') return words;
  const [first] = conditions;
  if (first !== undefined) return explain(first);
  return Object.keys(objectAt(object, 'status')).length === 0 ? 'its controller has reported no status yet' : '';
}

/** Something to explain that is not as usual: `False` of what should be `True`, or the other way round. */
function isTelling({ type, status, message }: StatusCondition): boolean {
  const isNegative =
    /(Stalled|Failed|Failure|Errors?|Degraded|NotReady|Unhealthy|Invalid|Terminal|Progressing|Reconciling)$/;
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
