import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Claims } from '../../src/diff/diff.ts';
import { planChanges } from '../../src/diff/diff.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { LiveAnswer } from '../../src/model/live.ts';
import type { KubeObject } from '../../src/model/object.ts';
import type { Change } from '../../src/model/plan.ts';
import type { RecordEntry } from '../../src/model/record.ts';
import { appWith, body, desiredOf, entryFor, inputOf, live, manifest, noClaims } from './world.ts';

const wanted = manifest({}, { data: { x: '1' } });
const changed = manifest({}, { data: { x: '2' } });
const bare = (metadata: JsonObject = {}, data: JsonObject = { x: '2' }): KubeObject =>
  manifest({}, { data, metadata: { uid: 'foreign', resourceVersion: '7', ...metadata } });

function planOne(
  answer: LiveAnswer,
  record: readonly RecordEntry[] = [entryFor(wanted)],
  claims: Claims = noClaims,
): Change {
  const plan = planChanges(
    inputOf({ app: appWith(record), desired: desiredOf(wanted), answers: [[wanted, answer]], claims }),
  );
  const [change] = plan.changes;
  assert.ok(change !== undefined && plan.changes.length === 1);
  return change;
}

function brief(change: Change): string {
  if (change.kind === 'keep') return `keep ${change.reason}`;
  if (change.kind === 'refuse') return `refuse ${change.error.reason}`;
  const adopts = 'adopts' in change && change.adopts ? ' adopts' : '';
  if (change.kind === 'undecided') return `undecided ${change.question}${adopts}`;
  if (change.kind !== 'update') return change.kind;
  return `update${adopts}: ${change.differences.map(({ path }) => path).join(' ')}`;
}

