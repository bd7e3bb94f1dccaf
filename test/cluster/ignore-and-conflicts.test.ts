import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { eventually } from '../../tools/eventually.ts';
import type { DriftJson, StatusJson, World } from '../../tools/world.ts';
import { conditionOf, startWorld } from '../../tools/world.ts';
import type { Files, Journey } from './support/journey.ts';
import { begin, prepare, settings } from './support/journey.ts';
import {
  autoscaler,
  deployment,
  file,
  ownersOfReplicas,
  scale,
  scaledObject,
  specOf,
  untilInSync,
} from './support/scaling.ts';

let world: World;

before(async () => {
  world = await startWorld();
  await world.startOperator();
});

after(() => world[Symbol.asyncDispose]());

const timeout = 300_000;

type Spec = Readonly<Record<string, unknown>>;

function configMap(name: string, data: Readonly<Record<string, string>>): Files {
  return file({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
}

/** Another manager's merge patch of an object in the Application's namespace. */
async function edit(journey: Journey, at: string, body: unknown, manager = 'kubectl-edit'): Promise<void> {
  const path = `${at.replace('NAMESPACE', journey.name)}?fieldManager=${manager}`;
  await world.plane.api.must({ method: 'PATCH', path, body, contentType: 'application/merge-patch+json' });
}

const settingsPath = '/api/v1/namespaces/NAMESPACE/configmaps/settings';

/** Whatever was done to another object of the Application before has been looked at: a later edit was corrected. */
async function looked(journey: Journey, times = 1): Promise<void> {
  for (let time = 0; time < times; time++) {
    await edit(journey, settingsPath.replace('settings', 'witness'), { data: { seen: `no ${time}` } });
    await eventually(
      'the witness to be corrected',
      async () => (await journey.configMap('witness'))?.['seen'] === 'yes',
    );
  }
}

const witness = configMap('witness', { seen: 'yes' });

async function beginBeside(name: string, spec: Spec, files: Files = settings('one')): Promise<Journey> {
  const journey = await prepare(world, name, { ...files, ...witness });
  await journey.apply({ spec: { drift: { minInterval: '100ms' }, ...spec } });
  await journey.untilSynced();
  return journey;
}

function yieldedIn({ drift = [] }: StatusJson): (DriftJson & { yielded?: string }) | undefined {
  return (drift as readonly (DriftJson & { yielded?: string })[]).find(({ yielded }) => yielded !== undefined);
}

const respect = { automated: { prune: true, selfHeal: true }, syncOptions: ['RespectIgnoreDifferences=true'] };

describe('ignoreDifferences hides a difference from status and correction', () => {
  const rows = [
    ['jsonPointers', { jsonPointers: ['/data/value'] }],
    ['jsonPointers with a wildcard', { jsonPointers: ['/data/*'] }],
    ['jqPathExpressions', { jqPathExpressions: ['.data | select(.value != null) | .value'] }],
    ['managedFieldsManagers', { managedFieldsManagers: ['kubectl-edit'] }],
  ] as const;
  for (const [index, [name, rule]] of rows.entries()) {
    const ignoreDifferences = [{ kind: 'ConfigMap', name: 'settings', ...rule }];
    test(`${name}: it stays, and a sync of the object still writes it`, { timeout }, async () => {
      const journey = await beginBeside(`ignored-${index}`, { ignoreDifferences });
      await journey.meddle('meddled');
      await looked(journey);
      assert.equal(await journey.said(), 'meddled');
      await journey.untilSynced(await journey.commit(configMap('other', { a: 'b' })));
      assert.equal(await journey.said(), 'meddled', 'a sync of another object does not touch it');
      const change = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', labels: { a: 'b' } } };
      await journey.commit({ 'settings.json': JSON.stringify({ ...change, data: { value: 'one' } }) });
      await journey.untilSaid('one');
    });
  }

  test('RespectIgnoreDifferences=true: a sync of the object leaves it, whoever owns it', { timeout }, async () => {
    const ignoreDifferences = [{ kind: 'ConfigMap', jsonPointers: ['/data/value'] }];
    const journey = await beginBeside('respected', { ignoreDifferences, syncPolicy: respect });
    const say = (value: string, other: string): Promise<string> =>
      journey.commit({ ...settings(value), 'settings.json': JSON.stringify(objectOf(value, other)) });
    await journey.untilSynced(await say('two', 'a'));
    assert.deepEqual(await journey.configMap('settings'), { value: 'one', other: 'a' }, 'ours, with its live value');
    await journey.meddle('meddled');
    await looked(journey);
    await journey.untilSynced(await say('three', 'b'));
    assert.deepEqual(await journey.configMap('settings'), { value: 'meddled', other: 'b' });
  });

  test('a rule that is removed: what it hid is corrected', { timeout }, async () => {
    const journey = await beginBeside('unruled', {
      ignoreDifferences: [{ kind: 'ConfigMap', name: 'settings', jsonPointers: ['/data/value'] }],
    });
    await journey.meddle('meddled');
    await looked(journey);
    assert.equal(await journey.said(), 'meddled');
    await journey.patch({ spec: { ignoreDifferences: null } });
    await journey.untilSaid('one');
  });

  test('a jq expression that is none: Stalled names it, and nothing is written', { timeout }, async () => {
    const journey = await begin(world, 'no-jq', {
      spec: { ignoreDifferences: [{ kind: 'ConfigMap', jqPathExpressions: ['.data | foo'] }] },
    });
    const { status } = await journey.until('stalled', (now) => conditionOf(now, 'Stalled')?.status === 'True');
    const stalled = conditionOf(status ?? {}, 'Stalled');
    assert.equal(stalled?.reason, 'InvalidSpec');
    assert.match(stalled.message, /jq expression \.data \| foo: foo\/0 is not defined/);
    assert.equal(await journey.said(), undefined);
  });

  test('a jq expression without an end: the object is kept, and the condition says why', { timeout }, async () => {
    const journey = await beginBeside('endless-jq', {});
    await journey.patch({
      spec: { ignoreDifferences: [{ kind: 'ConfigMap', name: 'settings', jqPathExpressions: ['def f: f; f'] }] },
    });
    const { status } = await journey.until('unknown', (now) => now.sync?.status === 'Unknown');
    assert.match(
      conditionOf(status ?? {}, 'Ready')?.message ?? '',
      /jq expression def f: f; f: it takes longer than 1 s/,
    );
    assert.equal(await journey.said(), 'one');
  });
});

function objectOf(value: string, other: string): Readonly<Record<string, unknown>> {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { value, other } };
}

describe('conflicts', () => {
  test(
    'Yield by manager and path: the owner keeps the field, others do not, and status says so',
    { timeout },
    async () => {
      const rules = [{ fields: ['data.value'], managers: ['kubectl-*'], action: 'Yield' }];
      const journey = await beginBeside('yield', { conflicts: { rules } });
      await journey.meddle('meddled');
      const { status } = await journey.until('yielded', (now) => yieldedIn(now) !== undefined);
      const row = yieldedIn(status ?? {});
      assert.deepEqual([row?.name, row?.fields, row?.manager], ['settings', ['data.value'], 'kubectl-edit']);
      assert.equal(row?.yielded, 'spec.conflicts says Yield');
      assert.equal(status?.sync?.status, 'Synced');
      await journey.untilSynced(await journey.commit({ 'settings.json': JSON.stringify(objectOf('two', 'new')) }));
      assert.deepEqual(await journey.configMap('settings'), { value: 'meddled', other: 'new' });
      await edit(journey, settingsPath, { data: { value: 'stolen' } }, 'someone');
      await journey.untilSaid('two');
      await journey.until('no longer yielded', (now) => yieldedIn(now) === undefined);
    },
  );

  test(
    'Fail: Conflicted names field and manager, nothing is written until the field is given back',
    { timeout },
    async () => {
      const journey = await beginBeside('fail', { conflicts: { default: 'Fail' } });
      await journey.wroteNothing(async () => {
        await journey.meddle('meddled');
        const { status } = await journey.until('conflicted', (now) => conditionOf(now, 'Conflicted') !== undefined);
        assert.match(conditionOf(status ?? {}, 'Conflicted')?.message ?? '', /data\.value is owned by kubectl-edit/);
      });
      assert.equal(await journey.said(), 'meddled');
      await journey.meddle('one');
      await journey.until('in sync again', (now) => conditionOf(now, 'Conflicted') === undefined);
    },
  );

  test('Overwrite is the default, and a rule before it may say so for some', { timeout }, async () => {
    const rules = [{ target: { kind: 'Config*' }, fields: ['data'], managers: ['kubectl-edit'], action: 'Overwrite' }];
    const journey = await beginBeside('overwrite', { conflicts: { default: 'Fail', rules } });
    await journey.meddle('meddled');
    await journey.untilSaid('one');
  });
});

describe('conflicts.reclaimFrom', () => {
  const restartedAt = { 'kubectl.kubernetes.io/restartedAt': '2026-01-02T00:00:00Z' };
  const at = '/apis/apps/v1/namespaces/NAMESPACE/deployments/web';

  /** The variables, the annotations of the Pods, and the annotation `note` of the object. */
  async function partsOf(journey: Journey): Promise<readonly unknown[]> {
    const { metadata, spec } = (await world.plane.api.must({ path: at.replace('NAMESPACE', journey.name) })) as {
      metadata: { annotations?: Record<string, string> };
      spec: { template: { metadata: { annotations?: unknown }; spec: { containers: { env?: unknown }[] } } };
    };
    const { template } = spec;
    return [template.spec.containers[0]?.env, template.metadata.annotations, metadata.annotations?.['note']];
  }

  async function untilParts(journey: Journey, ...parts: readonly unknown[]): Promise<void> {
    await eventually('what was added to go', async () => isDeepStrictEqual(await partsOf(journey), parts));
  }

  async function begun(name: string, drift: Spec): Promise<Journey> {
    const journey = await prepare(world, name, { ...deployment('web'), ...witness });
    await journey.apply({
      spec: { drift: { minInterval: '100ms', ...drift }, conflicts: { reclaimFrom: ['kubectl-.*'] } },
    });
    await journey.until('compared', (now) => now.sync?.status === 'Synced');
    return journey;
  }

  /** As `kubectl edit` writes it: a strategic merge. */
  async function add(journey: Journey, manager: string, variable: string, annotations = {}): Promise<void> {
    const containers = [{ name: 'web', env: [{ name: variable, value: '1' }] }];
    const body = { spec: { template: { metadata: { annotations }, spec: { containers } } } };
    const path = `${at.replace('NAMESPACE', journey.name)}?fieldManager=${manager}`;
    await world.plane.api.must({ method: 'PATCH', path, body, contentType: 'application/strategic-merge-patch+json' });
  }

  async function untilTold(journey: Journey, field: string): Promise<void> {
    const isTold = ({ fields, manager }: DriftJson): boolean => fields.join() === field && manager === 'kubectl-edit';
    await journey.until('told', ({ drift = [] }) => drift.some(isTold));
  }

  const env = 'spec.template.spec.containers[name=web].env';

  test('what kubectl edit adds goes, and is told; restartedAt and what others add stays', { timeout }, async () => {
    const journey = await begun('reclaimed', {});
    await add(journey, 'injector', 'INJECTED');
    await add(journey, 'kubectl-edit', 'DEBUG', restartedAt);
    await untilTold(journey, `${env}[name=DEBUG]`);
    await untilParts(journey, [{ name: 'INJECTED', value: '1' }], restartedAt, undefined);
    await edit(journey, at, { metadata: { annotations: { note: 'a' } } }, 'injector');
    await looked(journey);
    assert.equal((await partsOf(journey))[2], 'a', 'of somebody else');
    await edit(journey, at, { metadata: { annotations: { note: 'b' } } });
    await untilParts(journey, [{ name: 'INJECTED', value: '1' }], restartedAt, undefined);
    await journey.until('in sync', (now) => now.sync?.status === 'Synced');
  });

  test('without correction it is told, and a sync removes it', { timeout }, async () => {
    const journey = await begun('told', { correction: 'DetectOnly' });
    await journey.wroteNothing(async () => {
      await add(journey, 'kubectl-edit', 'DEBUG', restartedAt);
      await untilTold(journey, env);
    });
    await journey.sync();
    await untilParts(journey, undefined, restartedAt, undefined);
  });
});

describe('spec.replicas of a workload that an autoscaler targets', () => {
  const scalers = {
    scaled: [autoscaler('web'), 'HorizontalPodAutoscaler.autoscaling scaled/web sets it'],
    keda: [scaledObject('web'), 'ScaledObject.keda.sh keda/web sets it'],
  } as const;
  for (const [name, [scaler, why]] of Object.entries(scalers))
    test(`is yielded by itself, and said in status (${name}); of others it is corrected`, { timeout }, async () => {
      const files = { ...deployment('web', 2), ...scaler, ...deployment('plain', 2) };
      const journey = await prepare(world, name, { ...files, ...witness });
      await journey.apply({ spec: { drift: { minInterval: '100ms' } } });
      await eventually('both', async () => (await specOf(journey, 'web').catch(() => undefined))?.replicas === 2);
      await journey.until('compared', (now) => now.sync?.status === 'Synced');
      await scale(journey, 'web', 5);
      const { status } = await journey.until('yielded', (now) => yieldedIn(now) !== undefined);
      const row = yieldedIn(status ?? {});
      assert.deepEqual([row?.name, row?.fields, row?.yielded], ['web', ['spec.replicas'], why]);
      await scale(journey, 'plain', 5);
      await eventually('the other to be corrected', async () => (await specOf(journey, 'plain')).replicas === 2);
      await untilInSync(journey, await journey.commit(deployment('web', 3)));
      assert.equal((await specOf(journey, 'web')).replicas, 5, 'also when Git says another number');
    });

  test('is given up without a moment of another number: ours alone, dropped by Git, scaled', { timeout }, async () => {
    const journey = await prepare(world, 'dropped', { ...deployment('web', 4), ...witness });
    await journey.apply({ spec: { drift: { minInterval: '100ms' } } });
    await journey.until('compared', (now) => now.sync?.status === 'Synced');
    const before = await specOf(journey, 'web');
    assert.equal(before.replicas, 4);
    await untilInSync(journey, await journey.commit(autoscaler('web')));
    await untilInSync(journey, await journey.commit(deployment('web')));
    // A generation is a change of the spec: there was none.
    assert.deepEqual(await specOf(journey, 'web'), before);
    const written = async (): Promise<number> => (await journey.writes()).filter(({ name }) => name === 'web').length;
    const sent = await written();
    await scale(journey, 'web', 6);
    await looked(journey, 2);
    assert.deepEqual(await specOf(journey, 'web'), { replicas: 6, generation: before.generation + 1 });
    assert.equal(await written(), sent, 'nothing is corrected, nor tried');
    await untilInSync(journey, await journey.commit(deployment('web', undefined, 'web:2')));
    assert.deepEqual(await specOf(journey, 'web'), { replicas: 6, generation: before.generation + 2 });
    assert.deepEqual((await journey.read()).status?.drift?.filter(({ name }) => name === 'web') ?? [], []);
    assert.deepEqual(await ownersOfReplicas(journey, 'web'), ['kube-controller-manager']);
  });
});

test(
  'what clusters own is no difference, and is not overwritten where Git says nothing real',
  { timeout },
  async () => {
    const certificate = Buffer.from('-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n').toString(
      'base64',
    );
    const webhook = {
      name: 'check.owned.example.com',
      clientConfig: { url: 'https://owned.example.com/check', caBundle: 'Cg==' },
      rules: [{ apiGroups: ['owned.example.com'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['things'] }],
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
    };
    const kind = 'ValidatingWebhookConfiguration';
    const apiVersion = 'admissionregistration.k8s.io/v1';
    const service = { clusterIP: '', ports: [{ port: 80, nodePort: 0 }], selector: { app: 'web' } };
    const journey = await beginBeside(
      'owned',
      {},
      {
        ...file({ apiVersion, kind, metadata: { name: 'owned' }, webhooks: [webhook] }),
        ...file({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: service }),
      },
    );
    const path = `/apis/${apiVersion}/validatingwebhookconfigurations/owned`;
    const op = { op: 'add', path: '/webhooks/0/clientConfig/caBundle', value: certificate };
    const contentType = 'application/json-patch+json';
    await world.plane.api.must({ method: 'PATCH', path: `${path}?fieldManager=cainjector`, body: [op], contentType });
    await looked(journey, 2);
    const { webhooks } = (await world.plane.api.must({ path })) as { webhooks: (typeof webhook)[] };
    assert.equal(webhooks[0]?.clientConfig.caBundle, certificate);
    assert.equal((await journey.read()).status?.sync?.status, 'Synced');
  },
);
