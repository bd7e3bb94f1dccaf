import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../../src/model/json.ts';
import { arrayAt, objectAt } from '../../../src/model/json.ts';
import type { KubeObject } from '../../../src/model/object.ts';
import { eventually } from '../../../tools/eventually.ts';
import { configMap, definition, deployment, service, widget } from '../../apply/objects.ts';
import { serveWidgets } from './custom.ts';
import type { ClusterSubject, Scene } from './scene.ts';

/** apply-rules parts 4 and 8: what the server would take otherwise than it is meant, and what is done before. */
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

    it("status and what is the server's in metadata (managedFields, uid, resourceVersion, creationTimestamp: null): stripped", async () => {
      const subject = await scene().application();
      const map = configMap(subject.namespace, 'map', { a: '1' });
      const servers = { creationTimestamp: null, managedFields: [{ manager: 'x' }], uid: 'x', resourceVersion: '1' };
      const metadata = { ...map.metadata, ...servers };
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

    it('null for a field of a custom resource, which the server refuses: absent', async () => {
      const group = 'nulls.example.com';
      await serveWidgets(scene(), group, { size: { type: 'integer' }, note: { type: 'string' } });
      const subject = await scene().application();
      const wanted = widget(group, subject.namespace, { size: null, note: 'x' });
      const path = `/apis/${group}/v1/namespaces/${subject.namespace}/widgets/one?fieldManager=somebody`;
      const contentType = 'application/apply-patch+yaml';
      const refused = await scene().plane.api.send({ method: 'PATCH', path, body: wanted, contentType });
      assert.equal(refused.status, 422);
      assert.deepEqual((await applied(subject, wanted))['spec'], { note: 'x' });
      await onlyKeeps(subject, wanted);
    });

    it('null for a field that its schema calls nullable: it stays, is ours, and is put back', async () => {
      const group = 'nullable.example.com';
      await serveWidgets(scene(), group, { size: { type: 'integer', nullable: true }, note: { type: 'string' } });
      const subject = await scene().application();
      const published = () => scene().cluster.schemaOf({ group, kind: 'Widget' }, `${group}/v1`);
      subject.schema = await eventually('the schema to be published', published);
      const wanted = widget(group, subject.namespace, { size: null, note: null });
      assert.deepEqual((await applied(subject, wanted))['spec'], { size: null });
      await onlyKeeps(subject, wanted);
      await subject.kubectl(['patch', 'widget', 'one', '--type=merge', '-p', '{"spec":{"size":3}}']);
      assert.deepEqual((await applied(subject, wanted))['spec'], { size: null });
    });

    it('empty labels and annotations, which the server drops at some writes: neither is ours', async () => {
      const subject = await scene().application();
      const { metadata, ...map } = configMap(subject.namespace, 'map', { a: '1' });
      const wanted = { ...map, metadata: { ...metadata, labels: {}, annotations: null } };
      await applied(subject, wanted);
      await subject.kubectl(['label', 'configmap', 'map', 'team=x']);
      await onlyKeeps(subject, wanted);
    });

    it('serviceAccountName: the alias that the server fills in goes with it', async () => {
      const subject = await scene().application();
      const podSpec = { serviceAccountName: 'web' };
      const live = await applied(subject, deployment(subject.namespace, 'web', { podSpec }));
      assert.equal(podSpecOf(live)['serviceAccount'], 'web');
      const next = podSpecOf(await applied(subject, deployment(subject.namespace, 'web')));
      assert.deepEqual([next['serviceAccount'], next['serviceAccountName']], [undefined, undefined]);
    });

    it('preserveUnknownFields: false in a definition, which the server drops', async () => {
      const subject = await scene().application();
      const made = definition('preserved.example.com', { size: { type: 'integer' } });
      const wanted = { ...made, spec: { ...objectAt(made, 'spec'), preserveUnknownFields: false } };
      await applied(subject, wanted);
      await onlyKeeps(subject, wanted);
    });

    it('a caBundle in a definition that is no certificate, which the server refuses', async () => {
      const subject = await scene().application();
      const made = definition('converted.example.com', { size: { type: 'integer' } });
      const clientConfig = { url: 'https://converted.example.com/convert', caBundle: 'Cg==' };
      const conversion = { strategy: 'Webhook', webhook: { clientConfig, conversionReviewVersions: ['v1'] } };
      const wanted = { ...made, spec: { ...objectAt(made, 'spec'), conversion } };
      await applied(subject, wanted);
      await onlyKeeps(subject, wanted);
    });

    it('rules of an aggregated ClusterRole: not ours', async () => {
      const subject = await scene().application();
      const name = `aggregated-${subject.namespace}`;
      const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
      const clusterRoleSelectors = [{ matchLabels: { 'example.com/aggregate': name } }];
      const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name } };
      const wanted = { ...role, aggregationRule: { clusterRoleSelectors }, rules };
      assert.deepEqual((await applied(subject, wanted))['rules'] ?? null, null);
      await subject.kubectl(['patch', 'clusterrole', name, '--type=merge', '-p', JSON.stringify({ rules })]);
      await onlyKeeps(subject, wanted);
    });

    it('our labels are on the object, not in its pod template nor in its selector', async () => {
      const subject = await scene().application();
      const live = await applied(subject, deployment(subject.namespace, 'web'));
      assert.notDeepEqual(objectAt(live.metadata, 'labels'), {});
      const { selector, template } = objectAt(live, 'spec');
      assert.deepEqual(objectAt(objectAt(template, 'metadata'), 'labels'), { app: 'web' });
      assert.deepEqual(selector, { matchLabels: { app: 'web' } });
    });
  });
}

function secret(namespace: string, stringData: JsonObject): KubeObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'secret', namespace }, stringData };
}

function podSpecOf(workload: KubeObject): JsonObject {
  return objectAt(objectAt(objectAt(workload, 'spec'), 'template'), 'spec');
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
