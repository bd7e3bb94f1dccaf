import assert from 'node:assert/strict';
import type { AuditRequest } from '../../../tools/control-plane/control-plane.ts';
import type { FileContent, GitRepository, GitServer } from '../../../tools/git-server.ts';
import type { ApplicationJson, StatusJson, World } from '../../../tools/world.ts';
import { applications, conditionOf, isOwnBookkeeping } from '../../../tools/world.ts';

/** One way to be wrong, and what the operator has to make of it. */
export interface BadInput {
  readonly name: string;
  readonly reason: string;
  /** What Ready and Stalled have to say: where it is wrong, what is wrong, what to do. */
  readonly message: RegExp;
  /** The requests about objects that are allowed until it has been said, as {@link describeRequest} writes them. */
  readonly asks?: readonly string[];
}

/** What is wrong is in files of the repository. */
export interface BadFiles extends BadInput {
  readonly files: Readonly<Record<string, FileContent>>;
}

/** What is wrong is in the Application; merged over a good one by requests that ask for no validation. */
export interface BadSpec extends BadInput {
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly operation?: Readonly<Record<string, unknown>>;
}

/** An Application of its own repository and namespace. */
export interface Subject {
  readonly world: World;
  readonly name: string;
  readonly repository: GitRepository;
  /** Of the ConfigMap `kept`, which must never change from the first sync on. */
  readonly uid: string;
}

export function configMap(name: string, data: Readonly<Record<string, string>>): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
}

export function keptSaying(round: string): Record<string, string> {
  return { 'app/kept.json': configMap('kept', { round }) };
}

/** Resolves when the first revision is applied. */
export async function startSubject(world: World, name: string): Promise<Subject> {
  const repository = await startRepository(world, name);
  await world.application(name, goodSpec(repository.url, name));
  await world.untilSynced(name, await repository.head());
  return { world, name, repository, uid: await uidOfKept(world, name) };
}

/** A namespace, and a repository with its first revision: one ConfigMap `kept`. */
export async function startRepository(
  world: World,
  name: string,
  server: GitServer = world.git,
): Promise<GitRepository> {
  const repository = await server.createRepository(name);
  await repository.commit(keptSaying('first'), 'first');
  const metadata = { name };
  await world.plane.api.must({ method: 'POST', path: '/api/v1/namespaces', body: { metadata } });
  return repository;
}

export function goodSpec(repoURL: string, namespace: string): Record<string, unknown> {
  return { source: { repoURL, path: 'app', targetRevision: 'main' }, destination: { namespace } };
}

/** As no client of ours would: whatever the server lets through is stored. */
export async function postUnchecked(world: World, body: Readonly<Record<string, unknown>>): Promise<void> {
  const path = `${applications}?fieldValidation=Ignore`;
  await world.plane.api.must({ method: 'POST', path, body });
}

/** A merge patch: null removes. */
export async function patchUnchecked(
  world: World,
  name: string,
  body: Readonly<Record<string, unknown>>,
): Promise<void> {
  const path = `${applications}/${name}?fieldValidation=Ignore`;
  await world.plane.api.must({ method: 'PATCH', path, body, contentType: 'application/merge-patch+json' });
}

interface ConfigMapJson {
  readonly metadata: { readonly uid: string };
  readonly data: Readonly<Record<string, string>>;
}

/** undefined: there is none. */
async function kept(world: World, namespace: string): Promise<ConfigMapJson | undefined> {
  const { status, body } = await world.plane.api.send({ path: `/api/v1/namespaces/${namespace}/configmaps/kept` });
  return status === 404 ? undefined : (body as ConfigMapJson);
}

export async function uidOfKept(world: World, namespace: string): Promise<string> {
  return (await kept(world, namespace))?.metadata.uid ?? '';
}

/** The value that the ConfigMap `kept` has in the cluster; empty when it is not there. */
export async function roundOfKept(world: World, namespace: string): Promise<string> {
  return (await kept(world, namespace))?.data['round'] ?? '';
}

type Place = Pick<Subject, 'world' | 'name'>;

/** Waits until Ready and Stalled give the reason, and compares everything that they say. */
export async function untilRefused({ world, name }: Place, row: BadInput): Promise<ApplicationJson> {
  const isTold = (status: StatusJson, { metadata }: ApplicationJson): boolean => {
    const stalled = conditionOf(status, 'Stalled');
    return stalled?.status === 'True' && stalled.observedGeneration === metadata.generation;
  };
  const app = await world.until(name, `refused with ${row.reason}`, isTold);
  const [ready, stalled] = ['Ready', 'Stalled'].map((type) => conditionOf(app.status ?? {}, type));
  assert.deepEqual([ready?.status, ready?.reason, stalled?.reason], ['False', row.reason, row.reason]);
  for (const condition of [ready, stalled]) assert.match(condition?.message ?? '', row.message);
  return app;
}

/** No write to a managed object, and no other question about objects than the row allows. */
export async function checkRequests({ world, name }: Place, row: BadInput): Promise<void> {
  const writes = await world.managedWrites();
  assert.deepEqual(writes.map(describeRequest), [], 'nothing is written');
  const asked = await world.requests((request) => isAboutObjects(request) && request.verb !== 'watch');
  const allowed = new Set((row.asks ?? []).map((ask) => ask.replaceAll('NAMESPACE', name)));
  const others = [...new Set(asked.map(describeRequest))].filter((ask) => !allowed.has(ask));
  assert.deepEqual(others, [], `beside ${[...allowed].join(', ')}`);
}

/** Discovery is no question about an object, and neither is reading the Secret with credentials. */
function isAboutObjects(request: AuditRequest): boolean {
  const isCredentials = request.resource === 'secrets' && request.namespace === 'evenkeel';
  return request.resource !== '' && !isOwnBookkeeping(request) && !isCredentials;
}

/** `dry-run configmaps NAMESPACE/kept`, `get …`, `list configmaps` */
export function describeRequest({ verb, uri, resource, namespace, name }: AuditRequest): string {
  const place = [namespace, name].filter((part) => part !== '').join('/');
  return `${uri.includes('dryRun=All') ? 'dry-run' : verb} ${resource} ${place}`.trim();
}
