import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../../tools/eventually.ts';
import type { GitRepository } from '../../../tools/git-server.ts';
import type { ApplicationJson, World } from '../../../tools/world.ts';
import { applications, isSynced, isWrite } from '../../../tools/world.ts';

/** How long each fault lasts. */
export const faultMs = 30_000;
/** Within which the status has to be true again after a fault of the API server. */
export const backWithinMs = 15_000;
/** All of a fleet's Applications follow their repositories as often. */
const interval = '2s';

const steadyCount = 50;
const repositoryCount = 5;
const namespace = 'fleet';
const canary = 'canary';

/**
 * 50 Applications of one or two objects each in five repositories, which no fault may move, and one more (the canary)
 * to which a commit is pushed during each fault, to see when the status tells the truth again.
 */
export interface Fleet {
  readonly world: World;
  /** Of the 50. */
  readonly repositories: readonly GitRepository[];
  readonly canary: GitRepository;
  /** Names of the 50. */
  readonly steady: readonly string[];
}

/** uid and resourceVersion by kind and name. */
export type Identities = Readonly<Record<string, string>>;

/** Resolves when all are Synced, and nothing is left to do. */
export async function startFleet(world: World): Promise<Fleet> {
  await world.createNamespace(namespace);
  await world.createNamespace(canary);
  const numbers = [...Array(repositoryCount).keys()];
  const repositories = await Promise.all(numbers.map((number) => world.git.createRepository(`fleet-${number}`)));
  const steady = Array.from({ length: steadyCount }, (_, number) => `app-${String(number).padStart(2, '0')}`);
  const fleet = { world, repositories, canary: await world.git.createRepository(canary), steady };
  await commitToAll(fleet, 'first');
  await fleet.canary.commit({ 'canary/map.json': configMap(canary, 'first') }, 'first');
  for (const name of steady) await declare(world, name, repositoryOf(fleet, name), namespace);
  await declare(world, canary, fleet.canary, canary);
  await untilAllSynced(fleet, 600_000);
  return fleet;
}

async function declare(world: World, name: string, repository: GitRepository, target: string): Promise<void> {
  const body = {
    apiVersion: 'evenkeel.dev/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace: 'evenkeel' },
    spec: {
      source: { repoURL: repository.url, path: name, targetRevision: 'main' },
      destination: { namespace: target },
      interval,
      syncPolicy: { automated: { prune: true, selfHeal: true } },
    },
  };
  await world.plane.api.must({ method: 'POST', path: applications, body });
}

function repositoryOf({ repositories }: Pick<Fleet, 'repositories'>, name: string): GitRepository {
  const repository = repositories[Number(name.slice(-2)) % repositories.length];
  assert.ok(repository);
  return repository;
}

/** One commit per repository that gives every object of the 50 this content; resolves with the new revisions. */
export async function commitToAll(fleet: Pick<Fleet, 'repositories' | 'steady'>, content: string): Promise<string[]> {
  return Promise.all(
    fleet.repositories.map((repository) => {
      const own = fleet.steady.filter((name) => repositoryOf(fleet, name) === repository);
      return repository.commit(Object.fromEntries(own.flatMap((name) => filesOf(name, content))), content);
    }),
  );
}

/** Every second Application has a Service beside its ConfigMap. */
function filesOf(name: string, content: string): [string, string][] {
  const map: [string, string] = [`${name}/map.json`, configMap(name, content)];
  return Number(name.slice(-2)) % 2 === 0 ? [map] : [map, [`${name}/service.json`, service(name, content)]];
}

function configMap(name: string, content: string): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { content } });
}

function service(name: string, content: string): string {
  const metadata = { name, annotations: { content } };
  return JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: 80 }] } });
}

/** A commit that changes no manifest. */
export async function commitBesides({ repositories }: Fleet, content: string): Promise<string[]> {
  return Promise.all(repositories.map((repository) => repository.commit({ 'README.md': content }, content)));
}

export async function commitToCanary(fleet: Fleet, content: string): Promise<string> {
  return fleet.canary.commit({ 'canary/map.json': configMap(canary, content) }, content);
}

