import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ConflictPolicy } from '../../../src/model/differences.ts';
import { objectAt } from '../../../src/model/json.ts';
import { configMap, deployment } from '../../apply/objects.ts';
import type { Drifting } from './drifting.ts';
import { drifting } from './drifting.ts';
import type { ClusterSubject, Scene } from './scene.ts';

type Data = Readonly<Record<string, string>>;

/** apply-rules part 7, row by row: what Git wants, what is there, and who has set it (base = our entry). */
export function threeWayRows(scene: () => Scene): void {
  const ours = (data: Data): Promise<Drifting> => drifting(scene(), (ns) => configMap(ns, 'map', data));

  /** The object of somebody else who owns what it says. */
  async function theirs(data: Data, conflicts?: ConflictPolicy): Promise<ClusterSubject> {
    const subject = await scene().application(conflicts === undefined ? {} : { conflicts });
    const literals = Object.entries(data).map(([key, value]) => `--from-literal=${key}=${value}`);
    await subject.kubectl(['create', 'configmap', 'map', ...literals]);
    return subject;
  }

  describe('wanted and live: nothing', () => {
    it('owned', async () => {
      const { subject } = await ours({ a: '1' });
      assert.deepEqual(await changesFor(subject, { a: '1' }), ['keep inSync']);
    });

    it('not owned: the ownership is shared', async () => {
      const subject = await theirs({ a: '1' });
      await subject.sync(configMap(subject.namespace, 'map', { a: '1' }));
      assert.deepEqual(await dataOf(subject), { a: '1' });
      assert.deepEqual(await changesFor(subject, { a: '1' }), ['keep inSync']);
    });
  });

  describe('wanted, and live is other or absent: set', () => {
    const edits = {
      other: { op: 'replace', path: '/data/a', value: 'x' },
      absent: { op: 'remove', path: '/data/a' },
    };
    for (const [what, edit] of Object.entries(edits))
      it(`${what}, owned`, async () => {
        const map = await ours({ a: '1', b: '2' });
        await map.jsonPatch('somebody', [edit]);
        assert.deepEqual(await changesFor(map.subject, { a: '1', b: '2' }), ['update data.a']);
        await map.subject.sync(map.object);
        assert.deepEqual(await dataOf(map.subject), { a: '1', b: '2' });
      });

    it('other, not owned', async () => {
      const subject = await theirs({ a: 'x' });
      await subject.sync(configMap(subject.namespace, 'map', { a: '1' }));
      assert.deepEqual(await dataOf(subject), { a: '1' });
    });

    it('absent, not owned', async () => {
      const subject = await theirs({ b: 'x' });
      await subject.sync(configMap(subject.namespace, 'map', { a: '1' }));
      assert.deepEqual(await dataOf(subject), { a: '1', b: 'x' });
    });

    it('other, and the conflict policy yields to the present owner: it stays, and the plan says to whom', async () => {
      const rules = [{ target: {}, fields: ['data.a'], managers: ['kubectl-*'], action: 'Yield' as const }];
      const subject = await theirs({ a: 'x' }, { default: 'Overwrite', rules, reclaimFrom: [] });
      const map = configMap(subject.namespace, 'map', { a: '1', b: '2' });
      const [change] = (await subject.plan(map)).changes;
      const yielded = change?.kind === 'update' ? change.yielded?.map(({ path, manager }) => [path, manager]) : [];
      assert.deepEqual(yielded, [['data.a', 'kubectl-create']]);
      await subject.sync(map);
      assert.deepEqual(await dataOf(subject), { a: 'x', b: '2' });
    });
  });

  describe('not wanted, and live', () => {
    it('owned by us alone: removed', async () => {
      const { subject } = await ours({ a: '1', b: '2' });
      assert.deepEqual(await changesFor(subject, { a: '1' }), ['update data.b']);
      await subject.sync(configMap(subject.namespace, 'map', { a: '1' }));
      assert.deepEqual(await dataOf(subject), { a: '1' });
    });

    it('owned by us alone, where the server has a default: the default', async () => {
      const web = await drifting(scene(), (ns) => deployment(ns, 'web', { replicas: 4 }));
      await web.subject.sync(deployment(web.subject.namespace, 'web'));
      assert.equal(objectAt(await web.live(), 'spec')['replicas'], 1);
    });

    it('owned by us and others: released, it stays, and the plan says whose it is', async () => {
      const map = await ours({ a: '1', b: '2' });
      const { subject } = map;
      await map.applyAs('other', configMap(subject.namespace, 'map', { b: '2' }));
      const wanted = configMap(subject.namespace, 'map', { a: '1' });
      const [change] = (await subject.plan(wanted)).changes;
      const said = change?.kind === 'update' ? change.differences.map(({ path, who }) => [path, who[0]?.manager]) : [];
      assert.deepEqual(said, [['data.b', 'other']]);
      await subject.sync(wanted);
      assert.deepEqual(await dataOf(subject), { a: '1', b: '2' });
      assert.deepEqual(await changesFor(subject, { a: '1' }), ['keep inSync']);
    });

    it('not ours: kept, and no difference', async () => {
      const map = await ours({ a: '1' });
      await map.kubectl('patch', 'configmap', 'map', '-p', '{"data":{"theirs":"x"}}');
      assert.deepEqual(await changesFor(map.subject, { a: '1' }), ['keep inSync']);
    });

    it('not ours, of somebody whose additions are reclaimed: removed', async () => {
      const conflicts = { default: 'Overwrite' as const, rules: [], reclaimFrom: ['kubectl-.*'] };
      const subject = await scene().application({ conflicts });
      const map = configMap(subject.namespace, 'map', { a: '1' });
      await subject.sync(map);
      await subject.kubectl(['patch', 'configmap', 'map', '-p', '{"data":{"theirs":"x"}}']);
      assert.deepEqual(await changesFor(subject, { a: '1' }), ['update data.theirs']);
      await subject.sync(map);
      assert.deepEqual(await dataOf(subject), { a: '1' });
    });
  });
}

/** What a plan for the ConfigMap with these data says: `keep inSync`, `update data.a`. */
async function changesFor(subject: ClusterSubject, data: Data): Promise<string[]> {
  const { changes } = await subject.plan(configMap(subject.namespace, 'map', data));
  return changes.map((change) => {
    if (change.kind === 'keep') return `keep ${change.reason}`;
    return change.kind === 'update' ? `update ${change.differences.map(({ path }) => path).join()}` : change.kind;
  });
}

async function dataOf(subject: ClusterSubject): Promise<unknown> {
  return (await subject.read(configMap(subject.namespace, 'map', {})))?.['data'];
}
