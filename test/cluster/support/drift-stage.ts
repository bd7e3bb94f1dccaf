import assert from 'node:assert/strict';
import type { KubeObject } from '../../../src/model/object.ts';
import type { AuditRequest, ControlPlane } from '../../../tools/control-plane/control-plane.ts';
import { eventually } from '../../../tools/eventually.ts';
import type { ApplicationJson, DriftJson, StatusJson } from '../../../tools/world.ts';
import { isOwnBookkeeping, startWorld, type World } from '../../../tools/world.ts';
import type { DriftRow, RepeatedRequest } from './drift-row.ts';
import { resourceOf, type Subject } from './foreign-act.ts';
import { startOperatorHere } from './operator-here.ts';
import { StoppableClock } from './stoppable-clock.ts';

const partOf = 'evenkeel.dev/part-of';

interface Scene extends Subject {
  readonly row: DriftRow;
  /** Of the row's Application; its namespace has the same name. */
  readonly name: string;
  /** Of the same kind, beside the object: what the operator does about it comes after what it does about the object. */
  readonly witness: KubeObject;
  readonly objects: readonly KubeObject[];
}

/**
 * The operator on a stopped clock, over one Application for each row: two objects of one kind in a namespace of its own,
 * the audit off, Git looked at once an hour. No controllers run, so that nobody but the row's client and the operator
 * writes.
 */
export class DriftStage implements AsyncDisposable {
  readonly world: World;
  readonly #clock: StoppableClock;
  readonly #scenes: ReadonlyMap<DriftRow, Scene>;
  readonly #stack: AsyncDisposableStack;

  constructor(parts: { world: World; clock: StoppableClock; scenes: readonly Scene[]; stack: AsyncDisposableStack }) {
    this.world = parts.world;
    this.#clock = parts.clock;
    this.#scenes = new Map(parts.scenes.map((scene) => [scene.row, scene]));
    this.#stack = parts.stack;
  }

  /** Lets the foreign act happen and holds what the operator does about it against the row. */
  async play(row: DriftRow): Promise<void> {
    const scene = this.#scenes.get(row);
    if (scene === undefined) throw new Error(`${row.row}: ${row.act} is not on stage`);
    assert.ok(this.#clock.isStopped, 'the clock stands still');
    await this.world.plane.forgetRequests();
    const touched = await this.#act(scene);
    await this.#untilAnswered(scene);
    // The watch of a kind tells things in their order: what follows from the act was sent before this is answered.
    await touch(this.world.plane, scene.witness, scene.name);
    await this.#untilTold(scene);
    this.#assertRequests(row, await this.#requestsAbout(scene.object));
    await this.#assertNothingElse(scene);
    assert.deepEqual(await this.#driftOf(scene), this.#expectedDrift(row), 'status.drift');
    if (row.drift === undefined && row.moves !== true)
      assert.equal(versionOf(await scene.live()), touched, 'resourceVersion');
    await row.afterwards?.(scene);
  }

  /** Returns the resourceVersion that the act led to. Only what is done at once is read before the operator answers. */
  async #act(scene: Scene): Promise<string> {
    const { row, object, name } = scene;
    const commands = (await row.foreign(scene)).map(({ args, ...rest }) => ({ args: ['-n', name, ...args], ...rest }));
    const read = ['-n', name, 'get', resourceOf(object), nameOf(object), '-o', 'jsonpath={.metadata.resourceVersion}'];
    if (row.atOnce === true) return this.world.plane.kubectlAtOnce(...commands, { args: read }).at(-1) ?? '';
    for (const { args, stdin } of commands) await this.#run(args, stdin, row.isRefused === true);
    return this.world.plane.kubectl([...read, '--ignore-not-found']);
  }

  async #run(args: readonly string[], stdin: string | undefined, isRefused: boolean): Promise<void> {
    const done = this.world.plane.kubectl(args, stdin);
    if (isRefused) await assert.rejects(done);
    else await done;
  }

