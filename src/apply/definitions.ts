import type { Kinds } from '../kube/cluster.ts';
import { groupKindKey } from '../model/object.ts';
import type { GroupKind, KubeObject, Ref, Target } from '../model/object.ts';
import { objectAt, stringAt } from '../model/json.ts';
import type { Change, Plan } from '../model/plan.ts';

/** What a plan brings along that its other objects need to exist. */
export interface Provided {
  readonly namespaces: ReadonlySet<string>;
  /** `groupKindKey` of what CustomResourceDefinitions define. */
  readonly kinds: ReadonlySet<string>;
}

export function providedBy(plan: Plan): Provided {
  const wanted = plan.changes.filter((change) => change.kind !== 'prune' && change.kind !== 'release');
  const namespaces = wanted.filter(({ ref }) => isNamespace(ref)).map(({ ref }) => ref.name);
  const kinds = wanted.filter(({ ref }) => isDefinition(ref)).flatMap(definedKind);
  return { namespaces: new Set(namespaces), kinds: new Set(kinds) };
}

function definedKind(change: Change): string[] {
  const spec = bodyOf(change)?.['spec'];
  const kind = stringAt(objectAt(spec, 'names'), 'kind');
  const group = stringAt(spec, 'group');
  return kind === undefined || group === undefined ? [] : [groupKindKey({ group, kind })];
}

function bodyOf(change: Change): KubeObject | undefined {
  if ('desired' in change) return change.desired.body();
  return 'live' in change ? change.live : undefined;
}

export function isNamespace({ group, kind }: GroupKind): boolean {
  return group === '' && kind === 'Namespace';
}

export function isDefinition({ group, kind }: GroupKind): boolean {
  return group === 'apiextensions.k8s.io' && kind === 'CustomResourceDefinition';
}

export function isServed(target: Target, kinds: Kinds): boolean {
  return kinds.find(target, target.apiVersion).state === 'served';
}

/** True when a Namespace or CustomResourceDefinition of the same plan has to come first. */
export function needsProvided(ref: Ref, provided: Provided): { readonly kind: boolean; readonly namespace: boolean } {
  return { kind: provided.kinds.has(groupKindKey(ref)), namespace: provided.namespaces.has(ref.namespace) };
}
