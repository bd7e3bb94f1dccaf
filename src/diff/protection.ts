import type { Installation } from '../model/installation.ts';
import { stringAt } from '../model/json.ts';
import type { KubeObject, Ref } from '../model/object.ts';
import { annotationsOf } from '../model/object.ts';

/** Why an object stays when Git drops it; undefined when nothing on it says so. Read from the live object. */
export function keptFromPruning(live: KubeObject, installation: Installation): string | undefined {
  return refusedOption(live, installation, 'Prune') ?? alwaysKept(live, installation);
}

/** Why an object stays when its Application is deleted; undefined when nothing on it says so. */
export function keptFromDeletion(live: KubeObject, installation: Installation): string | undefined {
  return refusedOption(live, installation, 'Delete') ?? alwaysKept(live, installation);
}

function alwaysKept(live: KubeObject, installation: Installation): string | undefined {
  const annotations = annotationsOf(live);
  if (stringAt(annotations, 'helm.sh/resource-policy')?.trim() === 'keep')
    return 'annotation helm.sh/resource-policy: keep';
  const name = ourSpellings(installation, 'protect').find((key) => (stringAt(annotations, key) ?? 'false') !== 'false');
  return name === undefined ? undefined : `annotation ${name}`;
}

/** `confirm` waits for a person, so until then it is as good as `false`. */
function refusedOption(live: KubeObject, installation: Installation, option: 'Prune' | 'Delete'): string | undefined {
  const annotations = annotationsOf(live);
  const spellings = [...ourSpellings(installation, 'sync-options'), 'argocd.argoproj.io/sync-options'];
  const name = spellings.find((key) => stringAt(annotations, key) !== undefined);
  if (name === undefined) return undefined;
  const options = (stringAt(annotations, name) ?? '').split(',').map((text) => text.trim());
  const refused = options.find((text) => text === `${option}=false` || text === `${option}=confirm`);
  return refused === undefined ? undefined : `annotation ${name}: ${refused}`;
}

/** Ours replaces Argo CD's spelling; a second installation reads the plain prefix, too. */
function ourSpellings({ prefix }: Installation, name: string): string[] {
  return [...new Set([`${prefix}${name}`, `evenkeel.dev/${name}`])];
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