  async #untilAnswered(scene: Scene): Promise<void> {
    const { requests, drift } = scene.row;
    await eventually('the operator to send what the row says', async () => {
      return (await this.#requestsAbout(scene.object)).length >= (isUpTo(requests) ? 1 : requests.length);
    });
    if (drift !== undefined) await this.#untilTold(scene);
  }

  /** Of the object, or else of the witness: the clock stands, so nothing of the Application is told a second time. */
  async #untilTold({ name }: Scene): Promise<void> {
    await eventually('drift to be told', async () => ((await this.world.read(name)).status?.drift ?? []).length > 0);
  }

  #assertRequests({ requests }: DriftRow, made: readonly string[]): void {
    if (!isUpTo(requests)) {
      assert.deepEqual(made, requests, 'requests about the object');
      return;
    }
    assert.ok(made.length <= requests.most, `${made.length} requests: ${made.join(', ')}`);
    assert.deepEqual([...new Set(made)], [requests.upTo], 'requests about the object');
  }

  async #requestsAbout(object: KubeObject): Promise<string[]> {
    const requests = await this.world.requests((request) => isAbout(request, object));
    return requests.map(describe);
  }

  /** Beside what is about object and witness: one status write, for the drift of both. */
  async #assertNothingElse({ row, object, witness, name }: Scene): Promise<void> {
    const others = await this.world.requests(
      (request) =>
        !isAbout(request, object) && !isAbout(request, witness) && !(isOwnBookkeeping(request) && isLease(request)),
    );
    // The last status write of the rehearsal may still have been on its way when the clock was stopped.
    const ofRows = others.filter((request) => request.name !== rehearsal);
    const told = ofRows.map(
      (request) => `${describe(request)} ${request.name === '' ? request.namespace : request.name}`,
    );
    const expected = [...(row.alongside ?? []), 'patch applications/status'].map((what) => `${what} ${name}`);
    assert.deepEqual(told.sort(), expected.sort(), 'other requests');
  }

  async #driftOf({ name, object }: Scene): Promise<Omit<DriftJson, 'group' | 'namespace'>[]> {
    const { status = {} } = await this.world.read(name);
    return (status.drift ?? [])
      .filter((entry) => entry.name === nameOf(object))
      .map(({ kind, name: subject, fields, manager, operation, since, healed = '' }) => {
        return { kind, name: subject, fields, manager, operation, since, healed };
      });
  }

  #expectedDrift({ drift, object }: DriftRow): unknown[] {
    if (drift === undefined) return [];
    const { kind, metadata } = object('');
    const now = new Date(this.#clock.now()).toISOString();
    return [{ kind, name: metadata['name'], ...drift, since: now, healed: now }];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#clock.resume();
    await this.#stack[Symbol.asyncDispose]();
  }
}

/** Everything is synced and the clock stands when this resolves. */
export async function setDriftStage(
  rows: readonly DriftRow[],
  prepare: (plane: ControlPlane) => Promise<void> = () => Promise.resolve(),
): Promise<DriftStage> {
  await using stack = new AsyncDisposableStack();
  const world = stack.use(await startWorld({ plane: { controllerManager: false } }));
  await prepare(world.plane);
  const scenes = rows.map((row, index) => sceneOf(world, row, `row-${index + 1}`));
  const repository = await world.git.createRepository('rows');
  const rehearsed = oneOfEachKind(rows);
  await repository.commit(
    Object.fromEntries([...scenes, { name: rehearsal, objects: rehearsed }].flatMap(filesOf)),
    'all',
  );
  const names = [...scenes.map(({ name }) => name), rehearsal];
  const objects = names.flatMap((name) => [namespaceNamed(name), applicationFor(name, repository.url)]);
  await world.plane.kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  const clock = new StoppableClock();
  stack.use(await startOperatorHere(world, clock));
  await untilAllSynced(world, names.length);
  for (const object of rehearsed) await touch(world.plane, object, rehearsal);
  clock.stop();
  return new DriftStage({ world, clock, scenes, stack: stack.move() });
}

