import type { KubeObject } from '../../model/object.ts';
import { uidOf } from '../../model/object.ts';
import { objectAt, stringAt } from '../../model/json.ts';

/** Messages of events about an object with one of these reasons, newest first. */
export function wordsAbout(
  object: KubeObject,
  events: readonly KubeObject[],
  reasons: readonly string[],
): readonly { readonly reason: string; readonly message: string }[] {
  return events
    .filter((event) => isAbout(event, object) && reasons.includes(stringAt(event, 'reason') ?? ''))
    .toSorted((a, b) => (timeOf(a) < timeOf(b) ? 1 : -1))
    .map((event) => ({ reason: stringAt(event, 'reason') ?? '', message: stringAt(event, 'message') ?? '' }))
    .filter(({ message }) => message !== '');
}

function isAbout(event: KubeObject, object: KubeObject): boolean {
  const about = objectAt(event, 'involvedObject');
  const uid = stringAt(about, 'uid') ?? '';
  if (uid !== '') return uid === uidOf(object);
  return stringAt(about, 'kind') === object.kind && stringAt(about, 'name') === object.metadata.name;
}

function timeOf(event: KubeObject): string {
  const series = stringAt(objectAt(event, 'series'), 'lastObservedTime');
  const last = stringAt(event, 'lastTimestamp') ?? series ?? stringAt(event, 'eventTime');
  return last ?? stringAt(event.metadata, 'creationTimestamp') ?? '';
}
