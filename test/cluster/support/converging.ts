import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../../src/model/json.ts';
import { arrayAt, isJsonObject, objectAt, stringAt } from '../../../src/model/json.ts';
import type { KubeObject } from '../../../src/model/object.ts';
import { labelsOf } from '../../../src/model/object.ts';

export type Texts = Readonly<Record<string, string>>;

/** What an object says, whatever its kind: a granular map, an associative list, a set, an atomic list, a number. */
export interface Content {
  readonly map: Texts;
  readonly list: Texts;
  readonly set: readonly string[];
  readonly atomic: readonly string[];
  readonly label: Texts;
  /** undefined: left to the server's default. */
  readonly number?: number | undefined;
}

export const kinds = ['ConfigMap', 'Deployment', 'Role', 'Widget'] as const;

type Kind = (typeof kinds)[number];

export type Slot = 'map' | 'list' | 'set' | 'atomic' | 'label';

/** The parts that a kind has. */
export const slotsOf: Readonly<Record<Kind, readonly Slot[]>> = {
  ConfigMap: ['map', 'label'],
  Deployment: ['list', 'atomic', 'label'],
  Role: ['atomic', 'label'],
  Widget: ['map', 'list', 'set', 'atomic', 'label'],
};

export const numbered: ReadonlySet<Kind> = new Set<Kind>(['Deployment', 'Widget']);

export const group = 'converge.example.com';

/** Objects of all the kinds are of this one namespace. */
export const namespace = 'converge';

/** `part`: only what `content` says, for an apply beside others; the whole object otherwise. */
export function build(kind: Kind, name: string, content: Content): KubeObject {
  const metadata = { name, namespace, ...(isEmpty(content.label) ? {} : { labels: content.label }) };
  return { ...header(kind), metadata, ...bodies[kind](content) };
}

function header(kind: Kind): { apiVersion: string; kind: string } {
  const versions = {
    ConfigMap: 'v1',
    Deployment: 'apps/v1',
    Role: 'rbac.authorization.k8s.io/v1',
    Widget: `${group}/v1`,
  };
  return { apiVersion: versions[kind], kind };
}

const bodies: Readonly<Record<Kind, (content: Content) => JsonObject>> = {
  ConfigMap: ({ map }) => (isEmpty(map) ? {} : { data: map }),
  Deployment: ({ list, atomic, number }) => {
    const env = itemsOf(list);
    const container = {
      name: 'web',
      image: 'registry.invalid/web:1',
      ...(env.length === 0 ? {} : { env }),
      ...(atomic.length === 0 ? {} : { args: atomic }),
    };
    const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [container] } };
    return { spec: { ...numberAt('replicas', number), selector: { matchLabels: { app: 'web' } }, template } };
  },
  Role: ({ atomic }) =>
    atomic.length === 0 ? {} : { rules: [{ apiGroups: [''], resources: ['pods'], verbs: atomic }] },
  Widget: ({ map, list, set, atomic, number }) => ({
    spec: {
      ...numberAt('size', number),
      ...(isEmpty(map) ? {} : { map }),
      ...(isEmpty(list) ? {} : { items: itemsOf(list) }),
      ...(set.length === 0 ? {} : { set }),
      ...(atomic.length === 0 ? {} : { atomic }),
    },
  }),
};

function itemsOf(list: Texts): JsonObject[] {
  return Object.entries(list).map(([name, value]) => ({ name, value }));
}

function numberAt(name: string, number: number | undefined): JsonObject {
  return number === undefined ? {} : { [name]: number };
}

function isEmpty(texts: Texts): boolean {
  return Object.keys(texts).length === 0;
}

/** What a live object says. */
export function contentOf(live: KubeObject): Content {
  const spec = objectAt(live, 'spec');
  const own = { map: {}, list: {}, set: [], atomic: [], label: textsOf(labelsOf(live)) };
  switch (live.kind) {
    case 'ConfigMap':
      return { ...own, map: textsOf(objectAt(live, 'data')) };
    case 'Deployment': {
      const [container = {}] = arrayAt(objectAt(objectAt(spec, 'template'), 'spec'), 'containers');
      const list = listIn(container, 'env');
      return { ...own, list, atomic: wordsIn(container, 'args'), number: Number(spec['replicas']) };
    }
    case 'Role':
      return { ...own, atomic: wordsIn(arrayAt(live, 'rules')[0] ?? {}, 'verbs') };
    default: {
      const lists = { set: wordsIn(spec, 'set'), atomic: wordsIn(spec, 'atomic'), list: listIn(spec, 'items') };
      return { ...own, ...lists, map: textsOf(objectAt(spec, 'map')), number: Number(spec['size']) };
    }
  }
}

