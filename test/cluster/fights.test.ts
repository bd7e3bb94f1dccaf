import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { JsonObject } from '../../src/model/json.ts';
import { eventually } from '../../tools/eventually.ts';
import type { DriftJson, StatusJson, World } from '../../tools/world.ts';
import { conditionOf, startWorld } from '../../tools/world.ts';
import type { CustomMetrics } from './support/custom-metrics.ts';
import { serveCustomMetrics } from './support/custom-metrics.ts';
import { createPolicies, policies } from './support/drift-admission.ts';
import type { Files, Journey } from './support/journey.ts';
import { prepare, settings } from './support/journey.ts';

const autoscaler = 'system:serviceaccount:kube-system:horizontal-pod-autoscaler';
const timeout = 300_000;

let world: World;
let metrics: CustomMetrics;

before(async () => {
  const quick = ['--horizontal-pod-autoscaler-sync-period=1s'];
  world = await startWorld({ plane: { controllerManager: true, extraFlags: { 'kube-controller-manager': quick } } });
  metrics = await serveCustomMetrics(world.plane.api);
  await createPolicies(world.plane);
  await world.startOperator();
});

after(async () => {
  await metrics[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

type Drift = DriftJson & {
  readonly yielded?: string;
  readonly fight?: { readonly rate: string; readonly action: string; readonly suggestion: string };
};

function fightIn({ drift = [] }: StatusJson): Drift | undefined {
  return (drift as readonly Drift[]).find(({ fight }) => fight !== undefined);
}

/** An Application whose setting somebody takes whenever it is put back, from when it is synced until this is disposed. */
class Fight implements AsyncDisposable {
  readonly journey: Journey;
  #over = false;
  #takes = 0;
  readonly #fighting: Promise<void>;

  constructor(journey: Journey) {
    this.journey = journey;
    this.#fighting = this.#fight();
  }

  async #fight(): Promise<void> {
    while (!this.#over) {
      if ((await this.journey.said()) === 'ours') await this.#take();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #take(): Promise<void> {
    this.#takes += 1;
    await this.journey.meddle('theirs');
  }

  /** How often the setting was put back, all but once. */
  get takes(): number {
    return this.#takes;
  }

  async untilTold(): Promise<Drift> {
    const { status = {} } = await this.journey.until('told', (now) => conditionOf(now, 'Drifted')?.reason === 'Fight');
    const fight = fightIn(status);
    assert.ok(fight !== undefined);
    return fight;
  }

  /** When the operator has written the setting, milliseconds since the epoch. */
  async corrections(): Promise<number[]> {
    const writes = await this.journey.writes();
    return writes.filter(({ name, code }) => name === 'settings' && code < 300).map(({ at }) => at);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    await this.#fighting;
  }
}

async function begin(name: string, fight: JsonObject = {}): Promise<Fight> {
  const journey = await prepare(world, name, settings('ours'));
  await journey.apply({ spec: { drift: { minInterval: '100ms', fight } } });
  await journey.untilSynced();
  return new Fight(journey);
}

async function eventsOf(application: string, reason: string): Promise<string[]> {
  const path = '/apis/events.k8s.io/v1/namespaces/evenkeel/events';
  const { items } = (await world.plane.api.must({ path })) as {
    items: { regarding: { name: string }; reason: string; note: string }[];
  };
  return items.filter((one) => one.regarding.name === application && one.reason === reason).map(({ note }) => note);
}

describe('two managers that fight over one field', { concurrency: true }, () => {
  test('are named, backed off, and released when it ends', { timeout }, async () => {
    await using fight = await begin('backed-off');
    const { journey } = fight;
    const told = await fight.untilTold();
    assert.deepEqual([told.name, told.fields], ['settings', ['data.value']]);
    assert.deepEqual([told.manager, told.operation, told.fight?.action], ['kubectl-edit', 'Update', 'BackOff']);
    assert.match(told.fight?.rate ?? '', /^[0-9]+\/m$/);
    assert.deepEqual(JSON.parse(told.fight?.suggestion ?? ''), {
      target: { group: '', kind: 'ConfigMap', namespace: 'backed-off', name: 'settings' },
      fields: ['data.value'],
      managers: ['kubectl-edit'],
      action: 'Yield',
    });
    await assertBacksOff(fight);

    // A minute would be long: by another threshold it is over after a second.
    await journey.patch({ spec: { drift: { fight: { threshold: '5/s' } } } });
    await journey.until('by another threshold', (now, { metadata }) => {
      return conditionOf(now, 'Ready')?.observedGeneration === metadata.generation;
    });
    await fight[Symbol.asyncDispose]();
    await journey.untilSaid('ours');
    await journey.until('released', (now) => conditionOf(now, 'Drifted') === undefined);
    await eventually('it to be told', async () => (await eventsOf('backed-off', 'FightEnded')).length === 1);
    assert.match((await eventsOf('backed-off', 'Fight'))[0] ?? '', /kubectl-edit \(Update\) takes it again and again/);
    await journey.meddle('theirs');
    await journey.untilSaid('ours');
  });

  test('Yield: the field is left and counts as in sync, until the other gives it up', { timeout }, async () => {
    await using fight = await begin('yielded', { action: 'Yield' });
    const { journey } = fight;
    await fight.untilTold();
    const { status } = await journey.until('yielded', ({ drift = [], sync }) => {
      return (drift as readonly Drift[]).some(({ yielded }) => yielded !== undefined) && sync?.status === 'Synced';
    });
    const left = (status?.drift as readonly Drift[]).find(({ yielded }) => yielded !== undefined);
    assert.deepEqual(left?.fields, ['data.value']);
    assert.equal(left.yielded, 'kubectl-edit takes it again and again (drift.fight)');
    await fight[Symbol.asyncDispose]();
    await journey.meddle('newer');
    await journey.untilSynced(await journey.commit({ 'other.json': other }));
    assert.equal(await journey.said(), 'newer');
    const path = '/api/v1/namespaces/yielded/configmaps/settings?fieldManager=kubectl-edit';
    const contentType = 'application/merge-patch+json';
    await world.plane.api.must({ method: 'PATCH', path, body: { data: { value: null } }, contentType });
    await journey.untilSaid('ours');
  });

  test('Report: is said, and corrected each time', { timeout }, async () => {
    await using fight = await begin('reported', { action: 'Report' });
    await fight.untilTold();
    const before = fight.takes;
    await eventually('more corrections', () => fight.takes >= before + 5);
  });
});

const other = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'other' }, data: { a: 'b' } });

