import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { JsonObject } from '../../src/model/json.ts';
import { arrayAt, objectAt, stringAt } from '../../src/model/json.ts';
import { managedEntriesOf } from '../../src/model/managed-fields.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { annotationsOf, uidOf } from '../../src/model/object.ts';
import { OperatorError } from '../../src/model/errors.ts';
import type { Applied } from '../../src/model/outcome.ts';
import { eventually } from '../../tools/eventually.ts';
import { configMap, deployment, namespaceNamed, statefulSet } from '../apply/objects.ts';
import type { ClusterSubject, Scene } from './apply/scene.ts';
import { startScene } from './apply/scene.ts';
import { denyCreation } from './support/deny-creation.ts';
import { immutableRows, withSpec } from './support/immutable-rows.ts';

let scene: Scene;

before(async () => {
  scene = await startScene({ controllerManager: true });
});

after(async () => {
  await scene[Symbol.asyncDispose]();
});

const recreate = { 'evenkeel.dev/policy': 'recreate-if-immutable' };

function annotated(object: KubeObject, annotations: JsonObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, annotations } };
}

const kinds = ({ results }: Applied): string[] => results.map(({ kind }) => kind);

async function refusal(sync: Promise<Applied>): Promise<OperatorError> {
  const error = await sync.then(
    () => assert.fail('it was to be refused'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof OperatorError, String(error));
  return error;
}

async function must(subject: ClusterSubject, object: KubeObject): Promise<KubeObject> {
  const live = await subject.read(object);
  assert.ok(live !== undefined, `${object.metadata.name} is there`);
  return live;
}

/** Syncs as the watches would have it: again when what holds the deletion has gone. */
async function syncUntilDone(subject: ClusterSubject, object: KubeObject): Promise<void> {
  await eventually(`${object.kind} ${object.metadata.name} to be as Git says`, async () => {
    const { results } = await subject.sync(object);
    return results.every((result) => result.kind === 'kept' && result.change.reason === 'inSync');
  });
}

describe('immutable (apply-rules part 4): refused before anything is written, and replaced where that is allowed', () => {
  for (const [what, field, former, wanted] of immutableRows) {
    it(what, { timeout: 120_000 }, async () => {
      const subject = await scene.application();
      const { namespace } = subject;
      const first = former(namespace);
      await subject.sync(first);
      const { uid } = (await must(subject, first)).metadata;
      const beside = configMap(namespace, 'beside', {});
      const error = await refusal(subject.sync(beside, wanted(namespace)));
      assert.deepEqual([error.reason, error.retry], ['ImmutableField', 'interval']);
      assert.match(error.message, field);
      assert.match(error.message, /deploy\.yaml:document 1:line 1.*recreate-if-immutable/);
      assert.equal(await subject.read(beside), undefined);
      assert.equal((await must(subject, first)).metadata['uid'], uid);

      await syncUntilDone(subject, annotated(wanted(namespace), recreate));
      const live = await must(subject, first);
      assert.notEqual(live.metadata['uid'], uid);
      assert.equal(subject.entry(subject.desire(first).ref).uid, live.metadata['uid']);
    });
  }
});

describe('carrying out a replacement', () => {
  const sealed = (ns: string, value: string, more: JsonObject = {}): KubeObject => {
    const object = { ...configMap(ns, 'sealed', { value }), immutable: true };
    return { ...object, metadata: { ...object.metadata, annotations: recreate, ...more } };
  };

  it('Pods that the new object selects go on running, and are its own', { timeout: 120_000 }, async () => {
    const subject = await scene.application();
    const { namespace } = subject;
    const set = (serviceName: string): KubeObject =>
      annotated(statefulSet(namespace, 'db', { serviceName, replicas: 1 }), recreate);
    await subject.sync(set('a'));
    const pod: KubeObject = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'db-0', namespace } };
    const first = await eventually('the Pod', async () => subject.read(pod));
    await syncUntilDone(subject, set('b'));
    const { uid } = (await must(subject, set('b'))).metadata;
    await eventually('the Pod to be adopted', async () => {
      const [owner] = arrayAt((await must(subject, pod)).metadata, 'ownerReferences');
      return stringAt(owner, 'uid') === uid;
    });
    assert.equal(uidOf(await must(subject, pod)), uidOf(first));
  });

  it('Pods that it does not select are gone before it comes', { timeout: 120_000 }, async () => {
    const subject = await scene.application();
    const { namespace } = subject;
    const web = (app: string): KubeObject => ({
      ...deployment(namespace, app, { replicas: 1 }),
      metadata: { name: 'web', namespace, annotations: recreate },
    });
    const pods = async (selector: string): Promise<string> =>
      subject.kubectl(['get', 'pods,replicasets', '-l', selector, '-o', 'name']);
    await subject.sync(web('old'));
    await eventually('a Pod', async () => (await pods('app=old')).includes('pod/'));
    await syncUntilDone(subject, web('new'));
    assert.equal(await pods('app=old'), '');
  });

  it('what a finalizer holds is waited for, and created by the run after', { timeout: 120_000 }, async () => {
    const subject = await scene.application();
    const { namespace } = subject;
    await subject.sync(sealed(namespace, '1', { finalizers: ['example.com/hold'] }));
    const wanted = sealed(namespace, '2');
    assert.deepEqual(kinds(await subject.sync(wanted)), ['terminating']);
    assert.deepEqual(kinds(await subject.sync(wanted)), ['kept']);
    await subject.kubectl(['patch', 'configmap', 'sealed', '--type=merge', '-p', '{"metadata":{"finalizers":null}}']);
    await syncUntilDone(subject, wanted);
    assert.deepEqual((await must(subject, wanted))['data'], { value: '2' });
  });

  it('nothing is deleted when the server would not create it', { timeout: 120_000 }, async () => {
    const subject = await scene.application();
    const { namespace } = subject;
    const web = deployment(namespace, 'web');
    await subject.sync(web);
    const { uid } = (await must(subject, web)).metadata;
    const wrong = annotated(withSpec(web, { selector: { matchLabels: { app: 'elsewhere' } } }), recreate);
    const error = await refusal(subject.sync(wrong));
    assert.equal(error.reason, 'InvalidObject');
    assert.match(error.message, /deleted and created anew, and the server refuses the creation: .*selector/);
    assert.equal((await must(subject, web)).metadata['uid'], uid);
  });

  it(
    'the former object is put back when the creation is refused after all, and not tried again',
    { timeout: 120_000 },
    async () => {
      const subject = await scene.application();
      const { namespace } = subject;
      await subject.sync(sealed(namespace, '1'));
      const allow = await denyCreation(scene.plane, namespace, 'sealed', '2');
      const wanted = sealed(namespace, '2');
      const { results } = await subject.sync(wanted);
      const [failed] = results;
      assert.ok(failed?.kind === 'failed');
      assert.match(failed.error.message, /server refused to create it anew: .*nobody.*The former object was put back/);
      const back = await must(subject, wanted);
      assert.deepEqual(back['data'], { value: '1' });
      assert.equal(subject.entry(subject.desire(wanted).ref).uid, uidOf(back), 'it is on record');
      assert.match((await refusal(subject.sync(wanted))).message, /failed before/);
      assert.equal(uidOf(await must(subject, wanted)), uidOf(back));

      await allow();
      await syncUntilDone(subject, sealed(namespace, '3'));
      const live = await must(subject, wanted);
      assert.deepEqual(
        [live['data'], annotationsOf(live)['evenkeel.dev/replacement-failed']],
        [{ value: '3' }, undefined],
      );
    },
  );

  it('never what is protected, and never what somebody else made', { timeout: 120_000 }, async () => {
    const subject = await scene.application();
    const { namespace } = subject;
    await subject.sync(sealed(namespace, '1'));
    await subject.kubectl(['annotate', 'configmap', 'sealed', 'evenkeel.dev/protect=true']);
    assert.match((await refusal(subject.sync(sealed(namespace, '2')))).message, /annotation evenkeel\.dev\/protect/);
    await subject.kubectl(['delete', 'configmap', 'sealed']);
    const theirs = JSON.stringify({ ...configMap(namespace, 'sealed', { value: 'theirs' }), immutable: true });
    await subject.kubectl(['create', '-f', '-'], theirs);
    assert.match((await refusal(subject.sync(sealed(namespace, '2')))).message, /not on the record/);
    assert.deepEqual((await must(subject, sealed(namespace, '2')))['data'], { value: 'theirs' });
  });
});

