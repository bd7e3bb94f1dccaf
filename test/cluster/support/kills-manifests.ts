import type { Manifest } from '../../corpus/independent-check.ts';

/** Two revisions of one folder. */
export interface Revisions {
  readonly first: readonly Manifest[];
  readonly second: readonly Manifest[];
}

/**
 * From 8 objects to 12: a new kind and two objects of it, two more creations, three updates, three prunes, two that stay.
 * The Service has a selector, so that its EndpointSlice gets copies of its labels.
 */
export function twelve(namespace: string): Revisions {
  const config = (name: string, data: string): Manifest => inNamespace(namespace, configMap(name, data));
  const first = [
    object('v1', 'Namespace', namespace),
    config('stays', 'as it is'),
    config('changes', 'first'),
    inNamespace(namespace, { ...object('v1', 'Secret', 'changes'), data: { text: btoa('first') } }),
    inNamespace(namespace, service('web', [80])),
    config('goes', 'first'),
    config('goes-too', 'first'),
    inNamespace(namespace, role('goes', ['get'])),
  ];
  const group = `${namespace}.example.com`;
  const second = [
    object('v1', 'Namespace', namespace),
    config('stays', 'as it is'),
    config('changes', 'second'),
    inNamespace(namespace, { ...object('v1', 'Secret', 'changes'), data: { text: btoa('second') } }),
    inNamespace(namespace, service('web', [80, 81])),
    config('comes', 'second'),
    config('comes-too', 'second'),
    inNamespace(namespace, role('comes', ['get', 'list'])),
    widgetDefinition(group),
    ...['one', 'two', 'three'].map((name) =>
      inNamespace(namespace, { ...object(`${group}/v1`, 'Widget', name), spec: { size: 1 } }),
    ),
  ];
  return { first, second };
}

/**
 * From 110 objects to 140 with 70 updates and 30 creations, and back with as many updates and prunes. In a
 * namespace with a long name the record of 110 stands in the status, and that of 140 in Inventories.
 */
export function hundred(namespace: string): Revisions {
  const revision = (count: number, words: string): Manifest[] =>
    Array.from({ length: count }, (_, index) => {
      const name = `item-${String(index + 1).padStart(3, '0')}-${'x'.repeat(longestName - 9)}`;
      return inNamespace(namespace, configMap(name, index < 70 ? words : 'as it is'));
    });
  return { first: revision(110, 'first'), second: revision(140, 'second') };
}

const longestName = 253;

function object(apiVersion: string, kind: string, name: string): Manifest {
  return { apiVersion, kind, metadata: { name } };
}

function inNamespace(namespace: string, manifest: Manifest): Manifest {
  return { ...manifest, metadata: { ...manifest.metadata, namespace } };
}

function configMap(name: string, text: string): Manifest {
  return { ...object('v1', 'ConfigMap', name), data: { text } };
}

function service(name: string, ports: readonly number[]): Manifest {
  return {
    ...object('v1', 'Service', name),
    spec: { selector: { app: name }, ports: ports.map((port) => ({ name: `p${port}`, port })) },
  };
}

function role(name: string, verbs: string[]): Manifest {
  const rule = { apiGroups: [''], resources: ['configmaps'], verbs };
  return { ...object('rbac.authorization.k8s.io/v1', 'Role', name), rules: [rule] };
}

function widgetDefinition(group: string): Manifest {
  const properties = { spec: { type: 'object', properties: { size: { type: 'integer' } } } };
  return {
    ...object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', `widgets.${group}`),
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind: 'Widget', plural: 'widgets', singular: 'widget', listKind: 'WidgetList' },
      versions: [
        { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties } } },
      ],
    },
  };
}
