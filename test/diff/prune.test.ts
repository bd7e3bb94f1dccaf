import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Claims } from '../../src/diff/diff.ts';
import { planChanges } from '../../src/diff/diff.ts';
import { nothingDesired } from '../../src/model/desired.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { LiveAnswer } from '../../src/model/live.ts';
import type { KubeObject } from '../../src/model/object.ts';
import type { Change } from '../../src/model/plan.ts';
import type { RecordEntry } from '../../src/model/record.ts';
import { Findings } from '../../src/model/findings.ts';
import { readSyncOptions } from '../../src/model/sync-options.ts';
import type { AppOverrides } from './world.ts';
import { appWith, body, desiredOf, entryFor, inputOf, live, manifest, noClaims } from './world.ts';

const dropped = manifest({ name: 'dropped' });
const other = manifest({ name: 'other' });
const annotated = (annotations: JsonObject, object: KubeObject = dropped): LiveAnswer =>
  body(live(object, { metadata: { annotations } }));

function withoutMarks(object: KubeObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, labels: {}, annotations: {} } };
}

interface Situation {
  readonly answer?: LiveAnswer;
  readonly entry?: RecordEntry;
  readonly overrides?: AppOverrides;
  readonly claims?: Claims;
  readonly object?: KubeObject;
  readonly isEmptyRender?: boolean;
  /** A person has confirmed the deletions of the operation. */
  readonly confirmed?: boolean;
}

/** An Application with these sync options. */
function options(...values: readonly string[]): AppOverrides {
  return { spec: { syncOptions: readSyncOptions(values, '', new Findings()) } };
}

/** What becomes of one object that is on record and not in Git. */
function fate({ object = dropped, ...situation }: Situation): string {
  const { answer = body(live(object)), entry = entryFor(object), overrides = {}, claims = noClaims } = situation;
  const empty = situation.isEmptyRender === true || overrides.deleting === true;
  const desired = empty ? nothingDesired : desiredOf(other);
  const answers = [
    [object, answer],
    [other, body(live(other))],
  ] as const;
  const { confirmed = false } = situation;
  const app = appWith([entry, entryFor(other)], overrides);
  const plan = planChanges(inputOf({ app, desired, answers, claims, confirmed }));
  return describeChange(plan.changes.find(({ ref }) => ref.name === object.metadata.name));
}

function describeChange(change: Change | undefined): string {
  if (change === undefined) return 'nothing';
  return change.kind === 'keep' ? `keep ${change.reason}` : change.kind;
}

