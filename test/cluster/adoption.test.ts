import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { arrayAt, stringAt } from '../../src/model/json.ts';
import { managedEntriesOf } from '../../src/model/managed-fields.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { annotationsOf, labelsOf, uidOf } from '../../src/model/object.ts';
import type { ApplicationJson } from '../../tools/world.ts';
import { conditionOf } from '../../tools/world.ts';
import type { Journey } from './support/journey.ts';
import { manual, prepare } from './support/journey.ts';
import {
  applyAs,
  helmInstall,
  kustomized,
  labelledByArgo,
  listOf,
  older,
  pathOf,
  wanted,
} from './support/left-behind.ts';
import { migratingFrom, sourcesIn } from './support/left-by-tools.ts';
import { sharedWorld } from './support/shared-world.ts';

const world = await sharedWorld();

const timeout = 120_000;

describe(
  'an object that was deployed by another tool: its fields become ours, what Git does not have goes',
  { concurrency: 4 },
  () => {
    for (const { name, leave, options, from: named } of sourcesIn(world)) {
      test(name, { timeout }, async () => {
        const journey = await begun(name, leave);
        const before = await lookAt(journey);
        await journey.apply(options);
        await untilSynced(journey);
        const after = await lookAt(journey);
        assert.deepEqual(after.map(uidOf), before.map(uidOf));
        for (const object of after) assertOnlyOurs(object);
        const [settings, web] = after;
        assert.deepEqual(settings?.['data'], { value: 'one' });
        assert.deepEqual(managersOf(settings), ['evenkeel/Apply']);
        assert.deepEqual(containersOf(web), [{ name: 'web', image: 'registry.invalid/web:1' }]);
        assert.equal((web?.['spec'] as { replicas: number }).replicas, 3, 'who scales keeps the replicas');
        const said = await resultOf(journey, 'settings');
        assert.ok(said.startsWith(`configured; taken over from ${named}, removing `), said);
        assert.match(said, /data\.old/);
        await keepsQuiet(journey);
      });
    }
  },
);

describe('ownership.migrateFrom', () => {
  test('a dry run names what would go with the migration, and nothing is written', { timeout }, async () => {
    const journey = await begun('dry-run', (ns) => helmInstall(world, { namespace: ns, serverSide: true }, older()));
    const before = await lookAt(journey);
    await journey.apply({ spec: { ...manual, ownership: { migrateFrom: ['helm'] } } });
    await journey.sync({ dryRun: true });
    await journey.untilServed();
    const said = await resultOf(journey, 'settings');
    assert.match(said, /^dry run: would be changed; taken over from Helm, removing .*data\.old/);
    assert.match(said, /metadata\.annotations\[meta\.helm\.sh\/release-name\]/);
    assert.deepEqual(await lookAt(journey), before);
  });

  test('trackers that the manifest itself carries stay', { timeout }, async () => {
    const journey = await begun('carried', (ns) =>
      applyAs(world, { namespace: ns, manager: 'argocd-controller' }, older(labelledByArgo)),
    );
    const labels = { 'argocd.argoproj.io/instance': 'shop' };
    await journey.commit(filesOf(wanted().map((one) => ({ ...one, metadata: { ...one.metadata, labels } }))));
    await journey.apply(migratingFrom('argocd'));
    await untilSynced(journey);
    for (const object of await lookAt(journey))
      assert.equal(labelsOf(object)['argocd.argoproj.io/instance'], 'shop', 'Git has it');
  });

  test('an empty list: what others own stays, and an object of ours is none the less', { timeout }, async () => {
    const journey = await begun('from-nobody', (ns) =>
      world.plane.kubectl(['apply', '-n', ns, '-f', '-'], listOf(older())),
    );
    await journey.apply(migratingFrom());
    await untilSynced(journey);
    const [settings] = await lookAt(journey);
    assert.deepEqual(settings?.['data'], { value: 'one', old: 'x' });
    assert.ok(managersOf(settings).includes('kubectl-client-side-apply/Update'));
  });
});

