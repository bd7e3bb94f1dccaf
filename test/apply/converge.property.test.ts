import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { JsonObject } from '../../src/model/json.ts';
import { objectAt } from '../../src/model/json.ts';
import { refKey, refOf } from '../../src/model/object.ts';
import { FakeCluster } from '../fakes/cluster.ts';
import { applicationNamed } from './application.ts';
import { configMap, namespaceNamed } from './objects.ts';
import { Subject } from './subject.ts';

const names = ['a', 'b', 'c', 'd'];
const keys = ['k', 'l', 'm'];

const data = fc.dictionary(fc.constantFrom(...keys), fc.constantFrom('1', '2'), { minKeys: 1, maxKeys: 3 });
const commit = fc.record({
  kind: fc.constant('commit' as const),
  maps: fc.dictionary(fc.constantFrom(...names), data),
});
const edit = fc.record({
  kind: fc.constant('edit' as const),
  name: fc.constantFrom(...names),
  key: fc.constantFrom(...keys, 'foreign'),
  value: fc.option(fc.constantFrom('1', '2', '3'), { nil: undefined }),
});
const remove = fc.record({ kind: fc.constant('delete' as const), name: fc.constantFrom(...names) });
const create = fc.record({ kind: fc.constant('create' as const), name: fc.constantFrom(...names) });
const history = fc.array(fc.oneof(commit, edit, remove, create), { maxLength: 12 });

type Act = typeof history extends fc.Arbitrary<(infer T)[]> ? T : never;

describe('whatever was done before', () => {
  it('a sync ends with what Git says, and the next one only keeps', async () => {
    await fc.assert(
      fc.asyncProperty(history, fc.dictionary(fc.constantFrom(...names), data), async (acts, last) => {
        const cluster = new FakeCluster();
        cluster.seed(namespaceNamed('shop'));
        const spec = { guard: { maxObjects: 50, maxPercent: 100, protectedKinds: [], onTrip: 'Deny' as const } };
        const automated = { prune: true, selfHeal: true, allowEmpty: true };
        const subject = new Subject(cluster, applicationNamed('shop', { ...spec, automated }));
        for (const act of acts) await play(act, cluster, subject);
        await sync(subject, last);
        for (const [name, wanted] of Object.entries(last)) {
          const live = objectAt(cluster.peek(refOf(configMap('shop', name, {}))), 'data');
          for (const [key, value] of Object.entries(wanted)) assert.equal(live[key], value, `${name}.${key}`);
        }
        const recorded = subject.app.record.map(({ ref }) => ref.name).sort();
        assert.deepEqual(recorded, Object.keys(last).sort());
        const before = cluster.requests.length;
        const { results } = await sync(subject, last);
        assert.deepEqual([...new Set(results.map(({ kind }) => kind))], Object.keys(last).length === 0 ? [] : ['kept']);
        const written = cluster.requests.slice(before).filter(({ verb }) => verb !== 'get');
        assert.deepEqual(written, [], 'nothing is asked about what is in sync');
      }),
      { numRuns: 150 },
    );
  });

  it('an object that is not on record is never deleted', async () => {
    await fc.assert(
      fc.asyncProperty(history, async (acts) => {
        const cluster = new FakeCluster();
        cluster.seed(namespaceNamed('shop'));
        const automated = { prune: true, selfHeal: true, allowEmpty: true };
        const subject = new Subject(cluster, applicationNamed('shop', { automated }));
        for (const act of acts) {
          const uids = new Map(subject.app.record.map(({ ref, uid }) => [refKey(ref), uid]));
          const before = cluster.requests.length;
          const present = new Map(cluster.all().map((object) => [refKey(refOf(object)), object.metadata['uid']]));
          await play(act, cluster, subject);
          for (const { verb, ref } of cluster.requests.slice(before)) {
            if (verb === 'delete') assert.equal(uids.get(refKey(ref)), present.get(refKey(ref)));
          }
        }
      }),
      { numRuns: 150 },
    );
  });
});

function sync(subject: Subject, maps: Record<string, JsonObject>): ReturnType<Subject['sync']> {
  return subject.sync(...Object.entries(maps).map(([name, content]) => configMap('shop', name, content)));
}

async function play(act: Act, cluster: FakeCluster, subject: Subject): Promise<void> {
  if (act.kind === 'commit') {
    await sync(subject, act.maps);
    return;
  }
  const ref = refOf(configMap('shop', act.name, {}));
  const live = cluster.peek(ref);
  if (act.kind === 'create') {
    if (live === undefined) cluster.seed(configMap('shop', act.name, { k: 'theirs', foreign: 'x' }));
  } else if (live === undefined) {
    return;
  } else if (act.kind === 'delete') {
    cluster.remove(ref);
  } else {
    const others = Object.fromEntries(Object.entries(objectAt(live, 'data')).filter(([key]) => key !== act.key));
    const content = act.value === undefined ? others : { ...others, [act.key]: act.value };
    cluster.edit(ref, (object) => ({ ...object, data: content }));
  }
}