/** The live object with other content, as a client sends it that reads, changes and writes. */
export function rewritten(live: KubeObject, content: Content): KubeObject {
  const built = build(live.kind as Kind, live.metadata.name, content);
  const metadata = { ...live.metadata, labels: content.label };
  if (live.kind === 'ConfigMap') return { ...live, metadata, data: content.map };
  if (live.kind !== 'Deployment') return { ...live, ...built, metadata };
  const spec = objectAt(live, 'spec');
  const template = objectAt(spec, 'template');
  const podSpec = objectAt(template, 'spec');
  const [container = {}] = arrayAt(podSpec, 'containers');
  const changed = { ...(isJsonObject(container) ? container : {}), env: itemsOf(content.list), args: content.atomic };
  const replicas = content.number ?? spec['replicas'] ?? 1;
  return {
    ...live,
    metadata,
    spec: { ...spec, replicas, template: { ...template, spec: { ...podSpec, containers: [changed] } } },
  };
}

function textsOf(object: JsonObject): Texts {
  return Object.fromEntries(
    Object.entries(object).map(([key, value]) => [key, typeof value === 'string' ? value : '']),
  );
}

function listIn(owner: JsonValue, name: string): Texts {
  const items = arrayAt(owner, name);
  return Object.fromEntries(items.map((item) => [stringAt(item, 'name') ?? '', stringAt(item, 'value') ?? '']));
}

function wordsIn(owner: JsonValue, name: string): string[] {
  return arrayAt(owner, name).map(String);
}

/** The definition of Widget: every kind of list and map, and a default. */
export function widgetDefinition(): KubeObject {
  const text = { type: 'string' };
  const item = { type: 'object', required: ['name'], properties: { name: text, value: text, weight: defaulted } };
  const spec = {
    size: defaulted,
    map: { type: 'object', additionalProperties: text },
    items: {
      type: 'array',
      items: item,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    },
    set: { type: 'array', items: text, 'x-kubernetes-list-type': 'set' },
    atomic: { type: 'array', items: text },
  };
  const properties = { spec: { type: 'object', properties: spec } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `widgets.${group}` },
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

const defaulted = { type: 'integer', default: 1 };

/** Keys that Git may have. */
export const ours = ['a', 'b', 'c'] as const;
/** Keys that only others have. */
export const theirs = ['x', 'y'] as const;

const value = fc.constantFrom('1', '2', '3');
const texts = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...ours), value), { selector: ([key]) => key, maxLength: 3 })
  .map((pairs): Texts => Object.fromEntries(pairs));

const content: fc.Arbitrary<Content> = fc.record({
  map: texts,
  list: texts,
  set: fc.uniqueArray(fc.constantFrom(...ours), { maxLength: 3 }),
  atomic: fc.array(value, { minLength: 1, maxLength: 3 }),
  label: texts,
  number: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
});

export const writers = ['update', 'merge', 'json', 'apply', 'forced apply'] as const;

const edits = (slots: readonly Slot[]) =>
  fc.record({
    kind: fc.constant('edit' as const),
    by: fc.constantFrom(...writers),
    what: fc.constantFrom('set', 'set', 'set', 'remove', 'reverse'),
    slot: fc.constantFrom(...slots),
    key: fc.constantFrom(...ours, ...theirs),
    value: fc.constantFrom('1', '2', 'other'),
  });
const scale = fc.record({ kind: fc.constant('scale' as const), to: fc.integer({ min: 0, max: 4 }) });
const commit = fc.record({ kind: fc.constant('commit' as const), content });

export type Edit = ReturnType<typeof edits> extends fc.Arbitrary<infer T> ? T : never;

/** What happens to one object, from its first to its last commit. */
export const sequence = fc.constantFrom(...kinds).chain((kind) =>
  fc.record({
    kind: fc.constant(kind),
    /** Somebody else has created it before. */
    existing: fc.option(content, { nil: undefined }),
    acts: fc.array(
      fc.oneof(
        { weight: 5, arbitrary: edits(slotsOf[kind]) },
        { weight: 1, arbitrary: scale },
        { weight: 2, arbitrary: commit },
      ),
      { minLength: 2, maxLength: 8 },
    ),
    last: content,
  }),
);

export type Sequence = typeof sequence extends fc.Arbitrary<infer T> ? T : never;
