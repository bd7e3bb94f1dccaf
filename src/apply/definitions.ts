import type { Kinds } from '../kube/cluster.ts';
import { groupKindKey } from '../model/object.ts';
import type { GroupKind, KubeObject, Target } from '../model/object.ts';
import { kindDefinedBy } from '../model/kind-schema.ts';
import type { Change, Plan } from '../model/plan.ts';

/** What a plan brings along that its other objects need to exist. */
export interface Provided {
  namespace(name: string): boolean;
  /** Whether a CustomResourceDefinition of the plan defines the kind. */
  kind(kind: GroupKind): boolean;
  /** That definition, as Git wants it. */
  definition(kind: GroupKind): KubeObject | undefined;
}

export const nothingProvided: Provided = {
  namespace: () => false,
  kind: () => false,
  definition: () => undefined,
};

/** Definitions are large: they are read only when a kind is asked for that may be defined by one. */
export function providedBy(plan: Plan): Provided {
  const wanted = plan.changes.filter(({ kind }) => kind !== 'prune' && kind !== 'release' && kind !== 'forget');
  const namespaces = new Set(wanted.filter(({ ref }) => isNamespace(ref)).map(({ ref }) => ref.name));
  const definitions = wanted.filter(({ ref }) => isDefinition(ref));
  let kinds: ReadonlyMap<string, Change> | undefined;
  const find = (kind: GroupKind): Change | undefined => {
    kinds ??= new Map(definitions.flatMap(byDefinedKind));
    return kinds.get(groupKindKey(kind));
  };
  return {
    namespace: (name) => namespaces.has(name),
    kind: (kind) => find(kind) !== undefined,
    definition: (kind) => {
      const change = find(kind);
      return change === undefined ? undefined : bodyOf(change);
    },
  };
}

/** The kinds whose definitions a plan writes: the server does not know them yet, or knows them otherwise. */
export function kindsWritten(changes: readonly Change[]): ReadonlySet<string> {
  const written = changes.filter(({ ref, kind }) => isDefinition(ref) && (kind === 'create' || kind === 'update'));
  return new Set(written.flatMap(byDefinedKind).map(([kind]) => kind));
}

function byDefinedKind(change: Change): [string, Change][] {
  const body = bodyOf(change);
  return body === undefined ? [] : [[groupKindKey(kindDefinedBy(body)), change]];
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
