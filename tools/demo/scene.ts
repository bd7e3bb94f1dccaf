import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { load } from 'js-yaml';
import { watchObject, type ObjectWatch } from '../control-plane/object-watch.ts';
import { repositoryRoot } from '../generated-file.ts';
import type { GitRepository } from '../git-server.ts';
import type { ApplicationJson, World } from '../world.ts';
import { applications } from '../world.ts';

export interface Deployment {
  readonly spec: { readonly replicas: number };
  readonly status?: { readonly readyReplicas?: number; readonly updatedReplicas?: number };
}

export interface ConfigMap {
  readonly data?: Readonly<Record<string, string>>;
}

export interface AnyObject {
  readonly metadata: { readonly uid: string };
}

const NAMESPACE = 'guestbook';

const EXAMPLES = path.join(repositoryRoot, 'deploy', 'examples');

/** What the story plays with: the world, one repository, and watches of the objects that it is about. */
export class Scene implements AsyncDisposable {
  readonly world: World;
  readonly repository: GitRepository;
  readonly application: ObjectWatch<ApplicationJson>;
  readonly web: ObjectWatch<Deployment>;
  readonly settings: ObjectWatch<ConfigMap>;
  readonly banner: ObjectWatch<ConfigMap>;
  readonly service: ObjectWatch<AnyObject>;

  constructor(world: World, repository: GitRepository) {
    const { api } = world.plane;
    this.world = world;
    this.repository = repository;
    this.application = watchObject(api, applications, 'guestbook');
    this.web = watchObject(api, `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`, 'web');
    this.settings = watchObject(api, `/api/v1/namespaces/${NAMESPACE}/configmaps`, 'settings');
    this.banner = watchObject(api, `/api/v1/namespaces/${NAMESPACE}/configmaps`, 'banner');
    this.service = watchObject(api, `/api/v1/namespaces/${NAMESPACE}/services`, 'web');
  }

  async kubectl(command: string): Promise<string> {
    return this.world.plane.kubectl(command.split(' '));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const watches = [this.application, this.web, this.settings, this.banner, this.service];
    await Promise.all(watches.map((watch) => watch[Symbol.asyncDispose]()));
  }
}

/** The manifests of deploy/examples/guestbook, by their paths in a repository. */
export async function exampleFiles(): Promise<Record<string, string>> {
  const names = (await readdir(path.join(EXAMPLES, 'guestbook'))).sort();
  const files = names.map(async (name) => [`guestbook/${name}`, await read(`guestbook/${name}`)] as const);
  return Object.fromEntries(await Promise.all(files));
}

/** The Application of deploy/examples/guestbook.yaml, of this repository, which is looked at every second. */
export async function exampleApplication(repoURL: string): Promise<string> {
  const example = load(await read('guestbook.yaml')) as { spec: { source: object } };
  const spec = { ...example.spec, interval: '1s', source: { ...example.spec.source, repoURL } };
  return JSON.stringify({ ...example, spec });
}

function read(file: string): Promise<string> {
  return readFile(path.join(EXAMPLES, file), 'utf8');
}
