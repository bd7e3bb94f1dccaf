import type { ApiClient } from '../../../tools/control-plane/control-plane.ts';
import type { JsonObject } from '../../../src/model/json.ts';
import type { KubeObject } from '../../../src/model/object.ts';
import type { Content, Edit, Slot, Texts } from './converging.ts';
import { build, contentOf, group, namespace, rewritten, theirs } from './converging.ts';

const plurals: Readonly<Record<string, string>> = {
  ConfigMap: `/api/v1/namespaces/${namespace}/configmaps`,
  Deployment: `/apis/apps/v1/namespaces/${namespace}/deployments`,
  Role: `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles`,
  Widget: `/apis/${group}/v1/namespaces/${namespace}/widgets`,
};

export const nothing: Content = { map: {}, list: {}, set: [], atomic: [], label: {} };

/** Others who write one object, and what has to be left of it in the end. */
export class Others {
  readonly #api: ApiClient;
  readonly #kind: Parameters<typeof build>[0];
  readonly #name: string;
  /** Fields that only others have, by `slot key`. */
  readonly left = new Map<string, string>();
  /** Fields, by `slot key`, that somebody else has touched: whose they are in the end depends on the order. */
  readonly touched = new Set<string>();
  /** What the applier says: whatever it leaves out would go. */
  #applied: Content = nothing;
  scaledTo: number | undefined;

  constructor(api: ApiClient, kind: Parameters<typeof build>[0], name: string) {
    this.#api = api;
    this.#kind = kind;
    this.#name = name;
  }

  async create(content: Content): Promise<void> {
    const path = `${plurals[this.#kind] ?? ''}?fieldManager=creator`;
    await this.#api.must({ method: 'POST', path, body: build(this.#kind, this.#name, content) });
    for (const slot of ['map', 'list', 'set', 'label'] as const)
      for (const key of keysOf(content, slot)) this.touched.add(`${slot} ${key}`);
  }

  async read(): Promise<KubeObject | undefined> {
    const { status, body } = await this.#api.send({ path: this.#path });
    return status === 200 ? (body as KubeObject) : undefined;
  }

  /** Does nothing where there is no object. */
  async scale(replicas: number): Promise<void> {
    if ((await this.read()) === undefined) return;
    const body = { spec: { replicas } };
    const contentType = 'application/merge-patch+json';
    await this.#api.must({ method: 'PATCH', path: `${this.#path}/scale?fieldManager=scaler`, body, contentType });
    this.scaledTo = replicas;
  }

  /** Does nothing where there is no object, and nothing is lost when the server refuses. */
  async edit(edit: Edit): Promise<void> {
    const live = await this.read();
    if (live === undefined) return;
    if (edit.by === 'apply' || edit.by === 'forced apply') await this.#apply(edit);
    else await this.#write(edit, live);
  }

  get #path(): string {
    return `${plurals[this.#kind] ?? ''}/${this.#name}`;
  }

  async #write(edit: Edit, live: KubeObject): Promise<void> {
    const body = rewritten(live, edited(contentOf(live), edit));
    const path = `${this.#path}?fieldManager=${edit.by}-client`;
    await this.#api.must({ path, ...requestOf(edit, body) });
    this.#note(edit);
  }

  /** An applier only adds and changes: what it has said it goes on saying. */
  async #apply(edit: Edit): Promise<void> {
    if (edit.what !== 'set' || edit.slot === 'atomic') return;
    const next = edited(this.#applied, edit);
    const body = partOf(build(this.#kind, this.#name, next));
    const path = `${this.#path}?fieldManager=applier&force=${edit.by === 'forced apply'}`;
    const contentType = 'application/apply-patch+yaml';
    const { status } = await this.#api.send({ method: 'PATCH', path, body, contentType });
    if (status === 409) return;
    if (status >= 300) throw new Error(`apply of ${JSON.stringify(body)}: ${status}`);
    this.#applied = next;
    for (const slot of ['map', 'list', 'set', 'label'] as const)
      for (const key of keysOf(next, slot))
        this.#note({ ...edit, slot, key: key as Edit['key'], value: textIn(next, slot, key) as Edit['value'] });
  }

  #note({ what, slot, key, value }: Edit): void {
    if (what === 'reverse' || slot === 'atomic') return;
    this.touched.add(`${slot} ${key}`);
    if (!(theirs as readonly string[]).includes(key)) return;
    if (what === 'remove') this.left.delete(`${slot} ${key}`);
    else this.left.set(`${slot} ${key}`, slot === 'set' ? key : value);
  }
}

