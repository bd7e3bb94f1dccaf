import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { destructiveOf, planChanges } from '../../src/diff/diff.ts';
import type { KubeObject, Ref } from '../../src/model/object.ts';
import type { Plan } from '../../src/model/plan.ts';
import type { AppOverrides } from './world.ts';
import { appWith, body, desiredOf, entryFor, inputOf, live, manifest } from './world.ts';

interface World {
  /** Objects on record that Git dropped. */
  readonly dropped: readonly KubeObject[];
  /** How many more are on record and in Git. */
  readonly kept: number;
  /** How many of those are announced and not made yet. */
  readonly announced?: number;
  /** How many were on record when a plan was held back. */
  readonly before?: number;
  readonly overrides?: AppOverrides;
  readonly weightOf?: (ref: Ref) => number;
  readonly approved?: ReadonlySet<string>;
}

function plan({ dropped, kept, announced = 0, before, overrides = {}, weightOf, approved }: World): Plan {
  const wanted = maps(kept, 'kept');
  const all = [...dropped, ...wanted];
  const record = all.map((object, index) => ({
    ...entryFor(object),
    ...(index >= all.length - announced ? { uid: '', desired: '' } : {}),
  }));
  const held = { hash: '', summary: '', destructive: [], ...(before === undefined ? {} : { recorded: before }) };
  return planChanges(
    inputOf({
      app: { ...appWith(record, overrides), status: { plan: held } },
      desired: desiredOf(...wanted),
      answers: all.map((object) => [object, body(live(object))] as const),
      ...(weightOf === undefined ? {} : { weightOf }),
      ...(approved === undefined ? {} : { approved }),
    }),
  );
}

function maps(count: number, prefix: string): KubeObject[] {
  return Array.from({ length: count }, (_, index) => manifest({ name: `${prefix}-${index}` }));
}

const namespace = manifest({ kind: 'Namespace', namespace: '', name: 'shop' });

