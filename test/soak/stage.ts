import assert from 'node:assert/strict';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../tools/eventually.ts';
import type { FaultProxy } from '../../tools/fault-proxy.ts';
import { startWorld, type World } from '../../tools/world.ts';
import { describeWrite, isLasting } from '../cluster/support/kills-switch.ts';
import { declareAll, listApplications } from './applications.ts';
import { Chance } from './chance.ts';
import { Commits } from './commits.ts';
import { Comparison, type LiveObject } from './comparison.ts';
import { createFleet, type Fleet, type FleetSize } from './fleet.ts';
import type { Journal } from './journal.ts';
import type { RefText } from './manifests.ts';
import { gaugeDefinition } from './manifests.ts';
import { Meddling } from './meddling.ts';
import type { MemorySample } from './memory.ts';
import { sampleMemory } from './memory.ts';
import { scandalsIn } from './operator-log.ts';
import { Outages } from './outages.ts';
import { allowPushes, Pushes } from './pushes.ts';
import { Replicas } from './replicas.ts';

/** Far longer than any pause of the operator between two tries, and far shorter than the interval. */
const quietWithinMs = 300_000;
const quiet = { within: quietWithinMs, every: 500 };

interface Lane {
  readonly name: string;
  /** Bounds of the pause between two acts. */
  readonly pauseMs: readonly [number, number];
  readonly chance: Chance;
  readonly act: () => Promise<string>;
}

interface Parts {
  readonly world: World;
  readonly proxy: FaultProxy;
  readonly fleet: Fleet;
  readonly replicas: Replicas;
  readonly journal: Journal;
  readonly seed: number;
  readonly bystanders: ReadonlySet<RefText>;
  readonly pushes: Pushes;
}

/** The fleet, two operators and all that happens to them. */
export class SoakStage {
  readonly #parts: Parts;
  readonly #comparison: Comparison;
  readonly #commits: Commits;
  readonly #lanes: readonly Lane[];
  readonly #began = performance.now();
  #uids: ReadonlyMap<RefText, string> = new Map();

  constructor(parts: Parts) {
    this.#parts = parts;
    const { world, fleet, pushes, replicas, proxy, seed, bystanders } = parts;
    this.#comparison = new Comparison(world, fleet.repositories, bystanders);
    const chances = ['commits', 'meddling', 'outages'].map((lane) => new Chance(seed, lane));
    const [forCommits, forMeddling, forOutages] = chances;
    assert.ok(forCommits && forMeddling && forOutages);
    this.#commits = new Commits(fleet, forCommits, pushes);
    const meddling = new Meddling(world, fleet, forMeddling);
    const outages = new Outages(world, replicas, { proxy, chance: forOutages });
    this.#lanes = [
      { name: 'commit', pauseMs: [200, 2_000], chance: forCommits, act: () => this.#commits.act() },
      { name: 'meddle', pauseMs: [200, 1_200], chance: forMeddling, act: () => meddling.act() },
      { name: 'outage', pauseMs: [1_500, 6_000], chance: forOutages, act: () => outages.act() },
    ];
  }

