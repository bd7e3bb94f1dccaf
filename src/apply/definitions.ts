import type { Kinds } from '../kube/cluster.ts';
import { groupKindKey } from '../model/object.ts';
import type { GroupKind, KubeObject, Target } from '../model/object.ts';
import { objectAt, stringAt } from '../model/json.ts';
import type { Change, Plan } from '../model/plan.ts';

/** What a plan brings along that its other objects need to exist. */
export interface Provided {
  namespace(name: string): boolean;
  /** Whether a CustomResourceDefinition of the plan defines the kind. */
  kind(kind: GroupKind): boolean;
}

export const nothingProvided: Provided = { namespace: () => false, kind: () => false };

/** Definitions are large: they are read only when the cluster does not serve a kind that is to be written. */
export function providedBy(plan: Plan): Provided {
  const wanted = plan.changes.filter(({ kind }) => kind !== 'prune' && kind !== 'release' && kind !== 'forget');
  const namespaces = new Set(wanted.filter(({ ref }) => isNamespace(ref)).map(({ ref }) => ref.name));
  let kinds: ReadonlySet<string> | undefined;
  return {
    namespace: (name) => namespaces.has(name),
    kind: (kind) => {
      kinds ??= new Set(wanted.filter(({ ref }) => isDefinition(ref)).flatMap(definedKind));
      return kinds.has(groupKindKey(kind));
    },
  };
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

function isDefinition({ group, kind }: GroupKind): boolean {
  return group === 'apiextensions.k8s.io' && kind === 'CustomResourceDefinition';
}

export function isServed(target: Target, kinds: Kinds): boolean {
  return kinds.find(target, target.apiVersion).state === 'served';
}
