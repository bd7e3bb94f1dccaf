import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compare, planChanges } from '../../src/diff/diff.ts';
import { isControlled } from '../../src/model/managed-fields.ts';
import type { LiveAnswer } from '../../src/model/live.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { refKey, refOf, uidOf } from '../../src/model/object.ts';
import { anyJson } from './arbitrary.ts';
import type { AppOverrides } from './world.ts';
import { appWith, body, desiredOf, entryFor, inputOf, intended, live, manifest } from './world.ts';

const names = ['a', 'b', 'c', 'd', 'e'];

const widget = fc
  .record({ name: fc.constantFrom(...names), spec: anyJson })
  .map(({ name, spec }) => manifest({ group: 'example.com', kind: 'Widget', name }, { spec }));

const widgets = fc.uniqueArray(widget, { selector: (object) => object.metadata.name, maxLength: 5 });

describe('compare', () => {
  it('finds any object equal that the server shows as we applied it', () => {
    fc.assert(
      fc.property(widget, (object) => {
        assert.deepEqual(compare(intended(object), live(object), 'evenkeel'), {
          verdict: 'equal',
          differences: [],
          doubts: [],
          lost: [],
        });
      }),
    );
  });

  it('never finds equal what differs in a value', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), fc.string(), { minKeys: 1 }), fc.string(), (data, other) => {
        const [key = ''] = Object.keys(data);
        fc.pre(data[key] !== other);
        const found = compare(
          intended(manifest({}, { data })),
          live(manifest({}, { data: { ...data, [key]: other } })),
          'evenkeel',
        );
        assert.notEqual(found.verdict, 'equal');
      }),
    );
  });

  it('does not mind what others add to maps', () => {
    fc.assert(
      fc.property(
        widget,
        fc.dictionary(fc.stringMatching(/^foreign-[a-z]{3}$/), fc.string()),
        (object, annotations) => {
          const found = compare(intended(object), live(object, { metadata: { annotations } }), 'evenkeel');
          assert.equal(found.verdict, 'equal');
        },
      ),
    );
  });
});

const answer = (object: KubeObject): fc.Arbitrary<LiveAnswer> =>
  fc.oneof(
    fc.constant<LiveAnswer>({ state: 'absent' }),
    fc.constant<LiveAnswer>({ state: 'notServed' }),
    fc.constant<LiveAnswer>({ state: 'unknown', why: 'stale' }),
    fc
      .record({
        uid: fc.constantFrom(undefined, 'another'),
        metadata: fc.constantFrom(
          {},
          { deletionTimestamp: 'x' },
          { ownerReferences: [{ controller: true, kind: 'X', name: 'x' }] },
          { annotations: { 'evenkeel.dev/sync-options': 'Prune=false,Delete=false' } },
          { annotations: { 'evenkeel.dev/tracking-id': 'evenkeel_shop:example.com/Widget:shop/x' } },
        ),
      })
      .map(({ uid, metadata }) => body(live(object, { metadata, ...(uid === undefined ? {} : { uid }) }))),
  );

/** Objects that may be on record, in Git and in the cluster, each or not, with an Application of any policy. */
const world = fc
  .record({ objects: widgets, recorded: fc.subarray(names), wanted: fc.subarray(names), claims: fc.boolean() })
  .chain(({ objects, ...rest }) =>
    fc.record({
      objects: fc.constant(objects),
      rest: fc.constant(rest),
      answers: fc.tuple(...objects.map(answer)),
      prunes: fc.boolean(),
      deleting: fc.boolean(),
      finalizers: fc.constantFrom([], ['evenkeel.dev/resources-finalizer']),
    }),
  );

describe('planChanges', () => {
  it('keeps a world that is equal to desired', () => {
    fc.assert(
      fc.property(widgets, (objects) => {
        const app = appWith(objects.map((object) => entryFor(object)));
        const answers = objects.map((object) => [object, body(live(object))] as const);
        const plan = planChanges(inputOf({ app, desired: desiredOf(...objects), answers }));
        assert.equal(plan.changes.length, objects.length);
        assert.ok(plan.changes.every((change) => change.kind === 'keep' && change.reason === 'inSync'));
        assert.equal(plan.guard, undefined);
      }),
    );
  });

  it('prunes only what is on record with its uid, dropped, known, and nobody else’s', () => {
    fc.assert(
      fc.property(world, ({ objects, rest, answers, prunes, deleting, finalizers }) => {
        const { recorded, wanted, claims } = rest;
        const entries = objects
          .filter(({ metadata }) => recorded.includes(metadata.name))
          .map((object) => entryFor(object));
        const desired = desiredOf(...objects.filter(({ metadata }) => !deleting && wanted.includes(metadata.name)));
        const overrides: AppOverrides = {
          deleting,
          finalizers,
          spec: { automated: { prune: prunes, selfHeal: true, allowEmpty: false } },
        };
        const plan = planChanges(
          inputOf({
            app: appWith(entries, overrides),
            desired,
            answers: objects.map((object, index) => [object, answers[index] ?? { state: 'absent' }] as const),
            claims: { claimedBy: () => (claims ? 'evenkeel/other' : undefined), recordedBy: () => undefined },
          }),
        );
        const keys = plan.changes.map(({ ref }) => refKey(ref));
        assert.equal(new Set(keys).size, keys.length, 'one change per ref');
        for (const change of plan.changes) {
          if (change.kind !== 'prune') continue;
          const entry = entries.find(({ ref }) => refKey(ref) === refKey(change.ref));
          assert.equal(entry?.uid, uidOf(change.live));
          assert.ok(!isControlled(change.live) && !claims);
          assert.ok(!desired.objects.some(({ ref }) => refKey(ref) === refKey(change.ref)));
          assert.ok(deleting ? finalizers.length > 0 : prunes && desired.objects.length > 0);
          assert.equal(change.live.metadata['deletionTimestamp'], undefined);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('never touches an object that is neither on record nor desired, whatever it carries', () => {
    fc.assert(
      fc.property(widgets, (objects) => {
        const answers = objects.map((object) => [object, body(live(object))] as const);
        const plan = planChanges(inputOf({ app: appWith([], { prunesByHand: true }), desired: desiredOf(), answers }));
        assert.deepEqual(plan.changes, []);
      }),
    );
  });

  it('does not depend on the order of its input', () => {
    fc.assert(
      fc.property(widgets, (objects) => {
        const answers = objects.map((object) => [object, { state: 'absent' }] as const);
        const planOf = (all: readonly KubeObject[]): string[] =>
          planChanges(inputOf({ app: appWith([]), desired: desiredOf(...all), answers })).changes.map(({ ref }) =>
            refKey(ref),
          );
        assert.deepEqual(planOf(objects), planOf(objects.toReversed()));
        assert.deepEqual(planOf(objects), objects.map((object) => refKey(refOf(object))).toSorted());
      }),
    );
  });
});
