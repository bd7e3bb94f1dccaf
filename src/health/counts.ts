import type { JsonValue } from '../model/json.ts';
import { isJsonObject, objectAt } from '../model/json.ts';

/** The whole number at a key, also when it is written as text; undefined when there is none. */
export function countAt(value: JsonValue | undefined, key: string): number | undefined {
  return countOf(isJsonObject(value) ? value[key] : undefined);
}

export function countOf(found: JsonValue | undefined): number | undefined {
  if (typeof found === 'number') return Number.isFinite(found) ? found : undefined;
  if (typeof found === 'bigint') return Number(found);
  return typeof found === 'string' && /^-?[0-9]{1,18}$/.test(found) ? Number(found) : undefined;
}

/** Reads counts of `status`: controllers leave out what is zero. */
export function statusCount(object: JsonValue, key: string): number {
  return countAt(objectAt(object, 'status'), key) ?? 0;
}

/** True while the controller has not looked at the newest spec; false for kinds that do not say. */
export function isStale(object: JsonValue): boolean {
  const wanted = countAt(objectAt(object, 'metadata'), 'generation');
  const observed = countAt(objectAt(object, 'status'), 'observedGeneration');
  return wanted !== undefined && observed !== undefined && observed < wanted;
}

/** As `isStale`, for kinds whose controller always reports what it has seen: nothing yet is stale. */
export function isUnobserved(object: JsonValue): boolean {
  return statusCount(object, 'observedGeneration') === 0 || isStale(object);
}

/** `generation 3 is not observed yet (2 is)`. */
export function describeStaleness(object: JsonValue): string {
  const wanted = countAt(objectAt(object, 'metadata'), 'generation') ?? 0;
  return `generation ${wanted} is not observed yet (${statusCount(object, 'observedGeneration')} is)`;
}

/** `1 pod`, `3 pods`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