describe('ownership.adopt', () => {
  test('IfUnowned: what a tool tracks that is not listed is Conflicted, named, not written', { timeout }, async () => {
    const journey = await begun('if-unowned', (ns) =>
      applyAs(world, { namespace: ns, manager: 'kustomize-controller' }, older(kustomized)),
    );
    await refused(journey, {}, /ConfigMap if-unowned\/settings exists and is not taken over: Flux manages it/);
  });

  test('Always: taken from a tool that is not listed, and the result says from whom', { timeout }, async () => {
    const journey = await begun('always', (ns) => helmInstall(world, { namespace: ns, serverSide: true }, older()));
    await journey.apply({ spec: { ownership: { adopt: 'Always' } } });
    await untilSynced(journey);
    for (const object of await lookAt(journey)) assertOnlyOurs(object);
    assert.match(await resultOf(journey, 'web'), /^configured; taken over from Helm, removing /);
  });

  test('Always: never from a controller', { timeout }, async () => {
    const journey = await begun('controlled', async (ns) => {
      const [settings] = older();
      const path = `/api/v1/namespaces/${ns}/configmaps`;
      const parent = await world.plane.api.must({ method: 'POST', path, body: { metadata: { name: 'parent' } } });
      const uid = uidOf(parent as KubeObject);
      const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'parent', uid, controller: true };
      const body = { ...settings, metadata: { ...settings?.metadata, ownerReferences: [owner] } };
      await world.plane.api.must({ method: 'POST', path, body });
    });
    await refused(journey, { ownership: { adopt: 'Always' } }, /a controller owns it \(ConfigMap parent\)/);
  });

  test('Always: never from another Application, nor from another installation', { timeout }, async () => {
    const owner = await prepare(world, 'owner', filesOf(inNamespace('owner')));
    await owner.apply();
    await untilSynced(owner);
    const rival = await prepare(world, 'rival', filesOf(inNamespace('owner')));
    await rival.apply({ spec: { ownership: { adopt: 'Always' } } });
    const isShared = ({ status }: ApplicationJson): boolean =>
      conditionOf(status ?? {}, 'SharedResource')?.status === 'True';
    await rival.until('SharedResource', (_status, app) => isShared(app));
    const blue = await begun('installed-twice', (ns) =>
      applyAs(
        world,
        { namespace: ns, manager: 'evenkeel-blue' },
        older({ labels: { 'blue.evenkeel.dev/part-of': 'x' }, annotations: {} }),
      ),
    );
    await refused(blue, { ownership: { adopt: 'Always' } }, /installation blue of Evenkeel manages it/);
  });

  test('Never: what exists is Conflicted, what does not is created', { timeout }, async () => {
    const journey = await begun('never', (ns) =>
      world.plane.kubectl(['apply', '-n', ns, '-f', '-'], listOf(older().slice(0, 1))),
    );
    await refused(journey, { ownership: { adopt: 'Never' } }, /settings exists .*ownership\.adopt is Never/);
    await world.plane.kubectl(['delete', 'configmap', 'settings', '-n', 'never']);
    await journey.sync();
    await untilSynced(journey);
    assert.deepEqual(
      (await lookAt(journey)).map(managersOf).map(([first]) => first),
      ['evenkeel/Apply', 'evenkeel/Apply'],
    );
  });
});

function filesOf(objects: readonly KubeObject[]): Record<string, string> {
  return { 'all.yaml': objects.map((object) => JSON.stringify(object)).join('\n---\n') };
}

function inNamespace(namespace: string): KubeObject[] {
  return wanted().map((object) => ({ ...object, metadata: { ...object.metadata, namespace } }));
}

/** A namespace with what a tool left there; where a Deployment is, somebody scales it. No Application yet. */
async function begun(name: string, leave: (namespace: string) => Promise<unknown>): Promise<Journey> {
  const journey = await prepare(world, name, filesOf(wanted()));
  await leave(name);
  const path = `/apis/apps/v1/namespaces/${name}/deployments/web/scale`;
  if ((await world.plane.api.send({ path })).status !== 200) return journey;
  const contentType = 'application/merge-patch+json';
  const body = { spec: { replicas: 3 } };
  await world.plane.api.must({ method: 'PATCH', path: `${path}?fieldManager=scaler`, body, contentType });
  return journey;
}

