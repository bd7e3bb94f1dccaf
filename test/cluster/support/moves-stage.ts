import assert from 'node:assert/strict';
import { eventually } from '../../../tools/eventually.ts';
import type { FileContent, GitRepository } from '../../../tools/git-server.ts';
import { isSynced, startWorld, type ApplicationJson, type World } from '../../../tools/world.ts';
import type { ObjectJson } from './deletion.ts';
import { entryOf } from './kills-checker.ts';
import { proxyOf } from './kills-stage.ts';
import { Gaps } from './moves-gaps.ts';
import { filesBefore, filesOfMove, firstOf, movingOf, namespace, otherOf, secondOf, type Pair } from './moves-pairs.ts';

/** A pair and the request that its operator dies before, as `Gaps.sent` writes it. */
export interface Death {
  readonly pair: Pair;
  readonly before: string;
}

type Applications = ReadonlyMap<string, ApplicationJson>;
/** By `Kind/name`. */
type Objects = ReadonlyMap<string, ObjectJson>;

const lists = {
  ConfigMap: `/api/v1/namespaces/${namespace}/configmaps`,
  ClusterRole: '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  Deployment: `/apis/apps/v1/namespaces/${namespace}/deployments`,
} as const;

/** Of the requests that ask for all Applications. */
const every = 200;

/** Pairs of Applications that follow one branch of one repository: a commit moves the manifests of many. */
export class MoveStage implements AsyncDisposable {
  readonly world: World;
  readonly #gaps: Gaps;
  readonly #repository: GitRepository;

  constructor(world: World, repository: GitRepository) {
    this.world = world;
    this.#gaps = new Gaps(proxyOf(world));
    this.#repository = repository;
  }

