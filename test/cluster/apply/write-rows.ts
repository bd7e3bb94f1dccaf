import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Cluster } from '../../../src/kube/cluster.ts';
import type { JsonObject } from '../../../src/model/json.ts';
import { arrayAt, isJsonObject, objectAt } from '../../../src/model/json.ts';
import { managedEntriesOf } from '../../../src/model/managed-fields.ts';
import { annotationsOf, labelsOf, uidOf } from '../../../src/model/object.ts';
import type { KubeObject } from '../../../src/model/object.ts';
import type { Applied } from '../../../src/model/outcome.ts';
import { mutateConfigMaps } from './admission.ts';
import { drifting } from './drifting.ts';
import { autoscaler, configMap, deployment, service, statefulSet } from '../../apply/objects.ts';
import { installation } from '../../apply/subject.ts';
import type { Scene } from './scene.ts';

/** apply-rules parts 3, 4 and 5: how we write, what the server refuses, and how ownership changes hands. */
export function writeRows(scene: () => Scene): void {
  it('nothing is written over an object that changed since it was looked at', async () => {
    const map = await drifting(scene(), (ns) => configMap(ns, 'map', { a: '1' }));
    const { subject } = map;
    const plan = await subject.plan(configMap(subject.namespace, 'map', { a: '2' }));
    await map.jsonPatch('somebody', [{ op: 'add', path: '/data/b', value: 'newer' }]);
    await subject.scene.plane.forgetRequests();
    assert.deepEqual(kinds(await subject.apply(plan)), ['applied']);
    const expected = ['apply forced configmaps 409', 'get configmaps', 'apply forced configmaps'];
    assert.deepEqual(await subject.requests(), expected);
    assert.deepEqual((await map.live())['data'], { a: '2', b: 'newer' });
  });

  it('an object that was recreated since it was looked at is planned anew', async () => {
    const map = await drifting(scene(), (ns) => configMap(ns, 'map', { a: '1' }));
    const { subject } = map;
    const plan = await subject.plan(configMap(subject.namespace, 'map', { a: '2' }));
    await map.kubectl('delete', 'configmap', 'map');
    await map.kubectl('create', 'configmap', 'map', '--from-literal=a=foreign');
    assert.deepEqual(kinds(await subject.apply(plan)), ['applied']);
    assert.deepEqual((await map.live())['data'], { a: '2' });
  });

  it('8 creations and 16 forced applies of one object at once: all succeed', async () => {
    const { namespace } = await scene().application();
    const apply = (n: number): ReturnType<Cluster['apply']> =>
      scene().cluster.apply(configMap(namespace, 'map', { a: String(n) }), {
        manager: installation.manager,
        force: true,
      });
    const created = await Promise.all(Array.from({ length: 8 }, (_, n) => apply(n)));
    assert.equal(new Set(created.map(({ object }) => uidOf(object))).size, 1);
    await Promise.all(Array.from({ length: 16 }, (_, n) => apply(n)));
  });

  it('an object that is being deleted: an apply would change nothing about its end, and none is sent', async () => {
    const map = await drifting(scene(), (ns) => configMap(ns, 'map', { a: '1' }));
    const { subject } = map;
    const first = await map.uid();
    await map.jsonPatch('somebody', [{ op: 'add', path: '/metadata/finalizers', value: ['example.com/hold'] }]);
    await map.kubectl('delete', 'configmap', 'map', '--wait=false');
    await map.applyAs('other', configMap(subject.namespace, 'map', { b: '2' }));
    const { deletionTimestamp } = (await map.live()).metadata;
    assert.ok(deletionTimestamp !== undefined);
    const wanted = configMap(subject.namespace, 'map', { a: '2' });
    const [change] = (await subject.sync(wanted)).plan.changes;
    assert.equal(change?.kind === 'keep' ? change.reason : change?.kind, 'terminating');
    assert.deepEqual((await map.live())['data'], { a: '1', b: '2' });
    await map.jsonPatch('somebody', [{ op: 'remove', path: '/metadata/finalizers' }]);
    assert.equal(await subject.read(wanted), undefined);
    assert.deepEqual(kinds(await subject.sync(wanted)), ['applied']);
    assert.notEqual(await map.uid(), first);
    assert.deepEqual((await map.live())['data'], { a: '2' });
  });

  it('every write is announced, and the last answer is what is expected from then on', async () => {
    const map = await drifting(scene(), (ns) => configMap(ns, 'map', { a: '1' }));
    const { writes, app } = map.subject;
    assert.equal(writes.open, 0);
    assert.deepEqual(
      writes.answered.map(({ fp }) => fp),
      app.record.map(({ fp }) => fp),
    );
  });

  it('admission replaces our value at our write: reported, accepted, no loop', async () => {
    const stop = await mutateConfigMaps(scene(), 'overriding', "Object{data: {'a': 'admitted'}}");
    try {
      const subject = await scene().application();
      const map = configMap(subject.namespace, 'map', { a: '1', policy: 'overriding' });
      const { overrides } = await subject.sync(map);
      assert.deepEqual(
        overrides.map(({ path, sent, got }) => ({ path, sent, got })),
        [{ path: 'data.a', sent: '1', got: 'admitted' }],
      );
      assert.deepEqual(kinds(await subject.sync(map)), ['kept']);
    } finally {
      await stop();
    }
  });

  it('RollingUpdate (defaulted) to Recreate', async () => {
    const web = await drifting(scene(), (ns) => deployment(ns, 'web'));
    const { subject } = web;
    const plan = await subject.plan(deployment(subject.namespace, 'web', { strategy: { type: 'Recreate' } }));
    await subject.scene.plane.forgetRequests();
    await subject.apply(plan);
    const expected = ['patch deployments', 'patch deployments', 'apply forced deployments'];
    assert.deepEqual(await subject.requests(), expected);
    assert.deepEqual(objectAt((await web.live())['spec'], 'strategy'), { type: 'Recreate' });
    assert.deepEqual(managersOf(await web.live()), ['evenkeel/Apply']);
  });

  it('OnDelete in a StatefulSet: the same for every defaulted union', async () => {
    const db = await drifting(scene(), (ns) => statefulSet(ns, 'db', { serviceName: 'db' }));
    const { subject } = db;
    const wanted = statefulSet(subject.namespace, 'db', { serviceName: 'db', updateStrategy: { type: 'OnDelete' } });
    assert.deepEqual(kinds(await subject.sync(wanted)), ['applied']);
    assert.deepEqual(objectAt((await db.live())['spec'], 'updateStrategy'), { type: 'OnDelete' });
  });

  it('key of a list item changed by somebody', async () => {
    const ports = [{ name: 'p1', containerPort: 1 }];
    const web = await drifting(scene(), (ns) => deployment(ns, 'web', { container: { ports } }));
    await web.jsonPatch('somebody', [
      { op: 'replace', path: '/spec/template/spec/containers/0/ports/0/containerPort', value: 2 },
    ]);
    const correction = await web.correct('fingerprint');
    assert.equal(correction.kind, 'corrected');
    const requests = await web.subject.requests();
    assert.deepEqual(requests, ['get deployments', 'apply deployments 422', 'patch deployments', 'apply deployments']);
    assert.deepEqual(containerOf(await web.live())['ports'], [{ name: 'p1', containerPort: 1, protocol: 'TCP' }]);
    await web.staysAsItIs();
  });

  it('key of the only item of a list that must not be empty, changed by somebody', async () => {
    const web = await drifting(scene(), (ns) => service(ns, 'web', { app: 'web' }));
    await web.jsonPatch('somebody', [{ op: 'replace', path: '/spec/ports/0/port', value: 81 }]);
    const correction = await web.correct('fingerprint');
    assert.equal(correction.kind, 'corrected');
    const requests = await web.subject.requests();
    assert.deepEqual(requests, ['get services', 'apply services 422', 'patch services', 'apply services']);
    const ports = arrayAt((await web.live())['spec'], 'ports').filter(isJsonObject);
    assert.deepEqual(
      ports.map(({ port }) => port),
      [80],
    );
    await web.staysAsItIs();
  });

  it('422 while a foreign entry exists: what somebody added makes the whole invalid', async () => {
    const probe = (kind: JsonObject): JsonObject => ({ container: { livenessProbe: kind } });
    const web = await drifting(scene(), (ns) => deployment(ns, 'web', probe({ httpGet: { path: '/', port: 80 } })));
    await web.jsonPatch('somebody', [
      { op: 'replace', path: '/spec/template/spec/containers/0/livenessProbe', value: { exec: { command: ['true'] } } },
    ]);
    assert.equal((await web.correct('fingerprint')).kind, 'corrected');
    const { livenessProbe } = containerOf(await web.live());
    assert.ok(!('exec' in (livenessProbe as JsonObject)));
    await web.staysAsItIs();
  });

  it('what the server refuses for our own fault is not repaired by taking over fields', async () => {
    const web = await drifting(scene(), (ns) => deployment(ns, 'web'));
    const { subject } = web;
    await web.kubectl('patch', 'deployment', 'web', '-p', '{"spec":{"paused":true}}');
    const wrong = deployment(subject.namespace, 'web', { replicas: -1 });
    await assert.rejects(subject.sync(wrong), { reason: 'InvalidObject', step: 'preflight' });
    assert.ok(managersOf(await web.live()).includes('kubectl-patch/Update'));
  });

  it('a map that Git wrote empty is filled by Git', async () => {
    const map = await drifting(scene(), (ns) => configMap(ns, 'map', {}));
    await map.subject.sync(configMap(map.subject.namespace, 'map', { a: '1' }));
    assert.deepEqual((await map.live())['data'], { a: '1' });
  });

  it('unowned Service clusterIP is left alone', async () => {
    const web = await drifting(scene(), (ns) => service(ns, 'web', { app: 'web' }));
    await web.leftAlone('unverifiable', ['get services']);
  });

  describe('taking over', () => {
    it('an object of client-side kubectl apply: its fields become ours, and what Git does not have goes', async () => {
      const subject = await scene().application();
      const before = configMap(subject.namespace, 'map', { a: 'x', dropped: 'x' }, { old: 'label' });
      await subject.kubectl(['apply', '-f', '-'], JSON.stringify(before));
      const map = configMap(subject.namespace, 'map', { a: '1' });
      assert.deepEqual(kinds(await subject.sync(map)), ['applied']);
      const live = await subject.read(map);
      assert.ok(live !== undefined);
      assert.deepEqual(live['data'], { a: '1' });
      assert.deepEqual(managersOf(live), ['evenkeel/Apply']);
      assert.ok(!('kubectl.kubernetes.io/last-applied-configuration' in annotationsOf(live)));
    });

    it('an object of kubectl create: what it has beside Git stays', async () => {
      const subject = await scene().application();
      await subject.kubectl(['create', 'configmap', 'map', '--from-literal=a=x', '--from-literal=b=kept']);
      const map = configMap(subject.namespace, 'map', { a: '1' });
      assert.deepEqual(kinds(await subject.sync(map)), ['applied']);
      assert.deepEqual((await subject.read(map))?.['data'], { a: '1', b: 'kept' });
    });

    it('never what a subresource or kube-controller-manager has set', async () => {
      const subject = await scene().application();
      const { namespace } = subject;
      await subject.kubectl(
        ['apply', '-f', '-'],
        JSON.stringify(deployment(namespace, 'web', { labels: { old: 'x' } })),
      );
      await subject.kubectl(['scale', 'deployment', 'web', '--replicas=5']);
      const revision = '{"metadata":{"annotations":{"deployment.kubernetes.io/revision":"3"}}}';
      const controller = '--field-manager=kube-controller-manager';
      await subject.kubectl(['patch', 'deployment', 'web', '-p', revision, controller]);
      assert.deepEqual(kinds(await subject.sync(deployment(namespace, 'web'))), ['applied']);
      const live = await subject.read(deployment(namespace, 'web'));
      assert.ok(live !== undefined);
      assert.deepEqual(managersOf(live).toSorted(), [
        'evenkeel/Apply',
        'kube-controller-manager/Update',
        'kubectl/Update',
      ]);
      assert.equal(objectAt(live, 'spec')['replicas'], 5);
      assert.equal(annotationsOf(live)['deployment.kubernetes.io/revision'], '3');
      assert.ok(!('old' in labelsOf(live)));
    });

    it('never from a controller, nor from another tool', async () => {
      const subject = await scene().application();
      const metadata = {
        name: 'map',
        namespace: subject.namespace,
        annotations: { 'meta.helm.sh/release-name': 'shop' },
      };
      const foreign = { ...configMap(subject.namespace, 'map', { a: 'x' }), metadata };
      await subject.kubectl(['create', '-f', '-'], JSON.stringify(foreign));
      const map = configMap(subject.namespace, 'map', { a: '1' });
      await assert.rejects(subject.sync(map), { reason: 'Conflicted', message: /Helm/ });
      assert.deepEqual((await subject.read(map))?.['data'], { a: 'x' });
    });
  });

  it('dropping a field that another applier shares: it stays, and the result says by whom it is kept', async () => {
    const map = await drifting(scene(), (ns) => configMap(ns, 'map', { a: '1', b: '2' }));
    const { subject } = map;
    await map.applyAs('other', configMap(subject.namespace, 'map', { b: '2' }));
    const { results } = await subject.sync(configMap(subject.namespace, 'map', { a: '1' }));
    const [result] = results;
    assert.match(result?.kind === 'applied' ? (result.message ?? '') : '', /data\.b is kept by other/);
    assert.deepEqual((await map.live())['data'], { a: '1', b: '2' });
  });

  it('applying with another apiVersion: the entry moves, nothing is left behind', async () => {
    const scaler = await drifting(scene(), (ns) => autoscaler(ns, 'web', 'autoscaling/v1'));
    const { subject } = scaler;
    assert.deepEqual(kinds(await subject.sync(autoscaler(subject.namespace, 'web', 'autoscaling/v2'))), ['applied']);
    const ours = managedEntriesOf(await scaler.live()).filter(({ manager }) => manager === installation.manager);
    assert.deepEqual(
      ours.map(({ apiVersion }) => apiVersion),
      ['autoscaling/v2'],
    );
  });
}

function kinds({ results }: Applied): string[] {
  for (const result of results) if (result.kind === 'failed') throw result.error;
  return results.map(({ kind }) => kind);
}

function containerOf(object: KubeObject): JsonObject {
  const podSpec = objectAt(objectAt(object['spec'], 'template'), 'spec');
  return arrayAt(podSpec, 'containers')[0] as JsonObject;
}

function managersOf(object: KubeObject): string[] {
  return managedEntriesOf(object).map(({ manager, operation }) => `${manager}/${operation}`);
}
