import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { displayPatch, orderForApply, orderForRemoval, planChanges, printPlan } from '../../src/diff/diff.ts';
import { live, appWith, body, desiredOf, entryFor, inputOf, intended, manifest } from './world.ts';

const namespace = manifest({ kind: 'Namespace', namespace: '', name: 'shop' });
const definition = manifest({
  group: 'apiextensions.k8s.io',
  kind: 'CustomResourceDefinition',
  namespace: '',
  name: 'x.y',
});
const map = manifest({}, { data: { x: '1' } });
const old = manifest({ name: 'old' });

describe('a plan', () => {
  const same = manifest({ name: 'same' });
  const desired = desiredOf(map, same, namespace);
  const answers = [
    [map, body(live(manifest({}, { data: { x: '2' } })))],
    [same, body(live(same))],
    [namespace, { state: 'absent' }],
    [old, body(live(old))],
  ] as const;
  const app = appWith([map, same, old].map((object) => entryFor(object)));

  it('is shown as a table, what stays left out', () => {
    const shown = printPlan(planChanges(inputOf({ app, desired, answers })));
    assert.deepEqual(shown.split('\n'), [
      'prune      ConfigMap shop/old',
      'undecided  Namespace shop      if it is not there',
      'update     ConfigMap shop/a',
      '    data.x: 2 → 1',
      '1 prune, 1 undecided, 1 update, 1 keep',
    ]);
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

describe('displayPatch', () => {
  it('shows what changes, without what belongs to the server', () => {
    const after = intended(manifest({}, { data: { x: '2', n: '3' } }));
    assert.deepEqual(displayPatch(live(map), after), [
      { op: 'replace', path: '/data/x', value: '2' },
      { op: 'add', path: '/data/n', value: '3' },
    ]);
  });

  it('masks Secrets and shows long integers', () => {
    const secret = (password: string) => manifest({ kind: 'Secret' }, { stringData: { password } });
    assert.deepEqual(displayPatch(secret('a'), secret('b')), [
      { op: 'replace', path: '/data/password', value: '<hidden 2>' },
    ]);
    const widget = (n: bigint) => manifest({ group: 'example.com', kind: 'Widget' }, { spec: { n } });
    assert.deepEqual(displayPatch(widget(9007199254740993n), widget(9007199254740995n)), [
      { op: 'replace', path: '/spec/n', value: '9007199254740995' },
    ]);
  });
});
