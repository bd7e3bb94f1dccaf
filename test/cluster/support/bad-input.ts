import assert from 'node:assert/strict';
import type { AuditRequest } from '../../../tools/control-plane/control-plane.ts';
import type { FileContent, GitRepository } from '../../../tools/git-server.ts';
import type { ApplicationJson, StatusJson, World } from '../../../tools/world.ts';
import { conditionOf, isOwnBookkeeping } from '../../../tools/world.ts';

/** One way to be wrong, and what the operator has to make of it. */
export interface BadInput {
  readonly name: string;
  readonly reason: string;
  /** What Ready and Stalled have to say: where it is wrong, what is wrong, what to do. */
  readonly message: RegExp;
  /** The requests for objects that the operator may send until it has said so, as {@link describeRequest} writes them. */
  readonly asks?: readonly string[];
}

/** What is wrong is in a file of the repository. */
export interface BadFiles extends BadInput {
  readonly files: Readonly<Record<string, FileContent>>;
}

/** What is wrong is in the Application: `spec` is merged over a good one by a patch that asks for no validation. */
export interface BadSpec extends BadInput {
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly operation?: Readonly<Record<string, unknown>>;
}

export function configMap(name: string, data: Readonly<Record<string, string>>): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
}

/** An Application of its own repository and namespace, which starts well and is broken later. */
export interface Subject {
  readonly world: World;
  readonly name: string;
  readonly repository: GitRepository;
}

/** Resolves when the first revision is applied: one ConfigMap `kept`, whose uid must never change from here on. */
export async function startSubject(world: World, name: string): Promise<Subject & { readonly uid: string }> {
  const repository = await world.git.createRepository(name);
  const revision = await repository.commit({ 'app/kept.json': configMap('kept', { round: 'first' }) }, 'first');
  await world.createNamespace(name);
  await world.application(name, goodSpec(repository.url, name));
  await world.untilSynced(name, revision);
  return { world, name, repository, uid: await uidOfKept(world, name) };
}

export function goodSpec(repoURL: string, namespace: string): Record<string, unknown> {
  return { source: { repoURL, path: 'app', targetRevision: 'main' }, destination: { namespace } };
}

export async function uidOfKept(world: World, namespace: string): Promise<string> {
  return world.plane.kubectl(['get', 'configmap', 'kept', '-n', namespace, '-o', 'jsonpath={.metadata.uid}']);
}

export async function roundOfKept(world: World, namespace: string): Promise<string> {
  return world.plane.kubectl(['get', 'configmap', 'kept', '-n', namespace, '-o', 'jsonpath={.data.round}']);
}

/** Waits until Ready and Stalled give the reason, and compares everything that they say. */
export async function untilRefused({ world, name }: Subject, row: BadInput): Promise<ApplicationJson> {
  const isTold = (status: StatusJson): boolean => conditionOf(status, 'Stalled')?.status === 'True';
  const app = await world.until(name, `refused with ${row.reason}`, isTold);
  const [ready, stalled] = ['Ready', 'Stalled'].map((type) => conditionOf(app.status ?? {}, type));
  assert.deepEqual([ready?.status, ready?.reason, stalled?.reason], ['False', row.reason, row.reason]);
  for (const condition of [ready, stalled]) assert.match(condition?.message ?? '', row.message);
  return app;
}

/** No write to a managed object, and no other question about objects than the row allows. */
export async function checkRequests({ world, name }: Subject, row: BadInput): Promise<void> {
  const writes = await world.managedWrites();
  assert.deepEqual(writes.map(describeRequest), [], 'nothing is written');
  const asked = await world.requests((request) => isAboutObjects(request) && request.verb !== 'watch');
  const allowed = new Set((row.asks ?? []).map((ask) => ask.replaceAll('NAMESPACE', name)));
  const others = [...new Set(asked.map(describeRequest))].filter((ask) => !allowed.has(ask));
  assert.deepEqual(others, [], `beside ${[...allowed].join(', ')}`);
}

/** Reading the Secret with credentials is no question about a managed object; neither is discovery. */
function isAboutObjects(request: AuditRequest): boolean {
  return request.resource !== '' && !isOwnBookkeeping(request) && !isCredentials(request);
}

function isCredentials({ resource, name, namespace }: AuditRequest): boolean {
  return resource === 'secrets' && namespace === 'evenkeel' && name !== '';
}

/** `dry-run configmaps NAMESPACE/kept`, `get …`, `list configmaps` */
export function describeRequest({ verb, uri, resource, namespace, name }: AuditRequest): string {
  const place = [namespace, name].filter((part) => part !== '').join('/');
  return `${uri.includes('dryRun=All') ? 'dry-run' : verb} ${resource} ${place}`.trim();
}