describe('a desired object', () => {
  const observation = {
    ref: { group: '', kind: 'ConfigMap', namespace: 'shop', name: 'a' },
    uid: 'u',
    resourceVersion: '1',
    generation: 0,
    fp: 'fp',
    entryTime: '',
    partOf: '',
    tracker: '',
    deleting: false,
    controlled: false,
  };

  it('is kept without a look when record, index and hash agree', () => {
    assert.equal(brief(planOne({ state: 'inSync', observation })), 'keep inSync');
  });

  it('is kept when nothing is known of it', () => {
    assert.equal(brief(planOne({ state: 'unknown', why: 'the list is not complete' })), 'keep unknown');
  });

  it('is refused when it may not be read, by the words of the server and where Git describes it', () => {
    const change = planOne({ state: 'forbidden', why: 'cannot get resource "configmaps"' });
    assert.ok(change.kind === 'refuse');
    assert.deepEqual([change.error.reason, change.error.retry], ['Forbidden', 'interval']);
    assert.match(
      change.error.message,
      /^ConfigMap .*:document .*cannot get resource "configmaps": grant the permission/,
    );
  });

  it('is kept when nobody looked', () => {
    const plan = planChanges(inputOf({ app: appWith([]), desired: desiredOf(wanted) }));
    assert.deepEqual(plan.changes.map(brief), ['keep unknown']);
  });

  it('is asked for when no list has it', () => {
    assert.equal(brief(planOne({ state: 'absent' })), 'undecided exists');
    assert.equal(brief(planOne({ state: 'absent' }, [])), 'undecided exists adopts');
  });

  it('is kept when it is equal, with what a new record entry needs', () => {
    const change = planOne(body(live(wanted)));
    assert.equal(brief(change), 'keep inSync');
    assert.ok(change.kind === 'keep' && change.desired !== undefined && change.live !== undefined);
  });

  it('is updated when it differs', () => {
    const object = live(changed);
    assert.equal(brief(planOne(body(object))), 'update: data.x');
  });

  it('is updated when only ownership was lost', () => {
    const object = live(wanted);
    const metadata = { ...object.metadata, managedFields: [] };
    assert.match(brief(planOne(body({ ...object, metadata }))), /^update: data\.x metadata\.labels/);
  });

  it('is left to the server when only it knows', () => {
    const quantities = manifest({ group: 'example.com', kind: 'Widget' }, { spec: { cpu: '1000m' } });
    const served = live(manifest({ group: 'example.com', kind: 'Widget' }, { spec: { cpu: '1' } }));
    const plan = planChanges(
      inputOf({
        app: appWith([entryFor(quantities)]),
        desired: desiredOf(quantities),
        answers: [[quantities, body(served)]],
      }),
    );
    assert.deepEqual(plan.changes.map(brief), ['undecided equal']);
  });

  it('waits while the old one is being deleted', () => {
    const object = live(wanted, { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
    assert.equal(brief(planOne(body(object))), 'keep terminating');
  });

  it('is refused when it cannot be sent, all errors at once', () => {
    const wrong = manifest({}, { data: { a: 1, b: true } });
    const plan = planChanges(
      inputOf({ app: appWith([]), desired: desiredOf(wrong), answers: [[wrong, { state: 'absent' }]] }),
    );
    const [change] = plan.changes;
    assert.ok(change?.kind === 'refuse');
    assert.match(change.error.message, /^all\.yaml:document 1:line 1: ConfigMap shop\/a: data\.a: .*; .*data\.b: /);
  });
});

describe('an object that exists and is not on record', () => {
  const tracker = (metadata: JsonObject): string => brief(planOne(body(bare(metadata)), []));

  it('is taken when nobody owns it', () => {
    assert.match(tracker({}), /^update adopts: /);
  });

  it('is taken when the one on record was replaced by another', () => {
    assert.match(brief(planOne(body(bare()))), /^update adopts: /);
  });

  it('is not taken from a controller', () => {
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: '1', controller: true };
    assert.equal(tracker({ ownerReferences: [owner] }), 'refuse Conflicted');
    assert.match(tracker({ ownerReferences: [{ ...owner, controller: false }] }), /^update adopts/);
  });

  for (const [what, metadata] of [
    ["Argo CD's label", { labels: { 'argocd.argoproj.io/instance': 'x' } }],
    ["Argo CD's tracking id", { annotations: { 'argocd.argoproj.io/tracking-id': 'x:/ConfigMap:shop/a' } }],
    ["Flux's Kustomization", { labels: { 'kustomize.toolkit.fluxcd.io/name': 'x' } }],
    ["Flux's HelmRelease", { labels: { 'helm.toolkit.fluxcd.io/name': 'x' } }],
    ["Helm's release", { annotations: { 'meta.helm.sh/release-name': 'x' } }],
    ["another installation's label", { labels: { 'blue.evenkeel.dev/part-of': 'x' } }],
  ] as const) {
    it(`is not taken from ${what}`, () => assert.equal(tracker(metadata), 'refuse Conflicted'));
  }

  it('is taken when a tracking id was copied from another object', () => {
    assert.match(
      tracker({ annotations: { 'argocd.argoproj.io/tracking-id': 'x:/ConfigMap:shop/b' } }),
      /^update adopts/,
    );
  });

  it('is not taken from an Application that desires it and has it on record', () => {
    const claims = { claimedBy: () => 'evenkeel/other', recordedBy: () => 'evenkeel/other' };
    assert.equal(brief(planOne(body(bare()), [], claims)), 'keep shared');
    assert.equal(brief(planOne({ state: 'absent' }, [], claims)), 'keep shared');
    const claim = { ...entryFor(wanted, ''), desired: '' };
    assert.equal(brief(planOne({ state: 'absent' }, [claim], claims)), 'keep shared');
  });

  it('is ours when our record has its uid, whoever else desires it', () => {
    const claims = { claimedBy: () => 'evenkeel/other', recordedBy: () => 'evenkeel/other' };
    assert.equal(brief(planOne(body(live(wanted)), [entryFor(wanted)], claims)), 'keep inSync');
    const isAnnouncedAgain = [entryFor(wanted, '')];
    assert.equal(brief(planOne({ state: 'absent' }, isAnnouncedAgain, claims)), 'undecided exists');
  });

  it('is not taken from an Application that desires it and whose mark it carries', () => {
    const annotations = { 'evenkeel.dev/tracking-id': 'evenkeel_other:/ConfigMap:shop/a' };
    const claims = { claimedBy: () => 'evenkeel/other', recordedBy: () => undefined };
    assert.equal(brief(planOne(body(bare({ annotations })), [], claims)), 'keep shared');
    assert.match(brief(planOne(body(bare({ annotations })), [])), /^update adopts/, 'what a gone Application left');
  });

  it('is ours when a claim announced it and our apply created it', () => {
    assert.equal(brief(planOne(body(live(wanted)), [entryFor(wanted, '')])), 'keep inSync');
    assert.match(brief(planOne(body(bare()), [entryFor(wanted, '')])), /^update adopts/);
  });
});

describe('an object whose kind is not served', () => {
  const custom = manifest({ group: 'example.com', kind: 'Widget' });
  const definition = manifest(
    { group: 'apiextensions.k8s.io', kind: 'CustomResourceDefinition', namespace: '', name: 'widgets.example.com' },
    { spec: { group: 'example.com', names: { kind: 'Widget', plural: 'widgets' } } },
  );
  const answers = [
    [custom, { state: 'notServed' }],
    [definition, { state: 'absent' }],
  ] as const;

  it('is refused', () => {
    const plan = planChanges(inputOf({ app: appWith([]), desired: desiredOf(custom), answers }));
    assert.deepEqual(plan.changes.map(brief), ['refuse KindNotServed']);
  });

  it('is written after its definition when that is in the source', () => {
    const plan = planChanges(inputOf({ app: appWith([]), desired: desiredOf(custom, definition), answers }));
    assert.deepEqual(
      plan.changes.map((change) => `${change.ref.kind} ${brief(change)}`),
      ['CustomResourceDefinition undecided exists adopts', 'Widget undecided exists adopts'],
    );
  });
});