/** The waits are twice as long each time: a correction is sent no earlier after the answer to the one before. */
async function assertBacksOff(fight: Fight): Promise<void> {
  const took = 6;
  await eventually('three corrections that had to wait', async () => (await fight.corrections()).length >= took + 4);
  // The first is the creation.
  const at = (await fight.corrections()).slice(took, took + 4);
  const waits = at.slice(1).map((time, index) => time - (at[index] ?? 0));
  for (const [index, wait] of waits.entries())
    assert.ok(wait >= 200 * 2 ** index - 1, `${waits.join(', ')} ms between corrections`);
}

test(
  'admission that stamps every write is told once, still said after a later look, and never looped on',
  { timeout },
  async () => {
    const at = '/api/v1/namespaces/stamped/configmaps/stamped';
    const data = { policy: policies.counting.name, a: '1' };
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'stamped' }, data };
    const journey = await prepare(world, 'stamped', { ...settings('ours'), 'stamped.json': JSON.stringify(object) });
    await journey.apply({ spec: { drift: { minInterval: '100ms' } } });
    const { status } = await journey.untilSynced();
    const said = 'ConfigMap stamped/stamped data.a: sent 1, got stamped';
    assert.equal(conditionOf(status ?? {}, 'AdmissionOverride')?.message, said);

    const body = { metadata: { labels: { touched: 'yes' } } };
    await world.plane.api.must({ method: 'PATCH', path: at, body, contentType: 'application/merge-patch+json' });
    // What comes after it was looked at: so was that.
    await journey.meddle('theirs');
    await journey.untilSaid('ours');
    const later = await journey.untilSynced(await journey.commit({ 'other.json': other }));
    assert.equal(conditionOf(later.status ?? {}, 'AdmissionOverride')?.message, said);
    assert.deepEqual(
      (later.status?.drift ?? []).filter(({ name }) => name === 'stamped'),
      [],
    );
    const written = (await journey.writes()).filter(({ name }) => name === 'stamped');
    assert.ok(written.length <= 2, `${written.length} writes: one, and one verify`);
  },
);

