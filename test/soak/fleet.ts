import type { GitRepository } from '../../tools/git-server.ts';
import type { World } from '../../tools/world.ts';
import type { Chance } from './chance.ts';
import type { Item, RefText } from './manifests.ts';
import { manifestOf, refOf, shares } from './manifests.ts';
import { withMistake, type Files, type Mistake, type Renderer } from './mistakes.ts';

/** One Application, and its folder in a repository. */
export interface Folder {
  readonly name: string;
  readonly renderer: Renderer;
  readonly repository: Repository;
  readonly items: Map<RefText, Item>;
  mistake: Mistake | undefined;
}

export interface Repository {
  /** Of the namespace of its objects, too. */
  readonly name: string;
  readonly git: GitRepository;
  readonly folders: Folder[];
}

export interface FleetSize {
  readonly repositories: number;
  readonly foldersEach: number;
  readonly objects: number;
}

/** What the script means to have in Git. The comparison in the end reads Git itself. */
export class Fleet {
  readonly repositories: readonly Repository[];
  /** What may have another uid than before: somebody else deleted it, or it was not in Git for a while. */
  readonly mayBeNew = new Set<RefText>();
  /** What went from one Application to another of late. */
  readonly moved = new Set<RefText>();
  /** What somebody else wrote to: there a field may be left that Git dropped. */
  readonly meddledWith = new Set<RefText>();
  readonly #chance: Chance;
  #serial = 0;

  constructor(repositories: readonly Repository[], chance: Chance) {
    this.repositories = repositories;
    this.#chance = chance;
  }

  get folders(): Folder[] {
    return this.repositories.flatMap(({ folders }) => folders);
  }

  get items(): Item[] {
    return this.folders.flatMap(({ items }) => [...items.values()]);
  }

  /** Also the number of what was ever written. */
  nextSerial(): number {
    return (this.#serial += 1);
  }

  add(folder: Folder): Item {
    const serial = this.nextSerial();
    const kind = this.#chance.weighted(shares);
    const name = `${kind.toLowerCase()}-${serial}`;
    const item = { name, namespace: folder.repository.name, kind, serial, isFileRenamed: false };
    folder.items.set(refOf(item), item);
    return item;
  }

  change(item: Item): void {
    item.serial = this.nextSerial();
  }

  /** The whole folders, as they are meant to be now, in one commit; resolves with its SHA. */
  async commit(repository: Repository, folders: readonly Folder[], message: string): Promise<string> {
    // Names that are numbers would not keep this order: what is removed has to come first.
    const files = folders.map((folder): Files => ({ [folder.name]: null, ...filesOf(folder) }));
    return repository.git.commit(Object.assign({}, ...files) as Files, message);
  }
}

export async function createFleet(world: World, chance: Chance, size: FleetSize): Promise<Fleet> {
  const names = Array.from({ length: size.repositories }, (_, index) => `soak-${index}`);
  const repositories = await Promise.all(
    names.map(async (name): Promise<Repository> => {
      await world.plane.api.must({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } });
      return { name, git: await world.git.createRepository(name), folders: [] };
    }),
  );
  const fleet = new Fleet(repositories, chance);
  const many = size.repositories * size.foldersEach;
  for (let index = 0; index < many; index += 1) {
    const repository = repositories[index % repositories.length];
    if (repository === undefined) continue;
    const folder = {
      name: `app-${index}`,
      renderer: rendererOf(index),
      repository,
      items: new Map(),
      mistake: undefined,
    };
    repository.folders.push(folder);
    const share = Math.floor((size.objects * (index + 1)) / many) - Math.floor((size.objects * index) / many);
    for (let count = 0; count < share; count += 1) fleet.add(folder);
  }
  for (const repository of repositories) await fleet.commit(repository, repository.folders, 'first');
  return fleet;
}

/** Of ten Applications two are kustomizations and one is a chart. */
function rendererOf(index: number): Renderer {
  if (index % 10 === 3) return 'helm';
  return index % 10 === 5 || index % 10 === 8 ? 'kustomize' : 'directory';
}

function filesOf(folder: Folder): Files {
  const bare = renderers[folder.renderer]([...folder.items.values()]);
  const files = folder.mistake === undefined ? bare : withMistake(folder.mistake, folder.renderer, bare);
  return Object.fromEntries(Object.entries(files).map(([file, content]) => [`${folder.name}/${file}`, content]));
}

const renderers: Readonly<Record<Renderer, (items: readonly Item[]) => Files>> = {
  directory: manifestFiles,
  kustomize: (items) => {
    const files = manifestFiles(items);
    const kustomization = { resources: Object.keys(files), commonAnnotations: { renderer: 'kustomize' } };
    return { ...files, 'kustomization.yaml': JSON.stringify(kustomization) };
  },
  helm: (items) => ({
    'Chart.yaml': JSON.stringify({ apiVersion: 'v2', name: 'soak', version: '1.0.0' }),
    'values.yaml': JSON.stringify({ objects: items.map(manifestOf) }),
    'templates/all.yaml': '{{ range .Values.objects }}\n---\n{{ toJson . }}\n{{ end }}\n',
  }),
};

function manifestFiles(items: readonly Item[]): Files {
  return Object.fromEntries(items.map((item) => [fileOf(item), JSON.stringify(manifestOf(item))]));
}

/** A file per object; kind and number are in its name. */
function fileOf({ name, namespace, isFileRenamed }: Item): string {
  return `${isFileRenamed ? 'renamed-' : ''}${name}.${namespace}.json`;
}