  /** Resolves when the Applications of these pairs are in sync. */
  async begin(pairs: readonly Pair[]): Promise<void> {
    const revision = await this.#commit(pairs.map(filesBefore));
    const names = pairs.flatMap(({ left, right }) => [left, right]);
    await Promise.all(names.map((name) => this.#declare(name)));
    await this.#until('all to be in sync', (apps) => names.every((name) => isAt(apps.get(name), revision)));
  }

  /** A move without a death. Resolves with the requests about each pair. */
  async rehearse(pairs: readonly Pair[]): Promise<(readonly string[])[]> {
    const before = await this.#objects();
    await this.#move(pairs.map((pair) => ({ pair })));
    await this.#check(pairs, before);
    return pairs.map((pair) => this.#gaps.sent(pair));
  }

  /**
   * One move and one death of the operator for all, each at its gap. Once the next operator has ended the move, every
   * object has to be the one that it was, and what moved another's. Resolves with those that came to their gap.
   */
  async die(deaths: readonly Death[]): Promise<Death[]> {
    const before = await this.#objects();
    const revision = await this.#move(deaths);
    const died = deaths.filter(({ pair }) => this.#gaps.hasCome(pair));
    await this.#gaps.strike(() => this.world.killOperator());
    await this.world.startOperator();
    await this.#until('all to have moved', (apps) => deaths.every(({ pair }) => hasMoved(apps, pair, revision)));
    await this.#check(
      deaths.map(({ pair }) => pair),
      before,
    );
    return died;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]();
  }

  /**
   * The second Application of each pair is busy with the former revision until the first one has looked at the new one.
   * Resolves when every pair has moved or come to its gap.
   */
  async #move(moves: readonly (Partial<Death> & Pick<Death, 'pair'>)[]): Promise<string> {
    const pairs = moves.map(({ pair }) => pair);
    for (const { pair, before } of moves) this.#gaps.set(pair, before);
    const refresh = { metadata: { annotations: { 'evenkeel.dev/refresh': 'normal' } } };
    await Promise.all(pairs.map((pair) => this.world.patch(secondOf(pair), refresh)));
    await eventually('the second ones to be busy', () => pairs.every((pair) => this.#gaps.isSecondBusy(pair)));
    for (const pair of pairs) this.#gaps.count(pair);
    const revision = await this.#commit(pairs.map(filesOfMove));
    await this.#untilEach(pairs, 'look first', (apps, pair) => hasLooked(apps.get(firstOf(pair)), revision));
    for (const pair of pairs) if (!this.#gaps.hasCome(pair)) this.#gaps.letSecondGoOn(pair);
    await this.#untilEach(pairs, 'move', (apps, pair) => hasMoved(apps, pair, revision));
    return revision;
  }

  /** Those at their gap come no further. */
  async #untilEach(pairs: readonly Pair[], what: string, holds: (apps: Applications, pair: Pair) => boolean) {
    await this.#until(`all to ${what}`, (apps) => pairs.every((pair) => this.#gaps.hasCome(pair) || holds(apps, pair)));
  }

  async #until(what: string, holds: (apps: Applications) => boolean): Promise<void> {
    await eventually(what, async () => holds(await this.world.readAll()), { within: 180_000, every });
  }

  async #check(pairs: readonly Pair[], before: Objects): Promise<void> {
    const [now, apps] = await Promise.all([this.#objects(), this.world.readAll()]);
    const others = [...before].filter(([name, { metadata }]) => now.get(name)?.metadata.uid !== metadata.uid);
    assert.deepEqual(
      others.map(([name]) => name),
      [],
      'every object is the one that it was',
    );
    for (const pair of pairs) checkOwner(pair, now, apps);
  }

  async #declare(name: string): Promise<void> {
    const source = { repoURL: this.#repository.url, path: name, targetRevision: 'main' };
    await this.world.application(name, { source, destination: { namespace } });
  }

  async #commit(files: readonly Record<string, FileContent>[]): Promise<string> {
    return this.#repository.commit(Object.assign({}, ...files) as Record<string, FileContent>, 'change');
  }

  async #objects(): Promise<Objects> {
    const found = Object.entries(lists).map(async ([kind, path]) => {
      const { items } = (await this.world.plane.api.must({ path })) as { items: readonly ObjectJson[] };
      return items.map((item): [string, ObjectJson] => [`${kind}/${item.metadata.name}`, item]);
    });
    return new Map((await Promise.all(found)).flat());
  }
}

export async function setMoveStage(environment: Readonly<Record<string, string>>): Promise<MoveStage> {
  const world = await startWorld({ proxied: true, environment });
  await world.createNamespace(namespace);
  await world.startOperator();
  return new MoveStage(world, await world.git.createRepository('moves'));
}

function isAt(app: ApplicationJson | undefined, revision: string): boolean {
  return isSynced(app?.status ?? {}, revision);
}

/** Its status, the last that a run writes, is about the revision. */
function hasLooked(app: ApplicationJson | undefined, revision: string): boolean {
  return app?.status?.sync?.revision === revision;
}

function hasMoved(apps: Applications, { name, left, right }: Pair, revision: string): boolean {
  if (!isAt(apps.get(left), revision) || !isAt(apps.get(right), revision)) return false;
  const [former, next] = [recordOf(apps.get(left)), recordOf(apps.get(right))];
  return movingOf(name).every((object) => !former.has(object) && (next.get(object) ?? '') !== '');
}

/** uids by `Kind/name`; empty: it is only announced. */
function recordOf(app: ApplicationJson | undefined): Map<string, string> {
  const entries = (app?.status?.record?.entries ?? []).map(entryOf);
  return new Map(entries.map(([ref, uid]) => [ref.replace(/^.*\/(.*)\|.*\|/, '$1/'), uid]));
}

/** What moved has the marks of the right one, and stands with its uid on that one's record. */
function checkOwner({ name, right }: Pair, objects: Objects, apps: Applications): void {
  const label = 'evenkeel.dev/part-of';
  const partOf = objects.get(otherOf(name))?.metadata.labels?.[label];
  assert.notEqual(partOf, undefined, 'the right one labels what it has');
  const record = recordOf(apps.get(right));
  for (const object of movingOf(name)) {
    const { uid, labels, annotations } = objects.get(object)?.metadata ?? {};
    const tracker = annotations?.['evenkeel.dev/tracking-id']?.split(':')[0];
    assert.deepEqual([record.get(object), labels?.[label], tracker], [uid, partOf, `evenkeel_${right}`], object);
  }
}
