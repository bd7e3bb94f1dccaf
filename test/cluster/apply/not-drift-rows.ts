import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { objectAt } from '../../../src/model/json.ts';
import { managedEntriesOf } from '../../../src/model/managed-fields.ts';
import { resourceVersionOf } from '../../../src/model/object.ts';
import { drifting, told } from './drifting.ts';
import { autoscaler, claim, configMap, deployment } from '../../apply/objects.ts';
import { mutateConfigMaps } from './admission.ts';
import { installation } from '../../apply/subject.ts';
import type { Scene } from './scene.ts';
import { operator } from './scene.ts';

/** apply-rules part 1: foreign acts that are no drift. One look, at most one verify, no resourceVersion moved by us. */
export function notDriftRows(scene: () => Scene): void {
  describe('item added to an associative list or a set, key added to a granular map, unowned field set', () => {
    const acts = {
      'a sidecar': { op: 'add', path: '/spec/template/spec/containers/-', value: { name: 'side', image: 'side:1' } },
      'an env item': { op: 'add', path: '/spec/template/spec/containers/0/env/-', value: { name: 'X', value: '1' } },
      'a finalizer': { op: 'add', path: '/metadata/finalizers', value: ['example.com/hold'] },
      'a label': { op: 'add', path: '/metadata/labels/team', value: 'x' },
      'a field that is not ours': { op: 'replace', path: '/spec/replicas', value: 4 },
    };
    for (const [what, operation] of Object.entries(acts)) {
      it(what, async () => {
        const env = [{ name: 'A', value: '1' }];
        const web = await drifting(scene(), (ns) => deployment(ns, 'web', { container: { env } }));
        await web.jsonPatch('somebody', [operation]);
        await web.leftAlone('generation', ['get deployments']);
      });
    }
  });

  it('rollout restart', async () => {
    const web = await drifting(scene(), (ns) => deployment(ns, 'web'));
    await web.kubectl('rollout', 'restart', 'deployment/web');
    await web.leftAlone('generation', ['get deployments']);
  });

  it('scale of a field that we do not own', async () => {
    const web = await drifting(scene(), (ns) => deployment(ns, 'web'));
    await web.kubectl('scale', 'deployment', 'web', '--replicas=5');
    await web.leftAlone('generation', ['get deployments']);
    assert.equal(objectAt(await web.live(), 'spec')['replicas'], 5);
  });

  it('status writes, heartbeats', async () => {
    const web = await drifting(scene(), (ns) => deployment(ns, 'web'));
    await web.kubectl(
      'patch',
      'deployment',
      'web',
      '--subresource=status',
      '-p',
      '{"status":{"observedGeneration":1}}',
    );
    await web.leftAlone('unverifiable', ['get deployments']);
  });

  it('SSA by another manager, same value', async () => {
    const map = await drifting(scene(), (ns) => configMap(ns, 'map', { a: '1' }));
    await map.applyAs('other', map.object);
    await map.leftAlone('foreignEntry', ['get configmaps']);
  });

  it('value changed and changed back: ownership is shared again, without force', async () => {
    const map = await drifting(scene(), (ns) => configMap(ns, 'map', { a: '1' }));
    for (const value of ['2', '1']) await map.jsonPatch('somebody', [{ op: 'replace', path: '/data/a', value }]);
    assert.deepEqual(told(await map.correct('fingerprint')), { kind: 'shared' });
    assert.deepEqual(await map.subject.requests(), ['get configmaps', 'apply configmaps']);
    await map.staysAsItIs();
  });

  it('mutating admission changes our field at our write: accepted, we stay the owner', async () => {
    const stop = await mutateConfigMaps(scene(), 'stamped', "Object{data: {'a': 'stamped'}}");
    try {
      const map = await drifting(scene(), (ns) => configMap(ns, 'map', { a: '1', policy: 'stamped' }));
      assert.deepEqual((await map.live())['data'], { a: 'stamped', policy: 'stamped' });
      await map.jsonPatch('somebody', [{ op: 'add', path: '/data/b', value: '2' }]);
      await map.leftAlone('foreignEntry', ['get configmaps', 'apply configmaps']);
    } finally {
      await stop();
    }
  });

  it("mutating admission changes our field at somebody else's write only: put back by the verify", async () => {
    const others = `request.userInfo.username != '${operator}'`;
    const stop = await mutateConfigMaps(scene(), 'meddling', "Object{data: {'a': 'meddled'}}", others);
    try {
      const map = await drifting(scene(), (ns) => configMap(ns, 'map', { a: '1', policy: 'meddling' }));
      await map.jsonPatch('somebody', [{ op: 'add', path: '/data/b', value: '2' }]);
      assert.deepEqual((await map.live())['data'], { a: 'meddled', b: '2', policy: 'meddling' });
      const requests = ['get configmaps', 'apply configmaps'];
      await map.healed('foreignEntry', { fields: ['data.a'], by: 'somebody/Update', requests });
    } finally {
      await stop();
    }
  });

  it('a policy that stamps a field of ours on every write: one verify per suspicion, no drift, no loop', async () => {
    const stamp = "Object{data: {'a': has(object.metadata.resourceVersion) ? object.metadata.resourceVersion : 'new'}}";
    const stop = await mutateConfigMaps(scene(), 'stamping', stamp);
    try {
      const map = await drifting(scene(), (ns) => configMap(ns, 'map', { a: '1', policy: 'stamping' }));
      await map.jsonPatch('somebody', [{ op: 'add', path: '/data/b', value: '2' }]);
      assert.deepEqual(told(await map.correct('foreignEntry')), { kind: 'unchanged' });
      assert.deepEqual(await map.subject.requests(), ['get configmaps', 'apply configmaps']);
    } finally {
      await stop();
    }
  });

  it('doubtful equality (quantities) is settled by one verify; a PersistentVolumeClaim is never applied blindly', async () => {
    const data = await drifting(scene(), (ns) => claim(ns, 'data', '1024Mi'));
    const before = await data.live();
    await data.jsonPatch('somebody', [{ op: 'add', path: '/metadata/labels/team', value: 'x' }]);
    assert.notEqual(resourceVersionOf(await data.live()), resourceVersionOf(before));
    const correction = await data.correct('foreignEntry');
    assert.deepEqual(told(correction), { kind: 'unchanged' });
    const requests = await data.subject.requests();
    assert.ok(!requests.some((request) => request.startsWith('apply')), requests.join());
  });

  it('read through another apiVersion: the entry keeps the version it was applied with', async () => {
    const scaler = await drifting(scene(), (ns) => autoscaler(ns, 'web', 'autoscaling/v1'));
    await scaler.kubectl('get', 'hpa.v2.autoscaling', 'web');
    await scaler.leftAlone('unverifiable', ['get horizontalpodautoscalers']);
  });

  it('more than 10 Update managers: ours is never merged into ancient-changes', async () => {
    const map = await drifting(scene(), (ns) => configMap(ns, 'map', { a: '1' }));
    for (let i = 0; i < 12; i++) await map.jsonPatch(`writer-${i}`, [{ op: 'add', path: `/data/k${i}`, value: 'x' }]);
    assert.ok(managedEntriesOf(await map.live()).some(({ manager }) => manager === 'ancient-changes'));
    await map.leftAlone('foreignEntry', ['get configmaps']);
  });

  it('detect: nothing is written, what differs is named', async () => {
    const map = await drifting(scene(), (ns) => configMap(ns, 'map', { a: '1' }));
    await map.jsonPatch('somebody', [{ op: 'replace', path: '/data/a', value: '2' }]);
    const correction = await map.correct('fingerprint', { mode: 'detect' });
    assert.deepEqual(told(correction), { kind: 'detected', fields: ['data.a'], by: 'somebody/Update' });
    assert.deepEqual(await map.subject.requests(), ['get configmaps']);
  });

  it('detect: where only the server knows, the verify is a dry-run', async () => {
    const map = await drifting(scene(), (ns) => configMap(ns, 'map', { a: '1' }));
    const { metadata } = map.subject.desire(map.object).body();
    await map.applyAs(installation.manager, { ...map.object, metadata, data: { a: '2' } });
    const correction = await map.correct('entryTime', { mode: 'detect' });
    assert.deepEqual(told(correction), { kind: 'detected', fields: ['data.a'], by: 'evenkeel/Apply' });
    assert.deepEqual(await map.subject.requests(), ['get configmaps', 'dry-run configmaps']);
    assert.deepEqual((await map.live())['data'], { a: '2' });
  });
}