const rows: readonly (readonly [string, Situation, string])[] = [
  ['is pruned', {}, 'prune'],
  [
    'is pruned though its label was lost: the record is the proof',
    { answer: body(withoutMarks(live(dropped))) },
    'prune',
  ],
  [
    'is kept when pruning is off',
    { overrides: { spec: { automated: { prune: false, selfHeal: true, allowEmpty: false } } } },
    'keep pruneDisabled',
  ],
  [
    'is pruned by hand when pruning is off',
    { overrides: { spec: { automated: { prune: false, selfHeal: true, allowEmpty: false } }, prunesByHand: true } },
    'prune',
  ],
  ['leaves the record when it is gone', { answer: { state: 'absent' } }, 'forget'],
  ['leaves the record when its kind is gone', { answer: { state: 'notServed' } }, 'forget'],
  ['is kept when it may not be read', { answer: { state: 'forbidden', why: 'no permission' } }, 'keep unknown'],
  ['is kept when nothing is known of it', { answer: { state: 'unknown', why: 'stale' } }, 'keep unknown'],
  ['leaves the record when another object has its name', { answer: body(live(dropped, { uid: 'another' })) }, 'forget'],
  [
    'is kept when it is being deleted',
    { answer: body(live(dropped, { metadata: { deletionTimestamp: 'x' } })) },
    'keep terminating',
  ],
  [
    'is kept when a controller owns it',
    { answer: body(live(dropped, { metadata: { ownerReferences: [{ controller: true }] } })) },
    'keep notOurs',
  ],
  [
    'is pruned when somebody else merely is an owner',
    { answer: body(live(dropped, { metadata: { ownerReferences: [{ uid: 'x' }] } })) },
    'prune',
  ],
  [
    'is kept when another Application claims it',
    { claims: { claimedBy: () => 'evenkeel/x', recordedBy: () => undefined } },
    'keep claimedElsewhere',
  ],
  [
    'is passed on when another Application has applied it',
    { claims: { claimedBy: () => 'evenkeel/x', recordedBy: () => 'evenkeel/x' } },
    'forget',
  ],
  ['is pruned after a claim when entry and tracking id prove it', { entry: entryFor(dropped, '') }, 'prune'],
  [
    'is kept after a claim when the tracking id names another',
    {
      entry: entryFor(dropped, ''),
      answer: annotated({ 'evenkeel.dev/tracking-id': 'evenkeel_shop:/ConfigMap:shop/x' }),
    },
    'keep notOurs',
  ],
  [
    'is kept after a claim when we never applied it',
    {
      entry: entryFor(dropped, ''),
      answer: body({ ...live(dropped), metadata: { ...live(dropped).metadata, managedFields: [] } }),
    },
    'keep notOurs',
  ],
  [
    'is kept by Prune=false',
    { answer: annotated({ 'evenkeel.dev/sync-options': 'Replace=true, Prune=false' }) },
    'keep protected',
  ],
  [
    "is kept by Argo CD's Prune=false",
    { answer: annotated({ 'argocd.argoproj.io/sync-options': 'Prune=false' }) },
    'keep protected',
  ],
  [
    "is pruned when ours replaces Argo CD's",
    {
      answer: annotated({
        'argocd.argoproj.io/sync-options': 'Prune=false',
        'evenkeel.dev/sync-options': 'Delete=false',
      }),
    },
    'prune',
  ],
  [
    'waits by Prune=confirm',
    { answer: annotated({ 'evenkeel.dev/sync-options': 'Prune=confirm' }) },
    'keep awaitsConfirmation',
  ],
  [
    'is pruned in spite of Prune=confirm once a person has confirmed',
    { answer: annotated({ 'evenkeel.dev/sync-options': 'Prune=confirm' }), confirmed: true },
    'prune',
  ],
  [
    'is kept by Prune=false, whatever a person confirms',
    { answer: annotated({ 'evenkeel.dev/sync-options': 'Prune=false' }), confirmed: true },
    'keep protected',
  ],
  ['is kept by Prune=false of the Application', { overrides: options('Prune=false') }, 'keep protected'],
  ['waits by Prune=confirm of the Application', { overrides: options('Prune=confirm') }, 'keep awaitsConfirmation'],
  [
    'is pruned where its own option beats that of the Application',
    { overrides: options('Prune=false'), answer: annotated({ 'evenkeel.dev/sync-options': 'Prune=true' }) },
    'prune',
  ],
  [
    'is kept by policy no-prune',
    { answer: annotated({ 'evenkeel.dev/policy': 'no-update, no-prune' }) },
    'keep protected',
  ],
  ['is kept by policy external', { answer: annotated({ 'evenkeel.dev/policy': 'external' }) }, 'keep protected'],
  ['is pruned with policy create-only', { answer: annotated({ 'evenkeel.dev/policy': 'create-only' }) }, 'prune'],
  [
    'is no difference where pruning is off and IgnoreExtraneous says so',
    {
      overrides: { spec: { automated: { prune: false, selfHeal: true, allowEmpty: false } } },
      answer: annotated({ 'argocd.argoproj.io/compare-options': 'IgnoreExtraneous' }),
    },
    'keep extraneous',
  ],
  [
    'is pruned in spite of IgnoreExtraneous where pruning is on',
    { answer: annotated({ 'argocd.argoproj.io/compare-options': 'IgnoreExtraneous' }) },
    'prune',
  ],
  ['is kept by resource-policy keep', { answer: annotated({ 'helm.sh/resource-policy': 'keep' }) }, 'keep protected'],
  ['is kept by protect', { answer: annotated({ 'evenkeel.dev/protect': 'true' }) }, 'keep protected'],
  ['is kept when the source is empty', { isEmptyRender: true }, 'keep emptyRender'],
  [
    'is kept when the source is empty, also by hand',
    { isEmptyRender: true, overrides: { prunesByHand: true } },
    'keep emptyRender',
  ],
  [
    'is pruned when the source may be empty',
    { isEmptyRender: true, overrides: { spec: { automated: { prune: true, selfHeal: true, allowEmpty: true } } } },
    'prune',
  ],
];

describe('an object on record that Git dropped', () => {
  for (const [what, situation, expected] of rows) it(what, () => assert.equal(fate(situation), expected));
});

