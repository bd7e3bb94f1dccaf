import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { GitRepository } from '../../tools/git-server.ts';
import type { ApplicationJson, World } from '../../tools/world.ts';
import type { Json, Manifest } from '../corpus/independent-check.ts';
import { manifestsIn, missingLeaves } from '../corpus/independent-check.ts';
import { complaintsOf, listApplications } from './applications.ts';
import type { Repository } from './fleet.ts';
import type { Kind, RefText } from './manifests.ts';
import { collectionOf, kindNames, kinds } from './manifests.ts';

/** In every namespace, made by Kubernetes itself. */
const ofKubernetes = 'kube-root-ca.crt';

export interface LiveObject {
  readonly ref: RefText;
  readonly uid: string;
  readonly body: Record<string, Json>;
}

/** All that Git has at present, rendered by the tools themselves. */
export interface Wanted {
  readonly manifests: ReadonlyMap<RefText, Manifest>;
  /** Tree of each Application's folder. */
  readonly trees: ReadonlyMap<string, string>;
}

/** Holds the cluster against Git with nothing of the operator's code, as an administrator would. */
export class Comparison {
  readonly #world: World;
  readonly #repositories: readonly Repository[];
  /** Objects of nobody, which have to stay. */
  readonly #bystanders: ReadonlySet<RefText>;
  #checkouts = 0;

  constructor(world: World, repositories: readonly Repository[], bystanders: ReadonlySet<RefText>) {
    this.#world = world;
    this.#repositories = repositories;
    this.#bystanders = bystanders;
  }

