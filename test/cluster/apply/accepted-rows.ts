import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../../src/model/json.ts';
import { arrayAt, objectAt } from '../../../src/model/json.ts';
import type { KubeObject } from '../../../src/model/object.ts';
import { configMap, service } from '../../apply/objects.ts';
import { drifting } from './drifting.ts';
import type { ClusterSubject, Scene } from './scene.ts';

/** apply-rules parts 4, 7 and 8: what the server would take otherwise than it is meant, and what is done before. */
export function acceptedRows(scene: () => Scene): void {
  describe('what is changed before it is sent', () => {
    it('protocol omitted in Service ports: ours by its full key', async () => {
      const subject = await scene().application();
      const live = await applied(subject, service(subject.namespace, 'web', { app: 'web' }));
      assert.equal((arrayAt(live['spec'], 'ports')[0] as JsonObject)['protocol'], 'TCP');
      await onlyKeeps(subject, service(subject.namespace, 'web', { app: 'web' }));
    });

    it('same port TCP and UDP', async () => {
      const subject = await scene().application();
      const ports = ['TCP', 'UDP'].map((protocol) => ({ name: protocol.toLowerCase(), port: 53, protocol }));
      const dns = { ...service(subject.namespace, 'dns', {}), spec: { selector: { app: 'dns' }, ports } };
      const live = await applied(subject, dns);
      assert.equal(arrayAt(live['spec'], 'ports').length, 2);
      await onlyKeeps(subject, dns);
    });

    it('Secret stringData becomes data: a key that Git drops goes', async () => {
      const subject = await scene().application();
      const live = await applied(subject, secret(subject.namespace, { a: '1', b: '2' }));
      assert.deepEqual(live['data'], { a: 'MQ==', b: 'Mg==' });
      const next = await applied(subject, secret(subject.namespace, { a: '1' }));
      assert.deepEqual(next['data'], { a: 'MQ==' });
    });

    it('status, metadata.managedFields and creationTimestamp: null in manifests are stripped', async () => {
      const subject = await scene().application();
      const map = configMap(subject.namespace, 'map', { a: '1' });
      const metadata = { ...map.metadata, creationTimestamp: null, managedFields: [{ manager: 'x' }], uid: 'x' };
      const live = await applied(subject, { ...map, metadata, status: { phase: 'x' } });
      assert.deepEqual(live['data'], { a: '1' });
      await onlyKeeps(subject, map);
    });

    it('null for a field: absent, and not owned', async () => {
      const subject = await scene().application();
      const { spec, ...rest } = service(subject.namespace, 'web', { app: 'web' });
      const live = await applied(subject, {
        ...rest,
        spec: { ...objectAt({ spec: spec ?? {} }, 'spec'), externalName: null },
      });
      assert.ok(!JSON.stringify(live.metadata['managedFields']).includes('f:externalName'));
    });
  });

  describe('three ways: desired, live, and what we own', () => {
    it('value wanted and live, not ours: shared, nothing changes', async () => {
      const subject = await scene().application();
      await subject.kubectl(['create', 'configmap', 'map', '--from-literal=a=1']);
      const live = await applied(subject, configMap(subject.namespace, 'map', { a: '1' }));
      assert.deepEqual(live['data'], { a: '1' });
      await onlyKeeps(subject, configMap(subject.namespace, 'map', { a: '1' }));
    });

    it('not wanted, ours alone: removed', async () => {
      const map = await drifting(scene(), (ns) => configMap(ns, 'map', { a: '1', b: '2' }));
      await map.subject.sync(configMap(map.subject.namespace, 'map', { a: '1' }));
      assert.deepEqual((await map.live())['data'], { a: '1' });
    });

    it('not wanted, not ours: kept, and no difference', async () => {
      const map = await drifting(scene(), (ns) => configMap(ns, 'map', { a: '1' }));
      await map.kubectl('patch', 'configmap', 'map', '-p', '{"data":{"theirs":"x"}}');
      await onlyKeeps(map.subject, configMap(map.subject.namespace, 'map', { a: '1' }));
      assert.deepEqual((await map.live())['data'], { a: '1', theirs: 'x' });
    });
  });
}

function secret(namespace: string, stringData: JsonObject): KubeObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'secret', namespace }, stringData };
}

async function applied(subject: ClusterSubject, object: KubeObject): Promise<KubeObject> {
  for (const result of (await subject.sync(object)).results) if (result.kind === 'failed') throw result.error;
  const live = await subject.read(object);
  assert.ok(live !== undefined);
  return live;
}

async function onlyKeeps(subject: ClusterSubject, object: KubeObject): Promise<void> {
  const { changes } = await subject.plan(object);
  assert.deepEqual(
    changes.map((change) => (change.kind === 'keep' ? change.reason : change.kind)),
    ['inSync'],
  );
}