  /** Everything at once, for so long. */
  async disturb(forMs: number): Promise<void> {
    const until = performance.now() + forMs;
    await Promise.all(this.#lanes.map((lane) => this.#run(lane, until)));
  }

  /** Waits until the operator has put everything right, holds the cluster against Git, and weighs the operator. */
  async settle(): Promise<MemorySample> {
    const { journal, pushes, replicas, fleet, world, proxy } = this.#parts;
    journal.note(`commit: ${await this.#commits.mendAll()}`);
    await pushes.allDelivered();
    await replicas.letElderLead();
    const began = performance.now();
    const live = await this.#untilLiveIsGit();
    journal.tell(
      `live = Git: ${live.size} objects, ${((performance.now() - began) / 1000).toFixed(1)} s after the last act`,
    );
    this.#checkUids(live);
    assert.deepEqual(scandalsIn(replicas.elder.process.child.logFile), [], 'no bug and no crash in the log');
    await this.#untilNothingIsWritten();
    fleet.moved.clear();
    world.git.forgetRequests();
    proxy.forget();
    return this.#weigh();
  }

  /** The cluster as it is, for whoever looks into a failure. */
  async evidence(): Promise<{ readonly logs: readonly string[]; readonly found: Readonly<Record<string, unknown>> }> {
    const { world } = this.#parts;
    const components = ['operator', 'kube-controller-manager', 'kube-apiserver'];
    const logs = components.map((component) => path.join(world.plane.folder, `${component}.log`));
    const paths = { pods: '/api/v1/pods', replicaSets: '/apis/apps/v1/replicasets' };
    const lists = Object.entries(paths).map(
      async ([name, path]) => [name, await world.plane.api.must({ path })] as const,
    );
    const applications = await listApplications(world);
    const objects = [...(await this.#comparison.live()).values()].map(({ body }) => body);
    return { logs, found: { applications, objects, ...Object.fromEntries(await Promise.all(lists)) } };
  }

  async #run({ name, pauseMs, chance, act }: Lane, until: number): Promise<void> {
    while (performance.now() < until) {
      this.#parts.journal.note(`${name}: ${await act()}`);
      await sleep(chance.between(...pauseMs));
    }
  }

  /** Git does not change meanwhile. */
  async #untilLiveIsGit(): Promise<Map<RefText, LiveObject>> {
    const wanted = await this.#comparison.wanted();
    const { meddledWith } = this.#parts.fleet;
    let found: readonly string[] = [];
    const probe = async (): Promise<Map<RefText, LiveObject> | false> => {
      found = await this.#comparison.untold(wanted);
      if (found.length > 0) return false;
      const live = await this.#comparison.live();
      found = this.#comparison.differences(wanted, live, (ref) => !meddledWith.has(ref));
      return found.length === 0 && live;
    };
    return eventually('the cluster to be as Git says', probe, quiet).catch((cause: unknown) => {
      throw new Error(`not as Git says, ${found.length} in all:\n${found.slice(0, 20).join('\n')}`, { cause });
    });
  }

  /** Nothing is deleted that Git did not drop, not even to be created again. */
  #checkUids(live: ReadonlyMap<RefText, LiveObject>): void {
    const { mayBeNew } = this.#parts.fleet;
    const before = [...this.#uids].filter(([ref]) => live.has(ref) && !mayBeNew.has(ref));
    const changed = before.filter(([ref, uid]) => live.get(ref)?.uid !== uid).map(([ref]) => ref);
    assert.deepEqual(changed, [], 'nothing has another uid that nobody deleted');
    this.#uids = new Map([...live].map(([ref, { uid }]) => [ref, uid]));
    mayBeNew.clear();
  }

  /** Nothing is corrected over and over: a while without a write to a managed object. */
  async #untilNothingIsWritten(): Promise<void> {
    const { proxy } = this.#parts;
    let writes: string[] = [];
    const probe = async (): Promise<boolean> => {
      proxy.forget();
      await sleep(1_500);
      writes = proxy.requests.filter(isLasting).map(describeWrite);
      writes = writes.filter((write) => !/ (applications|inventories)\//.test(write));
      return writes.length === 0;
    };
    await eventually('the operator to have nothing to write', probe, { within: 60_000 }).catch((cause: unknown) => {
      throw new Error(`the operator goes on writing: ${writes.slice(0, 10).join(', ')}`, { cause });
    });
  }

  async #weigh(): Promise<MemorySample> {
    const { replicas, journal } = this.#parts;
    for (const { process } of replicas.running) assert.equal(await process.metric('evenkeel_bugs_total'), 0);
    const sample = await sampleMemory(replicas.elder, (performance.now() - this.#began) / 60_000);
    const { residentMiB, usedMiB } = sample;
    journal.tell(`elder: ${residentMiB.toFixed(1)} MiB resident, ${usedMiB.toFixed(1)} MiB in use`);
    return sample;
  }
}

/** All is in place, and nothing has happened yet; what has to be ended is on the stack. */
export async function setStage(
  stack: AsyncDisposableStack,
  { journal, seed, size }: { readonly journal: Journal; readonly seed: number; readonly size: FleetSize },
): Promise<SoakStage> {
  const world = stack.use(await startWorld({ proxied: true, values: { 'webhook.enabled': 'true' } }));
  assert.ok(world.proxy);
  await world.plane.kubectl(['apply', '-f', '-'], JSON.stringify(gaugeDefinition));
  await allowPushes(world);
  const fleet = await createFleet(world, new Chance(seed, 'fleet'), size);
  const bystanders = await createBystanders(world, fleet);
  const replicas = stack.use(new Replicas(world));
  await replicas.start();
  await declareAll(world, fleet);
  const abort = new AbortController();
  stack.defer(() => abort.abort());
  const pushes = new Pushes(replicas, abort.signal);
  const parts = { world, proxy: world.proxy, fleet, replicas, journal, seed, bystanders, pushes };
  return new SoakStage(parts);
}

/** In each namespace one that is nobody's, and one that says it is an Application's, which has never heard of it. */
async function createBystanders({ plane }: World, { repositories }: Fleet): Promise<Set<RefText>> {
  const all = repositories.flatMap(({ name: namespace, folders }) => {
    const forged = 'bystander-with-marks';
    const itself = `evenkeel_${folders[0]?.name ?? ''}:/ConfigMap:${namespace}/${forged}`;
    const marks = { labels: { 'evenkeel.dev/part-of': 'forged' }, annotations: { 'evenkeel.dev/tracking-id': itself } };
    return [
      { name: 'bystander', namespace },
      { name: forged, namespace, ...marks },
    ];
  });
  for (const metadata of all) {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
    await plane.api.must({ method: 'POST', path: `/api/v1/namespaces/${metadata.namespace}/configmaps`, body });
  }
  return new Set(all.map(({ namespace, name }) => `ConfigMap|${namespace}|${name}`));
}
