import type { PatchOperation } from '../../kube/cluster.ts';
import type { KubeObject } from '../../model/object.ts';
import { annotationsOf } from '../../model/object.ts';

/** Sets annotations, and removes those without a value. */
export function annotating(
  current: KubeObject,
  changes: Readonly<Record<string, string | undefined>>,
): readonly PatchOperation[] {
  const present = annotationsOf(current);
  const next = Object.entries({ ...present, ...changes }).filter(([, value]) => value !== undefined);
  const isSame = Object.entries(changes).every(([name, value]) => present[name] === value);
  const value = Object.fromEntries(next.map(([name, text]) => [name, text ?? '']));
  return isSame ? [] : [{ op: 'add', path: '/metadata/annotations', value }];
}
