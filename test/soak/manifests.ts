import type { Manifest } from '../corpus/independent-check.ts';

export const group = 'soak.example.com';

/** An object as the script means it to be in Git. */
export interface Item {
  readonly name: string;
  readonly namespace: string;
  readonly kind: Kind;
  /** Another number is another content, and no number comes twice. */
  serial: number;
  /** The name of its file has a second form. */
  isFileRenamed: boolean;
}

type Body = Record<string, unknown>;

interface KindRow {
  readonly apiVersion: string;
  readonly plural: string;
  /** How many of a hundred objects are of this kind. */
  readonly share: number;
  readonly body: (item: Item) => Body;
  /** Lists below `spec` to which others may add: what they added stays. */
  readonly granular?: readonly string[];
  /** What others do to fields that are ours, as merge patches. */
  readonly meddling: readonly Body[];
}

/** Which keys and items there are depends on the serial, so that a change adds and drops some, too. */
const keysOf = ({ serial }: Item): string[] => [`a${serial % 2}`, `b${serial % 3}`, `c${serial % 5}`];

const textsOf = (item: Item, encode = (text: string): string => text): Record<string, string> =>
  Object.fromEntries(['serial', ...keysOf(item)].map((key) => [key, encode(`${key} ${item.serial}`)]));

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const kindRows = {
  ConfigMap: {
    apiVersion: 'v1',
    plural: 'configmaps',
    share: 60,
    body: (item) => ({ data: textsOf(item) }),
    meddling: [{ data: { serial: 'meddled' } }, { data: { serial: null } }, { data: null }],
  },
  Secret: {
    apiVersion: 'v1',
    plural: 'secrets',
    share: 10,
    body: (item) => ({ data: textsOf(item, base64) }),
    meddling: [{ data: { serial: base64('meddled') } }, { data: { serial: null } }],
  },
  Service: {
    apiVersion: 'v1',
    plural: 'services',
    share: 10,
    body: (item) => ({
      spec: {
        selector: { app: item.name, serial: `s${item.serial}` },
        ports: keysOf(item).map((name, index) => ({ name, port: 80 + index, protocol: 'TCP' })),
      },
    }),
    granular: ['ports'],
    meddling: [{ spec: { selector: { app: 'meddled' } } }, { spec: { ports: [{ name: 'meddled', port: 9 }] } }],
  },
  Role: {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    plural: 'roles',
    share: 10,
    body: (item) => ({
      rules: [{ apiGroups: [''], resources: ['pods'], resourceNames: keysOf(item), verbs: ['get'] }],
    }),
    meddling: [{ rules: [] }, { rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['*'] }] }],
  },
  Deployment: {
    apiVersion: 'apps/v1',
    plural: 'deployments',
    share: 4,
    body: (item) => ({
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: item.name } },
        template: { metadata: { labels: { app: item.name } }, spec: { containers: [containerOf(item)] } },
      },
    }),
    granular: ['containers', 'env'],
    meddling: [
      { spec: { replicas: 1 } },
      { spec: { template: { spec: { containers: [{ name: 'web', image: 'registry.invalid/meddled:1' }] } } } },
    ],
  },
  Gauge: {
    apiVersion: `${group}/v1`,
    plural: 'gauges',
    share: 6,
    body: (item) => ({
      spec: { size: item.serial, map: textsOf(item), set: keysOf(item), items: keysOf(item).map((name) => ({ name })) },
    }),
    granular: ['set', 'items'],
    meddling: [{ spec: { size: -1 } }, { spec: { map: null } }, { spec: { set: ['meddled'] } }],
  },
} as const satisfies Record<string, KindRow>;

export type Kind = keyof typeof kindRows;

export const kinds: Readonly<Record<Kind, KindRow>> = kindRows;

export const kindNames = Object.keys(kindRows) as Kind[];

export const shares = Object.fromEntries(kindNames.map((kind) => [kind, kinds[kind].share])) as Record<Kind, number>;

function containerOf(item: Item): Body {
  const env = keysOf(item).map((name) => ({ name, value: `${item.serial}` }));
  return { name: 'web', image: `registry.invalid/web:${item.serial}`, env };
}

export function manifestOf(item: Item): Manifest {
  const { name, namespace, kind } = item;
  const labels = { team: `team-${item.serial % 7}` };
  const { apiVersion, body } = kinds[kind];
  return { apiVersion, kind, metadata: { name, namespace, labels }, ...body(item) } as unknown as Manifest;
}

/** `Kind|namespace|name` */
export type RefText = string;

export function refOf({ kind, namespace, name }: Pick<Item, 'kind' | 'namespace' | 'name'>): RefText {
  return `${kind}|${namespace}|${name}`;
}

/** Path of all objects of a kind, in one namespace or in all. */
export function collectionOf(kind: Kind, namespace?: string): string {
  const { apiVersion, plural } = kinds[kind];
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return namespace === undefined ? `${root}/${plural}` : `${root}/namespaces/${namespace}/${plural}`;
}

/** A custom resource with every sort of list and map. */
export const gaugeDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `gauges.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { kind: 'Gauge', plural: 'gauges', singular: 'gauge', listKind: 'GaugeList' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: gaugeSchema() } }],
  },
};

function gaugeSchema(): unknown {
  const text = { type: 'string' };
  const keyed = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] };
  const properties = {
    size: { type: 'integer' },
    map: { type: 'object', additionalProperties: text },
    set: { type: 'array', items: text, 'x-kubernetes-list-type': 'set' },
    items: { type: 'array', items: { type: 'object', required: ['name'], properties: { name: text } }, ...keyed },
  };
  return { type: 'object', properties: { spec: { type: 'object', properties } } };
}