  async wanted(): Promise<Wanted> {
    const manifests = new Map<RefText, Manifest>();
    const trees = new Map<string, string>();
    for (const { git, folders } of this.#repositories) {
      const checkout = await this.#checkOut(git, 'main');
      for (const { name } of folders) {
        trees.set(name, (await git.git(['rev-parse', `main:${name}`])).trim());
        for (const manifest of manifestsIn(await this.#render(name, path.join(checkout, name))))
          manifests.set(refOf(manifest), manifest);
      }
    }
    return { manifests, trees };
  }

  /** What the Applications do not say yet: all is well, at a revision in which their folder is as it is now. */
  async untold({ trees }: Wanted): Promise<string[]> {
    const applications = await listApplications(this.#world);
    const complaints = applications.flatMap(complaintsOf);
    if (complaints.length > 0) return complaints;
    const behind = this.#repositories.map((repository) => this.#behind(repository, applications, trees));
    return (await Promise.all(behind)).flat();
  }

  async live(): Promise<Map<RefText, LiveObject>> {
    const lists = await Promise.all(kindNames.map((kind) => this.#list(kind)));
    return new Map(lists.flat().map((object) => [object.ref, object]));
  }

  /** `exact`: nobody but the operator has ever written to it. */
  differences(
    { manifests }: Wanted,
    live: ReadonlyMap<RefText, LiveObject>,
    exact: (ref: RefText) => boolean,
  ): string[] {
    const wanted = [...manifests].flatMap(([ref, manifest]) => {
      const object = live.get(ref);
      if (object === undefined) return [`${ref} is missing`];
      const isExact = exact(ref);
      const body = isExact ? object.body : withoutAdded(manifest, object.body);
      const wrong = missingLeaves(manifest, body).map((leaf) => `${ref} ${leaf}`);
      return [...wrong, ...(isExact ? surplusOf(ref, manifest, body) : [])];
    });
    const own = [...live.keys()].filter((ref) => !manifests.has(ref) && !this.#bystanders.has(ref));
    const lost = [...this.#bystanders].filter((ref) => !live.has(ref));
    return [
      ...wanted,
      ...own.map((ref) => `${ref} is left behind`),
      ...lost.map((ref) => `${ref} was nobody's and is gone`),
    ];
  }

  async #behind(
    { git, folders }: Repository,
    all: readonly ApplicationJson[],
    trees: Wanted['trees'],
  ): Promise<string[]> {
    const said = folders.map(({ name }) => {
      const revision = all.find(({ metadata }) => metadata.name === name)?.status?.sync?.revision ?? '';
      return { name, revision };
    });
    const words = await git.git(['rev-parse', ...said.map(({ name, revision }) => `${revision}:${name}`)]);
    const told = words.trim().split('\n');
    const others = said.filter(({ name }, index) => told[index] !== trees.get(name));
    const behind: string[] = [];
    for (const { name, revision } of others)
      if ((await this.#textAt(git, name, revision)) !== (await this.#textAt(git, name, 'main')))
        behind.push(`${name}: Synced at ${revision}, which is not what Git has`);
    return behind;
  }

  /** A commit that only renames files is none for an Application. */
  async #textAt(git: GitRepository, name: string, revision: string): Promise<string> {
    const folder = path.join(await this.#checkOut(git, revision, name), name);
    const manifests = manifestsIn(await this.#render(name, folder));
    return JSON.stringify(manifests.sort((a, b) => (refOf(a) < refOf(b) ? -1 : 1)));
  }

  async #checkOut(git: GitRepository, revision: string, what = '.'): Promise<string> {
    this.#checkouts += 1;
    const folder = path.join(this.#world.plane.folder, `checkout-${this.#checkouts}`);
    await mkdir(folder);
    await git.git([`--work-tree=${folder}`, 'checkout', '--force', revision, '--', what]);
    return folder;
  }

  async #render(name: string, folder: string): Promise<string> {
    if (existsSync(path.join(folder, 'kustomization.yaml'))) return this.#world.plane.kubectl(['kustomize', folder]);
    if (existsSync(path.join(folder, 'Chart.yaml'))) return this.#world.helm(['template', name, folder]);
    const files = readdirSync(folder).filter((file) => /\.(json|yaml)$/.test(file));
    return files.map((file) => readFileSync(path.join(folder, file), 'utf8')).join('\n---\n');
  }

  async #list(kind: Kind): Promise<LiveObject[]> {
    const { items } = (await this.#world.plane.api.must({ path: collectionOf(kind) })) as { items: ObjectJson[] };
    const own = items.filter(({ metadata: { namespace, name } }) => this.#isOurs(namespace) && name !== ofKubernetes);
    return own.map((item) => ({
      ref: `${kind}|${item.metadata.namespace}|${item.metadata.name}`,
      uid: item.metadata.uid,
      // Lists leave out what all their items share.
      body: { ...(item as unknown as Record<string, Json>), kind, apiVersion: kinds[kind].apiVersion },
    }));
  }

  #isOurs(namespace: string): boolean {
    return this.#repositories.some(({ name }) => name === namespace);
  }
}

interface ObjectJson {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly uid: string };
}

function refOf({ kind, metadata: { namespace = '', name } }: Manifest): RefText {
  return `${kind}|${namespace}|${name}`;
}

/** The live object without what others added to granular lists, or left in them when they created it. */
function withoutAdded(manifest: Manifest, live: Record<string, Json>): Record<string, Json> {
  const lists = new Set(kinds[manifest.kind as Kind].granular);
  return lists.size === 0 ? live : { ...live, spec: sharedPart(manifest['spec'] ?? null, live['spec'] ?? null, lists) };
}

function sharedPart(wanted: Json, live: Json, lists: ReadonlySet<string>): Json {
  if (!isMap(wanted) || !isMap(live)) return live;
  const fields = Object.entries(live).map(([name, value]): [string, Json] => {
    const there = wanted[name] ?? null;
    const isList = lists.has(name) && Array.isArray(there) && Array.isArray(value);
    return [name, isList ? sharedItems(there, value, lists) : sharedPart(there, value, lists)];
  });
  return Object.fromEntries(fields);
}

function sharedItems(wanted: readonly Json[], live: readonly Json[], lists: ReadonlySet<string>): Json[] {
  const byKey = new Map(wanted.map((item) => [keyOf(item), item]));
  return live.flatMap((item) => {
    const own = byKey.get(keyOf(item));
    return own === undefined ? [] : [sharedPart(own, item, lists)];
  });
}

function keyOf(item: Json): Json | undefined {
  return isMap(item) ? item['name'] : item;
}

function isMap(value: Json): value is { [key: string]: Json } {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** Keys of `data` that Git does not have. */
function surplusOf(ref: RefText, manifest: Manifest, live: Record<string, Json>): string[] {
  if (manifest.kind !== 'ConfigMap' && manifest.kind !== 'Secret') return [];
  const [wanted, there] = [manifest['data'], live['data']].map((data) => Object.keys((data ?? {}) as object));
  return (there ?? [])
    .filter((key) => wanted?.includes(key) !== true)
    .map((key) => `${ref} data.${key} is left behind`);
}
