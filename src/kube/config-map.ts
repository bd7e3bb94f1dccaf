import type { Cluster, ServedKind } from './cluster.ts';
import { objectAt } from '../model/json.ts';
import type { KubeObject, Target } from '../model/object.ts';
import { targetOf, uidOf } from '../model/object.ts';

const configMapKind: ServedKind = {
  group: '',
  kind: 'ConfigMap',
  apiVersion: 'v1',
  resource: 'configmaps',
  namespaced: true,
  verbs: ['get', 'list', 'watch'],
};

export interface FoundConfigMap {
  readonly target: Target & { readonly uid: string };
  readonly data: Readonly<Record<string, string>>;
}

export interface ConfigMapFollower extends Disposable {
  /** Settled when it is known what there is, or that it cannot be said at present. */
  readonly first: Promise<undefined>;
}

/**
 * Watches one ConfigMap by its name.
 *
 * Guarantees: `changed` tells what there is once it is known, and after that every change; undefined: there is no such
 * ConfigMap. While the watch is lost what was told last stands.
 */
export function followConfigMap(
  cluster: Pick<Cluster, 'reflect'>,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  changed: (found: FoundConfigMap | undefined) => void,
): ConfigMapFollower {
  const { promise: first, resolve } = Promise.withResolvers<undefined>();
  let known: FoundConfigMap | undefined;
  let isListed = false;
  const tell = (found: FoundConfigMap | undefined): void => {
    known = found;
    if (isListed) changed(known);
  };
  const reflector = cluster.reflect({
    kind: configMapKind,
    namespace,
    fieldSelector: `metadata.name=${name}`,
    metadataOnly: false,
    listener: {
      changed: (object) => tell(foundConfigMap(object)),
      deleted: () => tell(undefined),
      synced: () => {
        if (!isListed) changed(known);
        isListed = true;
        resolve(undefined);
      },
      interrupted: () => resolve(undefined),
    },
  });
  return {
    first,
    [Symbol.dispose]() {
      reflector.stop();
      resolve(undefined);
    },
  };
}

function foundConfigMap(object: KubeObject): FoundConfigMap {
  const fields = Object.entries(objectAt(object, 'data'));
  return {
    target: { ...targetOf(object), uid: uidOf(object) },
    data: Object.fromEntries(fields) as FoundConfigMap['data'],
  };
}
