import assert from 'node:assert/strict';
import type { ApiClient } from '../../../tools/control-plane/control-plane.ts';
import { eventually } from '../../../tools/eventually.ts';
import type { World } from '../../../tools/world.ts';
import type { Json, Manifest } from '../../corpus/independent-check.ts';
import { missingLeaves } from '../../corpus/independent-check.ts';

/** `group/Kind|namespace|name` */
export type RefText = string;

/** What has to be there when a sync has ended, whatever happened on its way. */
export interface Expectation {
  /** Of the Application and of its namespace. */
  readonly name: string;
  readonly revision: string;
  /** All of Git, with their namespaces. */
  readonly manifests: readonly Manifest[];
  /** Kinds of what Git had before. */
  readonly formerKinds: readonly string[];
  /** Of everything that was seen before and that Git still has. */
  readonly uids: ReadonlyMap<RefText, string>;
}

export interface LiveObject {
  readonly ref: RefText;
  readonly uid: string;
  readonly body: Record<string, Json>;
  /** Names the Application and this very object. */
  readonly tracksItself: boolean;
}

interface Resource {
  readonly base: string;
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

interface ObjectJson {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly uid: string }[];
  };
}

/** In every namespace, made by Kubernetes itself. */
const ofKubernetes = 'kube-root-ca.crt';

export function refOf(manifest: Manifest): RefText {
  const [group, version] = manifest.apiVersion.split('/');
  const { name, namespace = '' } = manifest.metadata;
  return `${version === undefined ? '' : (group ?? '')}/${manifest.kind}|${namespace}|${name}`;
}

/**
 * Looks at the cluster as an administrator, with nothing of the operator's code: what is live, what is on record, what
 * carries our marks.
 */
export class Checker {
  readonly #world: World;
  readonly #api: ApiClient;
  /** Objects seen with our label that do not name themselves, as controllers copy labels. */
  readonly copies = new Set<RefText>();

  constructor(world: World) {
    this.#world = world;
    this.#api = world.plane.api;
  }

