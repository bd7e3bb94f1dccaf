import type { PatchOperation } from '../../kube/cluster.ts';
import type { JsonValue } from '../../model/json.ts';
import { arrayAt, jsonEqual, pointerStep } from '../../model/json.ts';
import type { KubeObject } from '../../model/object.ts';
import { annotationsOf } from '../../model/object.ts';

/** What of an Application is served and done. */
export interface Removal {
  readonly operation?: boolean;
  readonly annotations?: readonly string[];
  readonly finalizers?: (finalizer: string) => boolean;
}

/**
 * Takes from `current` what was served when it was `served`: what has another value by now is another request, and is
 * served next; finalizers of others stay.
 */
export function removalFrom(current: KubeObject, what: Removal, served: KubeObject): PatchOperation[] {
  const { operation = false, annotations = [], finalizers = (): boolean => false } = what;
  const [present, before] = [annotationsOf(current), annotationsOf(served)];
  const operations: PatchOperation[] = annotations
    .filter((name) => isSame(present[name], before[name]))
    .map((name) => ({
      op: 'remove',
      path: `/metadata/annotations${pointerStep(name)}`,
    }));
  if (operation && isSame(current['operation'], served['operation']))
    operations.push({ op: 'remove', path: '/operation' });
  const all = arrayAt(current.metadata, 'finalizers');
  const kept = all.filter((finalizer) => typeof finalizer !== 'string' || !finalizers(finalizer));
  if (kept.length < all.length) operations.push({ op: 'replace', path: '/metadata/finalizers', value: kept });
  return operations;
}

function isSame(present: JsonValue | undefined, served: JsonValue | undefined): boolean {
  return present !== undefined && jsonEqual(present, served);
}
