import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import fc from 'fast-check';
import {
  createMask,
  describeField,
  describeOwners,
  displayPatch,
  isActive,
  orderForApply,
  orderForRemoval,
  planChanges,
  planRows,
  statesOf,
  summaryOf,
  unifiedDiff,
} from '../../src/diff/diff.ts';
import { objectAt } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { refKey, refOf } from '../../src/model/object.ts';
import type { Change } from '../../src/model/plan.ts';
import { live, appWith, body, desiredOf, entryFor, inputOf, manifest } from './world.ts';

const namespace = manifest({ kind: 'Namespace', namespace: '', name: 'shop' });
const definition = manifest({
  group: 'apiextensions.k8s.io',
  kind: 'CustomResourceDefinition',
  namespace: '',
  name: 'x.y',
});
const map = manifest({}, { data: { x: '1' } });
const old = manifest({ name: 'old' });

describe('a plan that is read', () => {
  const same = manifest({ name: 'same' });
  const answers = [
    [map, body(live(manifest({}, { data: { x: '2' } })))],
    [same, body(live(same))],
    [namespace, { state: 'absent' }],
    [old, body(live(old))],
  ] as const;
  const app = appWith([map, same, old].map((object) => entryFor(object)));
  const plan = planChanges(inputOf({ app, desired: desiredOf(map, same, namespace), answers }));

  it('has a row for what does not simply stay, with the fields of an update', () => {
    assert.deepEqual(
      planRows(plan).map(({ effect, ref, differences }) => [effect, ref.name, differences.map(describeField)]),
      [
        ['delete', 'old', []],
        ['create', 'shop', []],
        ['update', 'a', ['data.x: 2 → 1']],
      ],
    );
  });

  it('is summed up', () => {
    assert.equal(summaryOf(plan), '1 to create, 1 to update, 1 to delete, 1 unchanged');
    const guard = { message: 'too many', destructive: [], recorded: 0, onTrip: 'Deny' } as const;
    assert.equal(summaryOf({ ...plan, guard }), '1 to create, 1 to update, 1 to delete (guarded), 1 unchanged');
    assert.equal(summaryOf({ changes: [] }), 'no objects');
  });

  it('is active when it would change the cluster: what is kept, refused or gone already does not', () => {
    assert.equal(isActive(plan), true);
    const inSync = desiredOf(same);
    const gone = planChanges(
      inputOf({
        app,
        desired: inSync,
        answers: [
          [same, body(live(same))],
          [map, { state: 'absent' }],
          [old, { state: 'unknown', why: 'it is not known' }],
        ],
      }),
    );
    assert.deepEqual(gone.changes.map(({ kind }) => kind).sort(), ['forget', 'keep', 'keep']);
    assert.equal(isActive(gone), false);
  });

  it('says who owns a field, and cuts what is long', () => {
    const who = [{ manager: 'kubectl', operation: 'Update', subresource: 'scale', time: '' }] as const;
    const difference = { path: 'spec.replicas', desired: 3, live: 5, who };
    assert.equal(describeOwners(difference), 'kubectl/Update scale');
    assert.equal(
      describeField({ path: 'data.x', live: `${'a'.repeat(70)}\nb`, who: [] }),
      `data.x: ${'a'.repeat(59)}… → (removed)`,
    );
    assert.equal(describeField({ path: 'data.x', live: 'a', who }), 'data.x: a → (released)');
  });
});

describe('the order', () => {
  const all = [map, definition, namespace];
  const stagesOf = (stages: ReturnType<typeof orderForApply>): string[] =>
    stages.map(({ stage, changes }) => `${stage}: ${changes.map(({ ref }) => ref.kind).join()}`);

  it('of writes is namespaces, definitions, the rest', () => {
    const answers = all.map((object) => [object, { state: 'absent' }] as const);
    const { changes } = planChanges(inputOf({ app: appWith([]), desired: desiredOf(...all), answers }));
    assert.deepEqual(stagesOf(orderForApply(changes)), [
      'namespaces: Namespace',
      'definitions: CustomResourceDefinition',
      'rest: ConfigMap',
    ]);
    assert.deepEqual(orderForRemoval(changes), []);
  });

  it('of removals is the reverse', () => {
    const answers = all.map((object) => [object, body(live(object))] as const);
    const app = appWith(
      all.map((object) => entryFor(object)),
      { deleting: true },
    );
    const { changes } = planChanges(inputOf({ app, desired: desiredOf(), answers }));
    assert.deepEqual(stagesOf(orderForRemoval(changes)), [
      'rest: ConfigMap',
      'definitions: CustomResourceDefinition',
      'namespaces: Namespace',
    ]);
    assert.deepEqual(orderForApply(changes), []);
  });
});