  /** What is there of these kinds in the Application's namespace and, elsewhere, with its marks. */
  async live(name: string, kinds: readonly string[]): Promise<Map<RefText, LiveObject>> {
    const resources = await this.#resources();
    const inNamespace = resources.filter((resource) => resource.namespaced && kinds.includes(resource.kind));
    const lists = [
      ...inNamespace.map((resource) => this.#list(resource, { name, namespace: name })),
      ...resources.map((resource) => this.#list(resource, { name, marked: true })),
    ];
    const found = (await Promise.all(lists)).flat();
    const own = found.filter(({ ref }) => !ref.endsWith(`|${ofKubernetes}`));
    return new Map(own.map((object) => [object.ref, object]));
  }

  async check(expected: Expectation): Promise<void> {
    const { name, manifests, uids } = expected;
    const kinds = [...new Set([...manifests.map(({ kind }) => kind), ...expected.formerKinds])];
    const live = await this.live(name, kinds);
    const record = await this.#record(name, expected.revision);
    const strays = [...live.values()].filter(({ ref, tracksItself }) => tracksItself && !record.has(ref));
    assert.deepEqual(
      strays.map(({ ref }) => ref),
      [],
      'nothing outside the record carries our marks',
    );
    const git = manifests.map(refOf).sort();
    assert.deepEqual([...live.keys()].sort(), git, 'what is live is what Git has');
    assert.deepEqual(record, new Map(git.map((ref) => [ref, live.get(ref)?.uid])), 'what is on record is what is live');
    const unmarked = [...live.values()].filter(({ tracksItself }) => !tracksItself).map(({ ref }) => ref);
    assert.deepEqual(unmarked, [], 'everything carries our marks');
    const kept = git.filter((ref) => uids.has(ref));
    const now = new Map(kept.map((ref) => [ref, live.get(ref)?.uid]));
    assert.deepEqual(now, new Map(kept.map((ref) => [ref, uids.get(ref)])), 'no uid has changed');
    const missing = manifests.flatMap((manifest) => missingLeaves(manifest, live.get(refOf(manifest))?.body));
    assert.deepEqual(missing, [], 'everything is as Git says');
  }

  /** Ref and uid of each entry; empty uid: it is only announced. */
  async #record(name: string, revision: string): Promise<Map<RefText, string>> {
    const { metadata, status } = (await this.#world.read(name)) as unknown as RecordedJson;
    assert.deepEqual([status.sync.status, status.sync.revision], ['Synced', revision]);
    assert.equal(status.operationState.phase, 'Succeeded', 'the operation has ended');
    assert.deepEqual(status.drift ?? [], [], 'nobody is said to have changed anything');
    const { entries, inventories = 0 } = status.record;
    if (inventories === 0) return new Map(entries.map(entryOf));
    const { items } = (await this.#api.must({ path: inventoriesPath })) as { items: InventoryJson[] };
    const own = items.filter((item) => item.metadata.ownerReferences?.[0]?.uid === metadata.uid);
    assert.equal(own.length, inventories, 'as many Inventories as the status says');
    const all = own.flatMap((inventory) => inventory.entries).map(entryOf);
    assert.equal(new Set(all.map(([ref]) => ref)).size, all.length, 'no ref stands in two Inventories');
    return new Map(all.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  async #list(resource: Resource, where: { name: string; namespace?: string; marked?: boolean }) {
    const scope = where.namespace === undefined ? '' : `/namespaces/${where.namespace}`;
    const query = where.marked === true ? '?labelSelector=evenkeel.dev/part-of' : '';
    const path = `${resource.base}${scope}/${resource.plural}${query}`;
    const { status, body } = await eventually(`a list of ${resource.plural}`, async () => {
      const answer = await this.#api.send({ path });
      // A kind that has just come is served before its storage is.
      return answer.status === 429 ? undefined : answer;
    });
    // A kind that went away between discovery and list has no objects.
    if (status === 404 || status === 405) return [];
    assert.equal(status, 200, `list of ${resource.plural}`);
    const objects = (body as { items: ObjectJson[] }).items.map((item) => liveObject(item, resource, where.name));
    if (where.marked !== true) return objects;
    for (const { ref, tracksItself } of objects) if (!tracksItself) this.copies.add(ref);
    return objects.filter(({ tracksItself }) => tracksItself);
  }

  /** Every kind that the cluster lists, in its preferred version. */
  async #resources(): Promise<Resource[]> {
    const { groups } = (await this.#api.must({ path: '/apis' })) as {
      groups: { name: string; preferredVersion: { groupVersion: string } }[];
    };
    const bases = groups.map(({ name, preferredVersion }) => [name, `/apis/${preferredVersion.groupVersion}`] as const);
    const all = [['', '/api/v1'] as const, ...bases].map(async ([group, base]): Promise<Resource[]> => {
      const { status, body } = await this.#api.send({ path: base });
      if (status !== 200) return [];
      const { resources } = body as { resources: ApiResourceJson[] };
      return resources
        .filter(({ name, verbs }) => verbs.includes('list') && !name.includes('/'))
        .map(({ name, kind, namespaced }) => ({ base, group, kind, plural: name, namespaced }));
    });
    return (await Promise.all(all)).flat();
  }
}

interface ApiResourceJson {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

interface RecordedJson {
  readonly metadata: { readonly uid: string };
  readonly status: {
    readonly sync: { readonly status: string; readonly revision: string };
    readonly operationState: { readonly phase: string };
    readonly drift?: readonly unknown[];
    readonly record: { readonly entries: readonly string[]; readonly inventories?: number };
  };
}

interface InventoryJson extends ObjectJson {
  readonly entries: readonly string[];
}

const inventoriesPath = '/apis/evenkeel.dev/v1alpha1/namespaces/evenkeel/inventories';

function liveObject(item: ObjectJson, { base, group, kind }: Resource, application: string): LiveObject {
  const { name, namespace = '', uid, annotations } = item.metadata;
  const itself = `evenkeel_${application}:${group}/${kind}:${namespace}/${name}`;
  return {
    ref: `${group}/${kind}|${namespace}|${name}`,
    uid,
    // Lists leave out what all their items share.
    body: { ...(item as unknown as Record<string, Json>), kind, apiVersion: base.replace(/^\/apis?\//, '') },
    tracksItself: annotations?.['evenkeel.dev/tracking-id'] === itself,
  };
}

export function entryOf(line: string): [RefText, string] {
  const [kind = '', namespace = '', name = '', uid = ''] = line.split('|');
  return [`${kind}|${namespace}|${name}`, uid === '' ? '' : uidFrom(uid)];
}

/** 26 characters of base32 (RFC 4648, small letters) are the 128 bits of a uid and two zeros. */
function uidFrom(packed: string): string {
  const values = Array.from(packed, (letter) => 'abcdefghijklmnopqrstuvwxyz234567'.indexOf(letter));
  const bits = values.map((value) => value.toString(2).padStart(5, '0')).join('');
  const hex = BigInt(`0b${bits.slice(0, 128)}`)
    .toString(16)
    .padStart(32, '0');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
