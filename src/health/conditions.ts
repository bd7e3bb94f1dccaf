import type { JsonValue } from '../model/json.ts';
import { arrayAt, isJsonObject, objectAt, stringAt } from '../model/json.ts';

/** One entry of `status.conditions`, whatever was missing or of another type as empty text. */
export interface StatusCondition {
  readonly type: string;
  /** `True`, `False`, `Unknown`; anything else counts as none of them. */
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export function conditionsOf(object: JsonValue): readonly StatusCondition[] {
  return readConditions(arrayAt(objectAt(object, 'status'), 'conditions'));
}

/** Conditions from wherever they are kept; entries that are no objects are passed over. */
export function readConditions(entries: readonly JsonValue[]): readonly StatusCondition[] {
  return entries.map(readCondition).filter((condition) => condition.type !== '');
}

function readCondition(entry: JsonValue): StatusCondition {
  return {
    type: stringAt(entry, 'type') ?? '',
    status: statusOf(entry),
    reason: stringAt(entry, 'reason') ?? '',
    message: stringAt(entry, 'message') ?? '',
  };
}

/** A few controllers write booleans. */
function statusOf(entry: JsonValue): string {
  const status = isJsonObject(entry) ? entry['status'] : undefined;
  if (typeof status === 'boolean') return status ? 'True' : 'False';
  return typeof status === 'string' ? status : '';
}

export function conditionNamed(conditions: readonly StatusCondition[], type: string): StatusCondition | undefined {
  return conditions.find((condition) => condition.type === type);
}

/** The condition of this type if its status is the given one. */
export function conditionThatIs(
  conditions: readonly StatusCondition[],
  type: string,
  status: 'True' | 'False' | 'Unknown',
): StatusCondition | undefined {
  return conditions.find((condition) => condition.type === type && condition.status === status);
}

/** `Reason: message`, or what there is of it, or else the condition itself. */
export function explain(condition: StatusCondition): string {
  const text = [condition.reason, condition.message].filter((part) => part !== '').join(': ');
  return text === '' ? `${condition.type} is ${condition.status}` : text;
}