describe('62. Replace beats apply; with Force: delete, create; CRD and Namespace are updated', () => {
  const map = (ns: string, value: string, options: string): KubeObject =>
    annotated(configMap(ns, 'map', { value }), { 'argocd.argoproj.io/sync-options': options });

  it(
    'Replace=true removes what Git does not say, whoever set it, and our entry has what Git says',
    { timeout: 120_000 },
    async () => {
      const subject = await scene.application();
      const { namespace } = subject;
      await subject.sync(map(namespace, '1', 'Replace=true'));
      const first = await must(subject, map(namespace, '1', ''));
      await subject.kubectl(['patch', 'configmap', 'map', '--type=merge', '-p', '{"data":{"theirs":"x"}}']);
      assert.deepEqual(
        kinds(await subject.sync(map(namespace, '1', 'Replace=true'))),
        ['kept'],
        'no difference by itself',
      );
      await subject.scene.plane.forgetRequests();
      assert.deepEqual(kinds(await subject.sync(map(namespace, '2', 'Replace=true'))), ['applied']);
      const sent = (await subject.requests()).filter((request) => !request.startsWith('get'));
      assert.deepEqual(sent, [
        'dry-run configmaps',
        'update configmaps',
        'patch configmaps',
        'apply forced configmaps',
      ]);
      const live = await must(subject, first);
      assert.deepEqual([live['data'], uidOf(live)], [{ value: '2' }, uidOf(first)]);
      const entries = managedEntriesOf(live).map(({ manager, operation }) => `${manager}/${operation}`);
      assert.deepEqual(entries, ['evenkeel/Apply']);
      assert.deepEqual(kinds(await subject.sync(map(namespace, '2', 'Replace=true'))), ['kept']);
    },
  );

  it('with Force=true it is deleted and created', { timeout: 120_000 }, async () => {
    const subject = await scene.application();
    const { namespace } = subject;
    const options = 'Replace=true,Force=true';
    await subject.sync(map(namespace, '1', options));
    const first = await must(subject, map(namespace, '1', options));
    assert.deepEqual(kinds(await subject.sync(map(namespace, '2', options))), ['applied']);
    const live = await must(subject, first);
    assert.deepEqual(live['data'], { value: '2' });
    assert.notEqual(uidOf(live), uidOf(first));
  });

  it('a Namespace is updated', { timeout: 120_000 }, async () => {
    const subject = await scene.application();
    const place = (team: string): KubeObject => {
      const { metadata, ...rest } = namespaceNamed(`${subject.namespace}-inner`);
      const annotations = { 'evenkeel.dev/sync-options': 'Replace=true,Force=true' };
      return { ...rest, apiVersion: 'v1', kind: 'Namespace', metadata: { ...metadata, labels: { team }, annotations } };
    };
    await subject.sync(place('a'));
    const first = await must(subject, place('a'));
    assert.deepEqual(kinds(await subject.sync(place('b'))), ['applied']);
    const live = await must(subject, first);
    assert.deepEqual([uidOf(live), objectAt(live.metadata, 'labels')['team']], [uidOf(first), 'b']);
  });
});