async function untilSynced(journey: Journey): Promise<void> {
  await journey.until('in sync', ({ sync, operationState }) => {
    return sync?.status === 'Synced' && operationState?.phase === 'Succeeded';
  });
}

/** Not written, said in the condition. */
async function refused(journey: Journey, spec: Readonly<Record<string, unknown>>, message: RegExp): Promise<void> {
  await journey.wroteNothing(async () => {
    await journey.apply({ spec: { ...spec, syncPolicy: { automated: {}, retry: { limit: 0 } } } });
    await journey.until('Conflicted', (status) => {
      const conflicted = conditionOf(status, 'Conflicted');
      return conflicted?.status === 'True' && message.test(conflicted.message);
    });
  });
}

/** A full comparison finds nothing to write. */
async function keepsQuiet(journey: Journey): Promise<void> {
  const version = async (): Promise<unknown> => (await read(journey, 'ConfigMap'))?.metadata['resourceVersion'];
  const before = await version();
  await journey.annotate({ 'evenkeel.dev/refresh': 'hard' });
  await journey.until('refreshed', (_status, app) => app.metadata.annotations?.['evenkeel.dev/refresh'] === undefined);
  assert.equal(await version(), before);
}

async function read({ name }: Journey, kind: string): Promise<KubeObject | undefined> {
  const object = wanted().find((one) => one.kind === kind);
  assert.ok(object !== undefined);
  const { status, body } = await world.plane.api.send({ path: pathOf(object, name) });
  return status === 200 ? (body as KubeObject) : undefined;
}

/** The objects of Git that are there; what controllers write is left out. */
async function lookAt(journey: Journey): Promise<KubeObject[]> {
  const found = await Promise.all(wanted().map(({ kind }) => read(journey, kind)));
  return found.filter((object) => object !== undefined).map(withoutControllers);
}

function withoutControllers(object: KubeObject): KubeObject {
  const { resourceVersion, ...metadata } = object.metadata;
  const managedFields = arrayAt(metadata, 'managedFields').filter(
    (entry) => stringAt(entry, 'subresource') !== 'status' && stringAt(entry, 'manager') !== 'kube-controller-manager',
  );
  assert.notEqual(resourceVersion, undefined);
  return { ...object, status: {}, metadata: { ...metadata, managedFields } };
}

/** No field and no mark of anybody else, but for who scales and what controllers write. */
function assertOnlyOurs(object: KubeObject): void {
  const others = managersOf(object).filter((manager) => manager !== 'scaler/Update');
  assert.deepEqual(others, ['evenkeel/Apply']);
  const names = [...Object.keys(labelsOf(object)), ...Object.keys(annotationsOf(object))];
  const foreign = names.filter(
    (name) => !name.startsWith('evenkeel.dev/') && !name.startsWith('deployment.kubernetes.io/'),
  );
  assert.deepEqual(foreign, []);
}

function managersOf(object: KubeObject | undefined): string[] {
  if (object === undefined) return [];
  return managedEntriesOf(object).map(({ manager, operation }) => `${manager}/${operation}`);
}

function containersOf(object: KubeObject | undefined): { name: string; image: string }[] {
  const { template } = object?.['spec'] as { template: { spec: { containers: Record<string, unknown>[] } } };
  return template.spec.containers.map(({ name, image, env }) => ({
    name: String(name),
    image: String(image),
    ...(env === undefined ? {} : { env }),
  }));
}

/** What the last operation says of one object. */
async function resultOf(journey: Journey, name: string): Promise<string> {
  const { status } = await journey.read();
  const rows = status?.operationState?.syncResult?.resources ?? [];
  return rows.find((row) => row['name'] === name)?.['message'] ?? '';
}
