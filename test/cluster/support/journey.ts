import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { AuditRequest } from '../../../tools/control-plane/control-plane.ts';
import { eventually } from '../../../tools/eventually.ts';
import type { FileContent, GitRepository } from '../../../tools/git-server.ts';
import type { ApplicationJson, StatusJson, World } from '../../../tools/world.ts';
import { conditionOf } from '../../../tools/world.ts';

export type Files = Readonly<Record<string, FileContent>>;

export interface JourneyOptions {
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** One Application with a repository and a namespace of its own, all of one name. */
export class Journey {
  readonly world: World;
  readonly name: string;
  readonly repository: GitRepository;

  constructor(world: World, name: string, repository: GitRepository) {
    this.world = world;
    this.name = name;
    this.repository = repository;
  }

  /** Files are in the folder `app` of the branch main; null removes one. */
  async commit(files: Files): Promise<string> {
    const named = Object.entries(files).map(([name, content]) => [`app/${name}`, content]);
    return this.repository.commit(Object.fromEntries(named) as Record<string, FileContent>, 'change');
  }

  /** Commits the ConfigMap `settings` with this value. */
  async say(value: string): Promise<string> {
    return this.commit(settings(value));
  }

  spec(spec: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    const source = { repoURL: this.repository.url, path: 'app', targetRevision: 'main' };
    return { source, destination: { namespace: this.name }, ...spec };
  }

  /** Creates or changes the Application. */
  async apply({ spec = {}, metadata = {} }: JourneyOptions = {}): Promise<void> {
    await this.world.application(this.name, this.spec(spec), metadata);
  }

  /** A merge patch of the Application; null removes. */
  async patch(body: Readonly<Record<string, unknown>>): Promise<void> {
    await this.world.patch(this.name, body);
  }

  async sync(request: Readonly<Record<string, unknown>> = {}): Promise<void> {
    await this.patch({ operation: { initiatedBy: { username: 'jo' }, sync: request } });
  }

  async annotate(annotations: Readonly<Record<string, string | null>>): Promise<void> {
    await this.world.annotate(this.name, annotations);
  }

  async read(): Promise<ApplicationJson> {
    return this.world.read(this.name);
  }

  async until(what: string, holds: (status: StatusJson, app: ApplicationJson) => boolean): Promise<ApplicationJson> {
    return this.world.until(this.name, what, holds);
  }

  async untilSynced(revision?: string): Promise<ApplicationJson> {
    return this.world.untilSynced(this.name, revision);
  }

  /** Compared with this revision, found different, and said about the newest spec. */
  async untilOutOfSync(revision: string): Promise<ApplicationJson> {
    return this.until(`OutOfSync at ${revision}`, (status, { metadata }) => {
      const isNewest = conditionOf(status, 'Ready')?.observedGeneration === metadata.generation;
      return isNewest && status.sync?.status === 'OutOfSync' && status.sync.revision === revision;
    });
  }

  /** The operation is done and taken away. */
  async untilServed(): Promise<ApplicationJson> {
    return this.until(
      'done with the operation',
      ({ operationState }, { operation }) => operation === undefined && operationState?.finishedAt !== undefined,
    );
  }

  /** What the ConfigMap `settings` says in the cluster; undefined when it is not there. */
  async said(): Promise<string | undefined> {
    return (await this.configMap('settings'))?.['value'];
  }

  async untilSaid(value: string): Promise<void> {
    await eventually(`the cluster to say ${value} in ${this.name}`, async () => (await this.said()) === value);
  }

  /** `data` of a ConfigMap; undefined when it is not there. */
  async configMap(name: string): Promise<Readonly<Record<string, string>> | undefined> {
    const path = `/api/v1/namespaces/${this.name}/configmaps/${name}`;
    const { status, body } = await this.world.plane.api.send({ path });
    return status === 404 ? undefined : ((body as { data?: Readonly<Record<string, string>> }).data ?? {});
  }

  /** Somebody else's edit of the ConfigMap `settings`. */
  async meddle(value: string): Promise<void> {
    const path = `/api/v1/namespaces/${this.name}/configmaps/settings?fieldManager=kubectl-edit`;
    const contentType = 'application/merge-patch+json';
    await this.world.plane.api.must({ method: 'PATCH', path, body: { data: { value } }, contentType });
  }

  /** The operator's writes in this namespace since the control plane started, dry runs left out. */
  async writes(): Promise<AuditRequest[]> {
    return (await this.world.managedWrites()).filter(({ namespace }) => namespace === this.name);
  }

  async wroteNothing(meanwhile: () => Promise<unknown>): Promise<void> {
    const before = (await this.writes()).length;
    await meanwhile();
    const written = (await this.writes()).slice(before).map(({ method, uri }) => `${method} ${uri}`);
    assert.deepEqual(written, [], 'nothing is written');
  }
}

/** The ConfigMap `settings` as a file. */
export function settings(value: string): Files {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { value } };
  return { 'settings.json': JSON.stringify(object) };
}

/** A repository with a first revision, and a namespace; no Application yet. */
export async function prepare(world: World, name: string, files: Files = settings('one')): Promise<Journey> {
  const journey = new Journey(world, name, await world.git.createRepository(name));
  await journey.commit(files);
  await world.plane.api.must({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } });
  return journey;
}

/** As `prepare`, with the Application. */
export async function begin(world: World, name: string, options: JourneyOptions = {}): Promise<Journey> {
  const journey = await prepare(world, name);
  await journey.apply(options);
  return journey;
}

export const manual = { syncPolicy: {} };

/** The operator begins anew without anything that it had on disk, as in another Pod. */
export async function loseCache(
  world: World,
  meanwhile: () => Promise<unknown> = () => Promise.resolve(),
): Promise<void> {
  await world.stopOperator();
  await rm(path.join(world.plane.folder, 'evenkeel-operator-data'), { recursive: true, force: true });
  await meanwhile();
  await world.startOperator();
}