describe('a HorizontalPodAutoscaler', () => {
  const labels = { app: 'web' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web:1' }] } };
  const scaling = { stabilizationWindowSeconds: 0, policies: [{ type: 'Pods', value: 100, periodSeconds: 1 }] };
  const metric = {
    describedObject: { apiVersion: 'v1', kind: 'Service', name: 'web' },
    metric: { name: 'requests' },
    target: { type: 'AverageValue', averageValue: '1' },
  };
  const scaled = {
    ...file('apps/v1', 'Deployment', { replicas: 1, selector: { matchLabels: labels }, template }),
    ...file('v1', 'Service', { ports: [{ port: 80 }], selector: labels }),
    ...file('autoscaling/v2', 'HorizontalPodAutoscaler', {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      ...{ minReplicas: 1, maxReplicas: 9, behavior: { scaleUp: scaling, scaleDown: scaling } },
      metrics: [{ type: 'Object', object: metric }],
    }),
    ...settings('ours'),
  };

  async function untilReplicas(count: number): Promise<void> {
    metrics.requests = count;
    await eventually(`${count} replicas`, async () => {
      const path = '/apis/apps/v1/namespaces/scaled/deployments/web';
      return ((await world.plane.api.must({ path })) as { spec: { replicas: number } }).spec.replicas === count;
    });
  }

  async function statusWrites(): Promise<number> {
    const written = await world.plane.requests(autoscaler);
    return written.filter(({ subresource, verb }) => subresource === 'status' && verb !== 'get').length;
  }

  test(
    'scales a Deployment whose manifest has replicas, writing its status all the time: no fight, no correction, said in status',
    { timeout },
    async () => {
      const journey = await prepare(world, 'scaled', scaled);
      await journey.apply();
      await untilReplicas(3);
      await journey.until('yielded', ({ drift = [] }) => isLeft(drift));
      const before = (await journey.writes()).length;
      const written = await statusWrites();
      for (const count of [7, 2, 5]) await untilReplicas(count);
      await eventually('a minute of status writes', async () => (await statusWrites()) >= written + 12);
      // What comes after it was looked at: so was all that the autoscaler has done.
      await journey.meddle('theirs');
      await journey.untilSaid('ours');
      const writes = (await journey.writes()).slice(before).map(({ name, resource }) => `${resource} ${name}`);
      assert.deepEqual(writes, ['configmaps settings']);
      const { status = {} } = await journey.until('told of that', ({ drift = [] }) => drift.length > 1);
      assert.ok(isLeft(status.drift ?? []));
      assert.equal(fightIn(status), undefined);
      assert.equal(conditionOf(status, 'Drifted'), undefined);
      assert.equal(status.sync?.status, 'Synced');
    },
  );
});

function file(apiVersion: string, kind: string, spec: unknown): Files {
  return { [`${kind}.json`]: JSON.stringify({ apiVersion, kind, metadata: { name: 'web' }, spec }) };
}

function isLeft(drift: readonly Drift[]): boolean {
  const left = drift.find(({ yielded }) => yielded !== undefined);
  const why = 'HorizontalPodAutoscaler.autoscaling scaled/web sets it';
  return left?.name === 'web' && left.fields.join() === 'spec.replicas' && left.yielded === why;
}