export async function contentOfCanary({ world }: Fleet): Promise<string | undefined> {
  const path = `/api/v1/namespaces/${canary}/configmaps/${canary}`;
  return ((await world.plane.api.must({ path })) as { data: Record<string, string> }).data['content'];
}

interface List<T> {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly T[];
}

export async function listApplications({ world }: Pick<Fleet, 'world'>): Promise<List<ApplicationJson>> {
  return (await world.plane.api.must({ path: applications })) as List<ApplicationJson>;
}

/** Waits until every Application is Ready and Synced, the canary at this revision. */
export async function untilAllSynced(fleet: Fleet, within: number, canaryRevision?: string): Promise<void> {
  let behind: readonly ApplicationJson[] = [];
  const probe = async (): Promise<boolean> => {
    const { items } = await listApplications(fleet);
    const revisionOf = (name: string): string | undefined => (name === canary ? canaryRevision : undefined);
    behind = items.filter(({ metadata, status }) => !isSynced(status ?? {}, revisionOf(metadata.name)));
    return items.length === steadyCount + 1 && behind.length === 0;
  };
  await eventually('all Applications to be Synced', probe, { within, every: 100 }).catch((cause: unknown) => {
    const [first] = behind;
    const status = JSON.stringify(first?.status, undefined, 1);
    throw new Error(`${behind.length} Applications are not Synced, one of them: ${first?.metadata.name} ${status}`, {
      cause,
    });
  });
}

/** uid and resourceVersion of every managed object of the 50. */
export async function identities({ world }: Fleet): Promise<Identities> {
  const found: Record<string, string> = {};
  for (const resource of ['configmaps', 'services']) {
    const path = `/api/v1/namespaces/${namespace}/${resource}?labelSelector=evenkeel.dev/part-of`;
    const { items } = (await world.plane.api.must({ path })) as List<{ metadata: Record<string, string> }>;
    for (const { metadata } of items)
      found[`${resource}/${metadata['name']}`] = `${metadata['uid']} at ${metadata['resourceVersion']}`;
  }
  return found;
}

/** Every state that Applications were in after one resourceVersion, up to another one. */
export async function statesBetween({ world }: Fleet, from: string, to: string): Promise<ApplicationJson[]> {
  const path = `${applications}?watch=true&resourceVersion=${from}&timeoutSeconds=3`;
  const states: ApplicationJson[] = [];
  for await (const { object } of world.plane.api.watch(path, AbortSignal.timeout(60_000)))
    states.push(object as ApplicationJson);
  return states.filter(({ metadata }) => BigInt(metadata.resourceVersion) <= BigInt(to));
}

/** Those that say Synced at one of these revisions. */
export function claimsOf(states: readonly ApplicationJson[], revisions: readonly string[]): string[] {
  return states
    .filter(({ status }) => status?.sync?.status === 'Synced' && revisions.includes(status.sync.revision))
    .map(({ metadata, status }) => `${metadata.name} says Synced at ${status?.sync?.revision}`);
}

/** Since `plane.forgetRequests()`: nothing was deleted, and nothing written to what belongs to the 50. */
export async function checkUntouched(fleet: Fleet, before: Identities): Promise<void> {
  const { world } = fleet;
  const deletions = await world.requests(({ method }) => method === 'DELETE');
  assert.deepEqual(deletions, [], 'nothing is deleted');
  const writes = (await world.managedWrites()).filter((request) => isWrite(request) && request.namespace !== canary);
  assert.deepEqual(writes, [], 'nothing is written to a managed object');
  assert.deepEqual(await identities(fleet), before, 'no managed object has moved');
}

/** What happens while a fault lasts; `atMs` after its beginning. */
export interface Act {
  readonly atMs: number;
  readonly run: () => unknown;
}

/** Runs the acts in order, and resolves when the fault has lasted as long as it should. */
export async function lastFor(durationMs: number, acts: readonly Act[]): Promise<void> {
  const start = performance.now();
  for (const { atMs, run } of acts) {
    await sleep(Math.max(0, start + atMs - performance.now()));
    await run();
  }
  await sleep(Math.max(0, start + durationMs - performance.now()));
}