/** Only what is said of the content: selector, image and the like belong to whoever has made the object. */
function partOf(object: KubeObject): JsonObject {
  if (object.kind !== 'Deployment') return object;
  const { spec, ...rest } = object;
  const { template } = spec as { template: { spec: { containers: JsonObject[] } } };
  const [container] = template.spec.containers;
  if (container?.['env'] === undefined) return rest;
  return { ...rest, spec: { template: { spec: { containers: [{ name: 'web', env: container['env'] }] } } } };
}

function requestOf(edit: Edit, body: KubeObject): { method: 'PUT' | 'PATCH'; body: unknown; contentType?: string } {
  const { metadata, ...rest } = body;
  const field = ['data', 'rules', 'spec'].find((name) => rest[name] !== undefined) ?? '';
  const [labels, content] = [metadata['labels'] ?? {}, rest[field]];
  switch (edit.by) {
    case 'merge':
      return {
        method: 'PATCH',
        body: merging(edit, { metadata: { labels }, ...(content === undefined ? {} : { [field]: content }) }),
        contentType: 'application/merge-patch+json',
      };
    case 'json':
      return {
        method: 'PATCH',
        body: [
          { op: 'add', path: '/metadata/labels', value: labels },
          ...(content === undefined ? [] : [{ op: 'add', path: `/${field}`, value: content }]),
        ],
        contentType: 'application/json-patch+json',
      };
    case 'update':
    case 'apply':
    case 'forced apply':
      return { method: 'PUT', body };
  }
}

/** A merge patch removes by null. */
function merging({ what, slot, key }: Edit, body: JsonObject): JsonObject {
  if (what !== 'remove' || (slot !== 'map' && slot !== 'label')) return body;
  const { metadata, data, spec } = body as { metadata: { labels: JsonObject }; data?: JsonObject; spec?: JsonObject };
  if (slot === 'label') return { ...body, metadata: { labels: { ...metadata.labels, [key]: null } } };
  if (data !== undefined) return { ...body, data: { ...data, [key]: null } };
  return { ...body, spec: { ...spec, map: { ...(spec?.['map'] as JsonObject | undefined), [key]: null } } };
}

function edited(content: Content, { what, slot, key, value }: Edit): Content {
  switch (slot) {
    case 'map':
    case 'list':
    case 'label':
      return { ...content, [slot]: editedTexts(content[slot], { what, key, value }) };
    case 'set':
    case 'atomic': {
      const words = content[slot].filter((word) => slot === 'atomic' || word !== key);
      if (what === 'reverse') return { ...content, [slot]: content[slot].toReversed() };
      return { ...content, [slot]: what === 'remove' ? words : [...words, slot === 'set' ? key : value] };
    }
  }
}

function editedTexts(texts: Texts, { what, key, value }: Pick<Edit, 'what' | 'key' | 'value'>): Texts {
  if (what === 'reverse') return Object.fromEntries(Object.entries(texts).toReversed());
  if (what === 'set') return { ...texts, [key]: value };
  return Object.fromEntries(Object.entries(texts).filter(([name]) => name !== key));
}

export function keysOf(content: Content, slot: Slot): string[] {
  const part = content[slot];
  return Array.isArray(part) ? [...(part as readonly string[])] : Object.keys(part);
}

export function textIn(content: Content, slot: Slot, key: string): string | undefined {
  if (slot === 'set' || slot === 'atomic') return content[slot].includes(key) ? key : undefined;
  return content[slot][key];
}
