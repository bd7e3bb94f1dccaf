import type { ApplicationKey, Installation } from '../model/installation.ts';
import { marksOf, trackingId } from '../model/installation.ts';
import type { JsonValue } from '../model/json.ts';
import { pointerStep, stringAt } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import { annotationsOf, labelsOf, refOf, resourceVersionOf } from '../model/object.ts';

/** One operation of an RFC 6902 patch. */
export interface PatchOperation {
  readonly op: 'add' | 'remove' | 'replace' | 'test';
  readonly path: string;
  readonly value?: JsonValue;
}

/** Which Application of which installation an object belongs to. */
export interface Owner {
  readonly key: ApplicationKey;
  readonly installation: Installation;
}

/** The object with our two labels and our tracking annotation; never in pod templates or selectors. */
export function mark(object: KubeObject, { key, installation }: Owner): KubeObject {
  const { partOf, slot } = marksOf(installation, key);
  const labels = { ...labelsOf(object), [installation.partOfLabel]: partOf, [installation.slotLabel]: slot };
  const id = trackingId(key, refOf(object));
  const annotations = { ...annotationsOf(object), [installation.trackingAnnotation]: id };
  return { ...object, metadata: { ...object.metadata, labels, annotations } };
}

/** True when the object's tracking annotation says that it is this Application's and names the object itself. */
export function tracksItself(object: KubeObject, { key, installation }: Owner): boolean {
  return stringAt(annotationsOf(object), installation.trackingAnnotation) === trackingId(key, refOf(object));
}

/**
 * Lets an object go: removes our labels and tracking annotation and nothing else, so that every field stays. The
 * server answers 409 when the object changed since it was read. Empty when there is nothing to remove.
 */
export function releasePatch(object: KubeObject, installation: Installation): PatchOperation[] {
  const labels = [installation.partOfLabel, installation.slotLabel].filter((name) =>
    Object.hasOwn(labelsOf(object), name),
  );
  const annotations = [installation.trackingAnnotation].filter((name) => Object.hasOwn(annotationsOf(object), name));
  const removals = [
    ...labels.map((name) => `/metadata/labels${pointerStep(name)}`),
    ...annotations.map((name) => `/metadata/annotations${pointerStep(name)}`),
  ].map((path): PatchOperation => ({ op: 'remove', path }));
  if (removals.length === 0) return [];
  return [...removals, { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersionOf(object) }];
}
