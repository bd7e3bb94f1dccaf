import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planChanges, stepsOf } from '../../src/diff/diff.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { appWith, body, desiredOf, entryFor, inputOf, installation, live, manifest } from './world.ts';

interface Named {
  readonly group?: string;
  readonly kind?: string;
  readonly namespace?: string;
}

function waved(wave: number, name: string, ref: Named = {}, more: JsonObject = {}): KubeObject {
  const annotations = { 'argocd.argoproj.io/sync-wave': String(wave) };
  return manifest({ name, ...ref }, { metadata: { annotations }, ...more });
}

interface World {
  readonly wanted?: readonly KubeObject[];
  readonly dropped?: readonly KubeObject[];
  readonly pruneLast?: boolean;
}

/** `Sync 0: a, b`: the steps with the names of their objects. */
function stepsIn({ wanted = [], dropped = [], pruneLast = false }: World): string[] {
  const { spec, ...rest } = appWith(dropped.map((object) => entryFor(object)));
  const app = { ...rest, spec: { ...spec, syncOptions: { ...spec.syncOptions, pruneLast } } };
  const answers = [
    ...wanted.map((object) => [object, { state: 'absent' }] as const),
    ...dropped.map((object) => [object, body(live(object))] as const),
  ];
  const { changes } = planChanges(inputOf({ app, desired: desiredOf(...wanted), answers }));
  return stepsOf(changes, { app, installation }).map(
    ({ phase, wave, changes: of }) => `${phase} ${wave}: ${of.map(({ ref }) => ref.name).join(', ')}`,
  );
}

describe('the steps of a plan', () => {
  it('2. waves ascend, negative ones first', () => {
    const wanted = [waved(2, 'late'), manifest({ name: 'plain' }), waved(-1, 'early')];
    assert.deepEqual(stepsIn({ wanted }), ['Sync -1: early', 'Sync 0: plain', 'Sync 2: late']);
  });

  it('3. a Namespace moves before the first hook that is in it', () => {
    const wanted = desiredOf(manifest({ kind: 'Namespace', name: 'shop', namespace: '' }), manifest({ name: 'a' }));
    const answers = wanted.objects.map((object) => [object.body(), { state: 'absent' }] as const);
    const { changes } = planChanges(inputOf({ app: appWith([]), desired: wanted, answers }));
    const ref = { group: 'batch', kind: 'Job', namespace: 'shop', name: 'pre' };
    const hooks = [{ phase: 'PreSync' as const, wave: -1, ref }];
    const [first] = stepsOf(changes, { app: appWith([]), installation, hooks });
    assert.deepEqual(
      [first?.phase, first?.wave, first?.changes.map(({ ref: of }) => of.name)],
      ['PreSync', -1, ['shop']],
    );
  });

  it('3. a Namespace moves to the wave of its first user', () => {
    const shop = waved(5, 'shop', { kind: 'Namespace', namespace: '' });
    const other = waved(5, 'other', { kind: 'Namespace', namespace: '' });
    const wanted = [shop, other, waved(1, 'second'), waved(-3, 'first')];
    assert.deepEqual(stepsIn({ wanted }), ['Sync -3: shop, first', 'Sync 1: second', 'Sync 5: other']);
  });

  it('3. a definition moves to the wave of the first object of its kind', () => {
    const definition = (plural: string, kind: string): KubeObject =>
      waved(
        4,
        `${plural}.example.com`,
        { group: 'apiextensions.k8s.io', kind: 'CustomResourceDefinition', namespace: '' },
        { spec: { group: 'example.com', names: { kind, plural } } },
      );
    const widget = waved(2, 'one', { group: 'example.com', kind: 'Widget' });
    const wanted = [definition('widgets', 'Widget'), definition('gadgets', 'Gadget'), widget];
    assert.deepEqual(stepsIn({ wanted }), ['Sync 2: widgets.example.com, one', 'Sync 4: gadgets.example.com']);
  });

  it('34. removals are mirrored: the highest wave goes first', () => {
    const dropped = [waved(0, 'a'), waved(1, 'b'), waved(5, 'c')];
    assert.deepEqual(stepsIn({ wanted: [waved(1, 'kept')], dropped }), ['Sync 0: c', 'Sync 1: b, kept', 'Sync 5: a']);
  });

  it('35. what is pruned last has a wave of its own behind all others', () => {
    const last = manifest(
      { name: 'last' },
      { metadata: { annotations: { 'evenkeel.dev/sync-options': 'PruneLast=true' } } },
    );
    const wanted = [manifest({ name: 'kept' }), waved(3, 'late')];
    const dropped = [manifest({ name: 'first' }), last];
    assert.deepEqual(stepsIn({ wanted, dropped }), ['Sync 0: first, kept', 'Sync 3: late', 'Sync 4: last']);
    assert.deepEqual(stepsIn({ wanted, dropped, pruneLast: true }), [
      'Sync 0: kept',
      'Sync 3: late',
      'Sync 4: first, last',
    ]);
  });
});
