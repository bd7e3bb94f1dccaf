import type { Installation } from '../model/installation.ts';
import { stringAt } from '../model/json.ts';
import type { KubeObject, Ref } from '../model/object.ts';
import { annotationsOf } from '../model/object.ts';
import { annotationOf, listedIn } from '../model/object-annotations.ts';

/** Why an object stays when Git drops it; undefined when nothing on it says so. Read from the live object. */
export function keptFromPruning(live: KubeObject, installation: Installation): string | undefined {
  return refusedOption(live, installation, 'Prune') ?? alwaysKept(live, installation);
}

/** Why an object stays when its Application is deleted; undefined when nothing on it says so. */
export function keptFromDeletion(live: KubeObject, installation: Installation): string | undefined {
  return refusedOption(live, installation, 'Delete') ?? alwaysKept(live, installation);
}

function alwaysKept(live: KubeObject, installation: Installation): string | undefined {
  if (stringAt(annotationsOf(live), 'helm.sh/resource-policy')?.trim() === 'keep')
    return 'annotation helm.sh/resource-policy: keep';
  const protect = annotationOf(live, 'protect', installation);
  return protect === undefined || protect.value === 'false' ? undefined : `annotation ${protect.key}`;
}

/** `confirm` waits for a person, so until then it is as good as `false`. */
function refusedOption(live: KubeObject, installation: Installation, option: 'Prune' | 'Delete'): string | undefined {
  const found = annotationOf(live, 'sync-options', installation);
  const refused = listedIn(found).find((text) => text === `${option}=false` || text === `${option}=confirm`);
  return refused === undefined ? undefined : `annotation ${found?.key ?? ''}: ${refused}`;
}

export function isDefinition({ group, kind }: Pick<Ref, 'group' | 'kind'>): boolean {
  return group === 'apiextensions.k8s.io' && kind === 'CustomResourceDefinition';
}

export function isChildApplication({ group, kind }: Pick<Ref, 'group' | 'kind'>): boolean {
  return group === 'evenkeel.dev' && kind === 'Application';
}

/** `protectedKinds` names kinds, or with their group: `Certificate.cert-manager.io`. */
export function isProtectedKind(ref: Pick<Ref, 'group' | 'kind'>, protectedKinds: readonly string[]): boolean {
  return protectedKinds.includes(ref.kind) || protectedKinds.includes(`${ref.kind}.${ref.group}`);
}