const deleting: AppOverrides = { deleting: true };
const insisting: AppOverrides = { deleting: true, annotations: { 'evenkeel.dev/delete-protected': 'true' } };
const claim = manifest({ kind: 'PersistentVolumeClaim', name: 'data' });
const definition = manifest({
  group: 'apiextensions.k8s.io',
  kind: 'CustomResourceDefinition',
  namespace: '',
  name: 'x.y',
});
const child = manifest({ group: 'evenkeel.dev', version: 'v1alpha1', kind: 'Application', name: 'child' });
const argoChild = manifest({ group: 'argoproj.io', version: 'v1alpha1', kind: 'Application', name: 'child' });

const deletions: readonly (readonly [string, Situation, string])[] = [
  ['deletes', { overrides: deleting }, 'prune'],
  [
    'deletes with pruning off',
    { overrides: { ...deleting, spec: { automated: { prune: false, selfHeal: false, allowEmpty: false } } } },
    'prune',
  ],
  [
    "deletes with Argo CD's finalizer",
    { overrides: { ...deleting, finalizers: ['resources-finalizer.argocd.argoproj.io/background'] } },
    'prune',
  ],
  ['touches nothing without a finalizer', { overrides: { ...deleting, finalizers: ['x/y'] } }, 'keep pruneDisabled'],
  ['lets go of a protected kind', { overrides: deleting, object: claim }, 'release'],
  ['deletes a protected kind when told so', { overrides: insisting, object: claim }, 'prune'],
  ['lets go of a definition', { overrides: deleting, object: definition }, 'release'],
  [
    'lets go of a definition even when told to delete protected ones',
    { overrides: insisting, object: definition },
    'release',
  ],
  [
    'lets go of a definition that is not in protectedKinds',
    { overrides: { ...deleting, guard: { protectedKinds: [] } }, object: definition },
    'release',
  ],
  ['deletes a child Application', { overrides: deleting, object: child }, 'prune'],
  ["lets go of Argo CD's Application", { overrides: deleting, object: argoChild }, 'release'],
  [
    'lets go of Delete=false',
    { overrides: deleting, answer: annotated({ 'evenkeel.dev/sync-options': 'Delete=false' }) },
    'release',
  ],
  ['lets go by Delete=false of the Application', { overrides: { ...deleting, ...options('Delete=false') } }, 'release'],
  [
    'waits by Delete=confirm of the Application',
    { overrides: { ...deleting, ...options('Delete=confirm') } },
    'keep awaitsConfirmation',
  ],
  [
    'waits by Delete=confirm',
    { overrides: deleting, answer: annotated({ 'evenkeel.dev/sync-options': 'Delete=confirm' }) },
    'keep awaitsConfirmation',
  ],
  [
    'deletes in spite of Delete=confirm once a person has confirmed',
    { overrides: deleting, answer: annotated({ 'evenkeel.dev/sync-options': 'Delete=confirm' }), confirmed: true },
    'prune',
  ],
  [
    'deletes in spite of policy no-prune',
    { overrides: deleting, answer: annotated({ 'evenkeel.dev/policy': 'no-prune' }) },
    'prune',
  ],
  [
    'deletes in spite of Prune=false',
    { overrides: deleting, answer: annotated({ 'evenkeel.dev/sync-options': 'Prune=false' }) },
    'prune',
  ],
  [
    'lets go of resource-policy keep',
    { overrides: deleting, answer: annotated({ 'helm.sh/resource-policy': 'keep' }) },
    'release',
  ],
  ['lets go of protect', { overrides: insisting, answer: annotated({ 'evenkeel.dev/protect': 'true' }) }, 'release'],
  [
    'lets go of what another Application claims',
    { overrides: deleting, claims: { claimedBy: () => 'evenkeel/x', recordedBy: () => undefined } },
    'release',
  ],
  [
    'lets go of what a controller took',
    {
      overrides: deleting,
      answer: body(live(dropped, { metadata: { ownerReferences: [{ controller: true, kind: 'X', name: 'y' }] } })),
    },
    'release',
  ],
  [
    'keeps what it knows nothing of',
    { overrides: deleting, answer: { state: 'unknown', why: 'stale' } },
    'keep unknown',
  ],
  ['forgets what is gone', { overrides: deleting, answer: { state: 'absent' } }, 'forget'],
];

describe('deleting an Application', () => {
  for (const [what, situation, expected] of deletions) it(what, () => assert.equal(fate(situation), expected));
});