describe('the states of an object', () => {
  const update = (before: KubeObject, after: KubeObject): Change => {
    const [desired] = desiredOf(after).objects;
    assert.ok(desired);
    return { kind: 'update', ref: desired.ref, desired, live: before, differences: [], adopts: false };
  };
  const patchOf = (change: Change): unknown => displayPatch(statesOf(change, new Map(), createMask()));

  it('are shown as a patch, without what belongs to the server', () => {
    assert.deepEqual(patchOf(update(live(map), manifest({}, { data: { x: '2', n: '3' } }))), [
      { op: 'replace', path: '/data/x', value: '2' },
      { op: 'add', path: '/data/n', value: '3' },
    ]);
  });

  it('have the values of Secrets masked, and long integers exact', () => {
    const secret = (password: string) => manifest({ kind: 'Secret' }, { stringData: { password } });
    assert.deepEqual(patchOf(update(live(secret('a')), secret('b'))), [
      { op: 'replace', path: '/data/password', value: '<hidden 2>' },
    ]);
    const widget = (n: bigint) => manifest({ group: 'example.com', kind: 'Widget' }, { spec: { n } });
    assert.deepEqual(patchOf(update(live(widget(9007199254740993n)), widget(9007199254740995n))), [
      { op: 'replace', path: '/spec/n', value: '9007199254740995' },
    ]);
  });

  it('with one mask show that two Secrets have the same value', () => {
    const mask = createMask();
    const named = (name: string, value: string) => manifest({ kind: 'Secret', name }, { stringData: { value } });
    const values = ['same', 'same', 'other'].map((value, index) => {
      const { after } = statesOf(update(live(named(`s${index}`, '')), named(`s${index}`, value)), new Map(), mask);
      return objectAt(after, 'data')['value'];
    });
    assert.equal(values[0], values[1]);
    assert.notEqual(values[0], values[2]);
  });

  it('are those that the server answered, where it was asked', () => {
    const change = update(live(map), manifest({}, { data: { x: '2' } }));
    const answer = live(manifest({}, { data: { x: '2', filled: 'in' } }));
    const { after } = statesOf(change, new Map([[refKey(change.ref), answer]]), createMask());
    assert.deepEqual(after?.['data'], { x: '2', filled: 'in' });
  });

  it('of one that goes end in nothing', () => {
    const { kind, ref } = { kind: 'prune', ref: refOf(map) } as const;
    assert.deepEqual(patchOf({ kind, ref, live: live(map) }), [{ op: 'remove', path: '' }]);
    assert.match(
      unifiedDiff(ref, statesOf({ kind, ref, live: live(map) }, new Map(), createMask())),
      /^--- live\/ConfigMap\/shop\/a\n\+\+\+ \/dev\/null\n@@ -1,/,
    );
  });
});

test('property: no value of a Secret is in anything that is printed, and equal values look equal', () => {
  const word = fc.stringMatching(/^[a-z]{6,12}-$/);
  const data = fc.dictionary(fc.constantFrom('a', 'b', 'c'), word, { minKeys: 1 });
  fc.assert(
    fc.property(data, data, (wanted, found) => {
      const secret = (stringData: Record<string, string>) => manifest({ kind: 'Secret' }, { stringData });
      const before = live(secret(found));
      const app = appWith([entryFor(before)]);
      const plan = planChanges(inputOf({ app, desired: desiredOf(secret(wanted)), answers: [[before, body(before)]] }));
      const states = plan.changes.map((change) => statesOf(change, new Map(), createMask()));
      const printed = [
        ...planRows(plan).flatMap(({ differences, note }) => [
          note,
          ...differences.map(describeField),
          JSON.stringify(differences),
        ]),
        ...states.flatMap((one) => [JSON.stringify(displayPatch(one)), unifiedDiff(refOf(before), one)]),
      ].join('\n');
      for (const value of [...Object.values(wanted), ...Object.values(found)]) {
        assert.equal(printed.includes(value), false);
        assert.equal(printed.includes(Buffer.from(value).toString('base64')), false);
      }
      for (const { before: from, after: to } of states) {
        const [had, gets] = [from, to].map((object) => objectAt(object, 'data'));
        for (const key of Object.keys(wanted))
          if (Object.hasOwn(found, key)) assert.equal(had?.[key] === gets?.[key], wanted[key] === found[key]);
      }
    }),
  );
});