describe('prune.guard', () => {
  const tripped = (world: World): string | undefined => plan(world).guard?.message;

  it('lets the rest of an approved plan pass, and nothing beside it', () => {
    const dropped = [...maps(2, 'd'), namespace];
    const approved = new Set(destructiveOf(plan({ dropped, kept: 9 }).changes));
    assert.equal(approved.size, 3);
    assert.equal(tripped({ dropped: [namespace], kept: 9, approved }), undefined);
    assert.notEqual(tripped({ dropped: [namespace, ...maps(3, 'd')], kept: 9, approved }), undefined);
  });

  it('lets few deletions pass', () => {
    assert.equal(tripped({ dropped: maps(5, 'd'), kept: 15 }), undefined);
  });

  it('trips above maxPercent', () => {
    assert.match(
      tripped({ dropped: maps(6, 'd'), kept: 14 }) ?? '',
      /6 of 20 objects would be deleted, more than prune.guard.maxPercent \(25 %\)/,
    );
  });

  it('counts neither what is announced only, nor what came since a plan is held back', () => {
    assert.equal(tripped({ dropped: maps(4, 'd'), kept: 20 }), undefined);
    assert.match(tripped({ dropped: maps(4, 'd'), kept: 20, announced: 12 }) ?? '', /^4 of 12 objects/);
    assert.match(tripped({ dropped: maps(4, 'd'), kept: 20, before: 12 }) ?? '', /^4 of 12 objects/);
    assert.equal(tripped({ dropped: maps(2, 'd'), kept: 20, before: 12 }), undefined);
    assert.equal(tripped({ dropped: maps(2, 'd'), kept: 9, before: 50 }), undefined, 'what was lost since is no base');
  });

  it('knows no percentage up to 10 objects', () => {
    assert.equal(tripped({ dropped: maps(9, 'd'), kept: 1 }), undefined);
    assert.notEqual(tripped({ dropped: maps(9, 'd'), kept: 2 }), undefined);
  });

  it('trips above maxObjects, whatever the percentage', () => {
    const overrides = { guard: { maxObjects: 3 } };
    assert.equal(tripped({ dropped: maps(3, 'd'), kept: 97, overrides }), undefined);
    assert.match(
      tripped({ dropped: maps(4, 'd'), kept: 96, overrides }) ?? '',
      /4 objects would be deleted, more than prune.guard.maxObjects \(3\)/,
    );
  });

  it('trips for a protected kind, and names it with its group or without', () => {
    assert.match(
      tripped({ dropped: [namespace], kept: 5 }) ?? '',
      /Namespace shop of a protected kind would be deleted/,
    );
    const overrides = { guard: { protectedKinds: ['Widget.example.com'] } };
    const widget = manifest({ group: 'example.com', kind: 'Widget' });
    assert.notEqual(tripped({ dropped: [widget], kept: 5, overrides }), undefined);
    assert.equal(tripped({ dropped: [namespace], kept: 5, overrides }), undefined);
  });

  it('counts what goes with an object, once', () => {
    const world = {
      dropped: [namespace, ...maps(4, 'd')],
      kept: 95,
      overrides: { guard: { protectedKinds: [], maxObjects: 8 } },
    };
    const weightOf = ({ kind }: Ref): number => (kind === 'Namespace' ? 8 : 1);
    assert.equal(tripped({ ...world, weightOf }), undefined, 'the four maps are in the weight of their namespace');
    assert.match(tripped({ ...world, weightOf: (ref) => weightOf(ref) + 1 }) ?? '', /^9 objects/);
  });

  it('takes a sync with prune as approval of counts, not of protected kinds', () => {
    const overrides = { prunesByHand: true };
    assert.equal(tripped({ dropped: maps(60, 'd'), kept: 5, overrides }), undefined);
    assert.match(
      tripped({ dropped: [namespace, ...maps(60, 'd')], kept: 5, overrides }) ?? '',
      /^Namespace shop of a protected kind/,
    );
  });

  it('is approved by exactly this plan', () => {
    const world = { dropped: maps(60, 'd'), kept: 5 };
    const { hash, guard } = plan(world);
    assert.match(hash, /^[0-9a-f]{16}$/);
    assert.ok(guard?.message.includes(`evenkeel.dev/approve=${hash}`));
    const approve = (value: string): AppOverrides => ({ annotations: { 'evenkeel.dev/approve': value } });
    assert.equal(tripped({ ...world, overrides: approve(hash) }), undefined);
    assert.notEqual(tripped({ ...world, dropped: maps(61, 'd'), overrides: approve(hash) }), undefined);
    assert.notEqual(tripped({ ...world, overrides: approve('') }), undefined);
  });

  it('is never approved under Deny', () => {
    const world = { dropped: maps(60, 'd'), kept: 5 };
    const annotations = { 'evenkeel.dev/approve': plan(world).hash };
    const { guard } = plan({ ...world, overrides: { annotations, guard: { onTrip: 'Deny' } } });
    assert.equal(guard?.onTrip, 'Deny');
  });

  it('is silent when an Application is deleted', () => {
    const objects = maps(60, 'd');
    const app = appWith(
      objects.map((object) => entryFor(object)),
      { deleting: true },
    );
    const desired = desiredOf();
    const answers = objects.map((object) => [object, body(live(object))] as const);
    const deletion = planChanges(inputOf({ app, desired, answers }));
    assert.equal(deletion.guard, undefined);
    assert.ok(deletion.changes.every(({ kind }) => kind === 'prune'));
  });
});

describe('the hash of a plan', () => {
  it('is empty when nothing is destroyed', () => {
    assert.equal(plan({ dropped: [], kept: 5 }).hash, '');
  });

  it('depends on what is destroyed and on the Application only', () => {
    const { hash } = plan({ dropped: maps(2, 'd'), kept: 5 });
    assert.equal(plan({ dropped: maps(2, 'd').toReversed(), kept: 7 }).hash, hash);
    assert.notEqual(plan({ dropped: maps(3, 'd'), kept: 5 }).hash, hash);
  });
});