function sceneOf(world: World, row: DriftRow, name: string): Scene {
  const object = row.object(name);
  const witness = { ...object, metadata: { ...object.metadata, name: `${nameOf(object)}-witness` } };
  const read = ['get', resourceOf(object), nameOf(object), '-n', name, '-o', 'json', '--show-managed-fields'];
  const live = async (): Promise<KubeObject> => JSON.parse(await world.plane.kubectl(read)) as KubeObject;
  return { row, name, namespace: name, object, witness, objects: [object, witness], live };
}

function filesOf({ name, objects }: Pick<Scene, 'name' | 'objects'>): [string, string][] {
  return objects.map((object) => [`${name}/${nameOf(object)}.json`, JSON.stringify(object)]);
}

/** Name of the Application that shows, before the clock is stopped, that the watch of every kind stands. */
const rehearsal = 'rehearsal';

function oneOfEachKind(rows: readonly DriftRow[]): KubeObject[] {
  const objects = rows.map((row) => row.object(rehearsal));
  const kinds = new Map(objects.map((object) => [resourceOf(object), object]));
  return [...kinds.values()].map((object, index) => {
    return { ...object, metadata: { ...object.metadata, name: `${rehearsal}-${index}` } };
  });
}

/** Takes our label away and waits until the operator has restored it. */
async function touch(plane: ControlPlane, object: KubeObject, namespace: string): Promise<void> {
  const about = [resourceOf(object), nameOf(object), '-n', namespace];
  await plane.kubectl(['label', ...about, `${partOf}-`]);
  await eventually(`the label of ${about.join(' ')} to be restored`, async () => {
    const answer = await plane.kubectl(['get', ...about, '-o', 'json']);
    return partOf in ((JSON.parse(answer) as KubeObject).metadata['labels'] as object);
  });
}

function namespaceNamed(name: string): unknown {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

function applicationFor(name: string, repoURL: string): unknown {
  return {
    apiVersion: 'evenkeel.dev/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace: 'evenkeel' },
    spec: {
      source: { repoURL, path: name },
      destination: { namespace: name },
      interval: '1h',
      drift: { audit: '0' },
      syncPolicy: { automated: { prune: true, selfHeal: true } },
    },
  };
}

/** Nothing is under way either: each sync has ended, and its result is in the status. */
async function untilAllSynced(world: World, count: number): Promise<void> {
  const seen = { statuses: [] as StatusJson[] };
  await eventually('every Application to be synced', async () => {
    const answer = await world.plane.kubectl(['get', 'applications', '-n', 'evenkeel', '-o', 'json']);
    const { items } = JSON.parse(answer) as { items: ApplicationJson[] };
    seen.statuses = items.map(({ status = {} }) => status);
    return seen.statuses.length === count && seen.statuses.every(isSynced);
  }).catch((cause: unknown) => {
    const open = seen.statuses.filter((status) => !isSynced(status));
    throw new Error(`not synced: ${JSON.stringify(open, undefined, 1)}`, { cause });
  });
}

function isSynced({ sync, operationState }: StatusJson): boolean {
  return sync?.status === 'Synced' && operationState?.phase === 'Succeeded';
}

function isUpTo(requests: DriftRow['requests']): requests is RepeatedRequest {
  return 'upTo' in requests;
}

function isAbout(request: AuditRequest, object: KubeObject): boolean {
  return request.name === nameOf(object) && request.namespace === (object.metadata['namespace'] ?? '');
}

function isLease({ group }: AuditRequest): boolean {
  return group === 'coordination.k8s.io';
}

function describe({ method, verb, resource, subresource, uri, code }: AuditRequest): string {
  const how = uri.includes('dryRun=All') ? 'dry-run' : method === 'PATCH' ? patchOf(uri) : verb;
  return [how, subresource === '' ? resource : `${resource}/${subresource}`, ...(code >= 400 ? [code] : [])].join(' ');
}

/** The audit log has no content type: only an apply says `force`. */
function patchOf(uri: string): string {
  if (!uri.includes('force=')) return 'patch';
  return uri.includes('force=true') ? 'apply forced' : 'apply';
}

function nameOf({ metadata }: KubeObject): string {
  return metadata['name'];
}

function versionOf({ metadata }: KubeObject): string {
  return metadata['resourceVersion'] as string;
}
