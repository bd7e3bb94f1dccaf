import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { objectAt } from '../../../src/model/json.ts';
import { managedEntriesOf } from '../../../src/model/managed-fields.ts';
import { labelsOf, refOf } from '../../../src/model/object.ts';
import { eventually } from '../../../tools/eventually.ts';
import { serveWidgets } from './custom.ts';
import type { Drifting } from './drifting.ts';
import { drifting, told } from './drifting.ts';
import { configMap, definition, deployment, widget } from '../../apply/objects.ts';
import { installation } from '../../apply/subject.ts';
import type { Scene } from './scene.ts';

/** apply-rules part 1: our ownership, our label or the object itself is gone. */
export function lostRows(scene: () => Scene): void {
  describe('managedFields wiped', () => {
    for (const value of [[{}], []]) {
      it(`${JSON.stringify(value)}: ownership is restored, and what Git drops afterwards goes`, async () => {
        const map = await drifting(scene(), (ns) => configMap(ns, 'map', { a: '1', b: '2' }));
        await map.jsonPatch('wiper', [{ op: 'replace', path: '/metadata/managedFields', value }]);
        await map.jsonPatch('somebody', [{ op: 'add', path: '/data/foreign', value: 'kept' }]);
        assert.deepEqual(told(await map.correct('fingerprint')), { kind: 'shared' });
        assert.deepEqual(await map.subject.requests(), [
          'get configmaps',
          'apply forced configmaps',
          'patch configmaps',
        ]);
        assert.deepEqual(managersOf(await managedFields(map)), ['before-first-apply/Update', 'evenkeel/Apply']);
        await map.staysAsItIs();
        await map.subject.sync(configMap(map.subject.namespace, 'map', { a: '1' }));
        assert.deepEqual((await map.live())['data'], { a: '1', foreign: 'kept' });
        await map.subject.sync(configMap(map.subject.namespace, 'map', {}));
        assert.deepEqual((await map.live())['data'], { foreign: 'kept' });
      });
    }

    it('with a value changed before anybody tracked it', async () => {
      const web = await drifting(scene(), (ns) => deployment(ns, 'web', { replicas: 2 }));
      await web.jsonPatch('wiper', [{ op: 'replace', path: '/metadata/managedFields', value: [{}] }]);
      await web.jsonPatch('somebody', [{ op: 'replace', path: '/spec/replicas', value: 5 }]);
      const correction = await web.correct('fingerprint');
      assert.equal(correction.kind, 'corrected');
      assert.deepEqual('fields' in correction ? correction.fields : [], ['spec.replicas']);
      await web.staysAsItIs();
    });

    it('restored by somebody else first: what co-owns everything is dropped', async () => {
      const map = await drifting(scene(), (ns) => configMap(ns, 'map', { a: '1', b: '2' }));
      await map.jsonPatch('wiper', [{ op: 'replace', path: '/metadata/managedFields', value: [{}] }]);
      await map.applyAs('other', configMap(map.subject.namespace, 'map', { c: '3' }));
      assert.equal((await map.correct('fingerprint')).kind, 'shared');
      assert.deepEqual(managersOf(await managedFields(map)), ['evenkeel/Apply', 'other/Apply']);
      await map.staysAsItIs();
    });
  });

  describe('our tracking label removed or changed', () => {
    const acts = { removed: `${installation.partOfLabel}-`, changed: `${installation.partOfLabel}=other` };
    for (const [what, act] of Object.entries(acts)) {
      it(what, async () => {
        const map = await drifting(scene(), (ns) => configMap(ns, 'map', { a: '1' }));
        const args = ['label', 'configmap', 'map', act, '--overwrite'];
        await map.kubectl(...args);
        const correction = await map.correct('left');
        assert.equal(correction.kind, 'corrected');
        assert.deepEqual('fields' in correction ? correction.fields : [], [
          `metadata.labels[${installation.partOfLabel}]`,
        ]);
        assert.ok(installation.partOfLabel in labelsOf(await map.live()));
        await map.staysAsItIs();
      });
    }
  });

  describe('delete', () => {
    it('is answered by creating it again where that is allowed', async () => {
      const map = await drifting(scene(), (ns) => configMap(ns, 'map', { a: '1' }));
      const before = await map.uid();
      await map.kubectl('delete', 'configmap', 'map');
      const correction = await map.correct('left');
      assert.deepEqual(told(correction), { kind: 'recreated' });
      assert.deepEqual(await map.subject.requests(), ['get configmaps 404', 'apply configmaps']);
      assert.notEqual(await map.uid(), before);
      await map.staysAsItIs();
    });

    it('is only said where the ordered plan has to create it', async () => {
      const map = await drifting(scene(), (ns) => configMap(ns, 'map', { a: '1' }));
      await map.kubectl('delete', 'configmap', 'map');
      assert.deepEqual(told(await map.correct('left', { mayRecreate: () => Promise.resolve(false) })), {
        kind: 'vanished',
      });
      assert.deepEqual(told(await map.correct('left', { mode: 'detect' })), { kind: 'vanished' });
    });

    it('waits for finalizers', async () => {
      const map = await drifting(scene(), (ns) => configMap(ns, 'map', { a: '1' }));
      await map.jsonPatch('somebody', [{ op: 'add', path: '/metadata/finalizers', value: ['example.com/hold'] }]);
      await map.kubectl('delete', 'configmap', 'map', '--wait=false');
      assert.deepEqual(told(await map.correct('fingerprint')), { kind: 'terminating' });
      await map.jsonPatch('somebody', [{ op: 'remove', path: '/metadata/finalizers' }]);
    });
  });

  describe('delete and recreate', () => {
    it('replace --force: ours again, under the new uid', async () => {
      const map = await drifting(scene(), (ns) => configMap(ns, 'map', { a: '1' }));
      const before = await map.uid();
      const foreign = { ...(await map.live()), data: { a: '2' } };
      await map.subject.kubectl(
        ['replace', '--force', '-f', '-'],
        JSON.stringify({ ...foreign, metadata: withoutServerFields(foreign.metadata) }),
      );
      const correction = await map.correct('recreated');
      assert.deepEqual(told(correction), { kind: 'recreated' });
      assert.notEqual(await map.uid(), before);
      assert.equal(map.subject.entry(refOf(map.object)).uid, await map.uid());
      assert.deepEqual((await map.live())['data'], { a: '1' });
      await map.staysAsItIs();
    });

    it('by a controller: never taken', async () => {
      const map = await drifting(scene(), (ns) => configMap(ns, 'map', { a: '1' }));
      const owner = {
        apiVersion: 'v1',
        kind: 'Pod',
        name: 'p',
        uid: '00000000-0000-0000-0000-000000000001',
        controller: true,
      };
      await map.kubectl('delete', 'configmap', 'map');
      const foreign = { ...map.object, metadata: { ...map.object.metadata, ownerReferences: [owner] } };
      await map.subject.kubectl(['create', '-f', '-'], JSON.stringify(foreign));
      const correction = await map.correct('left');
      assert.equal(correction.kind === 'failed' ? correction.error.reason : correction.kind, 'Conflicted');
      assert.deepEqual(await map.subject.requests(), ['get configmaps']);
    });
  });

  it('CRD schema changes from granular to atomic: adopted without a write that changes anything', async () => {
    const group = 'schema.example.com';
    const granular = { type: 'object', additionalProperties: { type: 'string' } };
    await serveWidgets(scene(), group, { map: granular });
    const custom = await drifting(scene(), (namespace) => widget(group, namespace, { map: { a: '1' } }));
    await scene().plane.kubectl(
      ['apply', '--server-side', '-f', '-'],
      JSON.stringify(definition(group, { map: { ...granular, 'x-kubernetes-map-type': 'atomic' } })),
    );
    const before = custom.subject.entry(refOf(custom.object));
    await eventually('the new schema to count', async () => {
      await custom.applyAs('probe', widget(group, custom.subject.namespace, {}));
      const correction = await custom.correct('fingerprint');
      assert.ok(correction.kind === 'unchanged' || correction.kind === 'shared', correction.kind);
      return 'entry' in correction && correction.entry.uid === before.uid;
    });
    assert.deepEqual(objectAt((await custom.live())['spec'], 'map'), { a: '1' });
  });
}

function withoutServerFields(metadata: Record<string, unknown>): Record<string, unknown> {
  const { name, namespace, labels, annotations } = metadata;
  return { name, namespace, labels, annotations };
}

type Entries = ReturnType<typeof managedEntriesOf>;

async function managedFields(drifting: Drifting): Promise<Entries> {
  return managedEntriesOf(await drifting.live());
}

function managersOf(entries: Entries): string[] {
  return entries.map(({ manager, operation }) => `${manager}/${operation}`).sort();
}
