import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  describeField,
  describeOwners,
  describeTakeover,
  migrationPatch,
  planChanges,
  planRows,
} from '../../src/diff/diff.ts';
import type { JsonObject, JsonValue } from '../../src/model/json.ts';
import { isJsonArray, objectAt } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';
import type { OwnershipPolicy } from '../../src/model/ownership.ts';
import type { Change, Plan } from '../../src/model/plan.ts';
import type { RecordEntry } from '../../src/model/record.ts';
import { appWith, body, desiredOf, entryFor, inputOf, installation, intended, live, manifest } from './world.ts';

const usual: OwnershipPolicy = { adopt: 'IfUnowned', migrateFrom: ['kubectl'], migrateManagers: [] };

function entry(manager: string, fieldsV1: JsonObject, more: JsonObject = {}): JsonObject {
  const time = '2026-01-01T00:00:00Z';
  return { manager, operation: 'Update', apiVersion: 'v1', time, fieldsType: 'FieldsV1', fieldsV1, ...more };
}

const data = (...names: string[]): JsonObject => ({
  'f:data': { '.': {}, ...Object.fromEntries(names.map((name) => [`f:${name}`, {}])) },
});

const applied = { 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
const argo = { 'argocd.argoproj.io/tracking-id': 'shop:/ConfigMap:shop/a' };
const flux = { 'kustomize.toolkit.fluxcd.io/name': 'shop', 'kustomize.toolkit.fluxcd.io/namespace': 'flux-system' };
const helm = { 'meta.helm.sh/release-name': 'shop', 'meta.helm.sh/release-namespace': 'shop' };

const wanted = manifest({}, { data: { x: '1' } });

/** `a` as somebody else left it. */
function theirs(managedFields: readonly JsonObject[], metadata: JsonObject = {}): KubeObject {
  const all = { uid: 'theirs', resourceVersion: '7', managedFields, ...metadata };
  return manifest({}, { data: { x: '1', old: 'o' }, metadata: all });
}

function planOf(
  object: KubeObject,
  policy: Partial<OwnershipPolicy> = {},
  { record = [], git = wanted }: { readonly record?: readonly RecordEntry[]; readonly git?: KubeObject } = {},
): Plan {
  const app = appWith(record, { spec: { ownership: { ...usual, ...policy } } });
  return planChanges(inputOf({ app, desired: desiredOf(git), answers: [[git, body(object)]] }));
}

function only(plan: Plan): Change {
  const [change] = plan.changes;
  assert.ok(change !== undefined && plan.changes.length === 1);
  return change;
}

/** What the plan says that goes because the object is taken over: path and managers. */
function migrated(plan: Plan): [string, string][] {
  const change = only(plan);
  assert.equal(change.kind, 'update');
  return change.differences
    .filter((difference) => difference.migrated === true)
    .map(({ path, who }) => [path, who.map(({ manager }) => manager).join(' ')]);
}

function patchOf(object: KubeObject, policy: Partial<OwnershipPolicy> = {}): ReturnType<typeof migrationPatch> {
  return migrationPatch({
    desired: intended(wanted),
    live: object,
    installation,
    policy: { ...usual, ...policy },
  });
}

function managersAfter(operations: ReturnType<typeof migrationPatch>): readonly JsonValue[] {
  const value = operations.find(({ path }) => path === '/metadata/managedFields')?.value;
  return value !== undefined && isJsonArray(value) ? value : [];
}

describe('taking an object over from a tool', () => {
  for (const [tool, manager, traces, trackers] of [
    ['kubectl', 'kubectl-client-side-apply', { annotations: applied }, ['annotations[kubectl.kubernetes.io/last-app']],
    ['helm', 'helm', { annotations: helm }, ['annotations[meta.helm.sh/release-name', 'annotations[meta.helm.sh/re']],
    ['argocd', 'argocd-controller', { annotations: argo }, ['annotations[argocd.argoproj.io/tracking-id']],
    ['argocd', 'argocd-application-controller', { labels: { 'argocd.argoproj.io/instance': 'x' } }, ['labels[argocd']],
    ['flux', 'kustomize-controller', { labels: flux }, ['labels[kustomize.tool', 'labels[kustomize.tool']],
    ['flux', 'helm-controller', { labels: { 'helm.toolkit.fluxcd.io/name': 'x' } }, ['labels[helm.toolkit']],
  ] as const) {
    it(`${tool} (${manager}): the plan shows what goes with its fields and trackers, the patch does it`, () => {
      const object = theirs([entry(manager, data('x', 'old'))], traces);
      const policy = { migrateFrom: [tool] };
      const [field, ...others] = migrated(planOf(object, policy));
      assert.deepEqual(field, ['data.old', manager]);
      assert.deepEqual(
        others.map(([path], index) => path.startsWith(`metadata.${trackers[index] ?? '?'}`)),
        trackers.map(() => true),
      );
      const operations = patchOf(object, policy);
      assert.equal(operations.filter(({ op }) => op === 'remove').length, trackers.length);
      assert.deepEqual(managersAfter(operations), [
        { ...entry(manager, data('x', 'old')), manager: 'evenkeel', operation: 'Apply' },
      ]);
      assert.deepEqual(operations.at(-1), { op: 'replace', path: '/metadata/resourceVersion', value: '7' });
    });
  }

  it('is not done for a tool that is not listed, if it left its fields only', () => {
    const object = theirs([entry('helm', data('x', 'old'))]);
    assert.deepEqual(migrated(planOf(object)), []);
    assert.deepEqual(patchOf(object), []);
  });

  it('kubectl that applies on the server, by its Apply entry only', () => {
    const object = theirs([
      entry('kubectl', data('x', 'old'), { operation: 'Apply' }),
      entry('kubectl', { 'f:spec': { 'f:replicas': {} } }, { subresource: 'scale' }),
    ]);
    assert.deepEqual(migrated(planOf(object)), [['data.old', 'kubectl']]);
    assert.equal(managersAfter(patchOf(object)).length, 2);
    assert.deepEqual(patchOf(theirs([entry('kubectl', data('old'))])), []);
  });

  it('is joined with the entry that we have', () => {
    const ours = entry('evenkeel', data('y'), { operation: 'Apply' });
    const object = theirs([entry('kubectl-client-side-apply', data('old')), ours]);
    assert.deepEqual(managersAfter(patchOf(object)), [{ ...ours, fieldsV1: data('y', 'old') }]);
  });

  it('leaves alone what names fields of another API version, what subresources own, and controllers', () => {
    const ours = entry('evenkeel', {}, { operation: 'Apply', apiVersion: 'v2' });
    assert.deepEqual(patchOf(theirs([entry('kubectl-client-side-apply', data('old')), ours])), []);
    const scale = entry('kubectl-client-side-apply', data('old'), { subresource: 'scale' });
    const controller = entry('kube-controller-manager', data('old'));
    const policy = { migrateManagers: ['kube-controller-manager'] };
    assert.deepEqual(patchOf(theirs([scale, controller]), policy), []);
    assert.deepEqual(migrated(planOf(theirs([scale, controller]), policy)), []);
  });

  it('folds entries of one API version only when there is none of ours', () => {
    const object = theirs([
      entry('kubectl-client-side-apply', data('old')),
      entry('kubectl', data('x'), { operation: 'Apply', apiVersion: 'v2' }),
    ]);
    assert.equal(managersAfter(patchOf(object)).length, 2);
    assert.deepEqual(migrated(planOf(object)), [['data.old', 'kubectl-client-side-apply']]);
  });

  it('keeps what somebody owns who is not migrated', () => {
    const object = theirs([entry('kubectl-client-side-apply', data('x', 'old')), entry('other', data('old'))]);
    assert.deepEqual(migrated(planOf(object)), []);
    assert.equal(managersAfter(patchOf(object)).length, 2);
  });

  it('names all tools that own what goes', () => {
    const object = theirs([entry('kubectl-client-side-apply', data('old')), entry('helm', data('old'))]);
    const policy = { migrateFrom: ['kubectl', 'helm'] as const };
    assert.deepEqual(migrated(planOf(object, policy)), [['data.old', 'kubectl-client-side-apply helm']]);
  });

  it('a field manager that the Application names is one more', () => {
    const object = theirs([entry('deployer', data('x', 'old'))]);
    const plan = planOf(object, { migrateManagers: ['deployer'] });
    assert.deepEqual(migrated(plan), [['data.old', 'deployer']]);
    assert.match(
      describeTakeover(only(plan), { installation, policy: { ...usual, migrateManagers: ['deployer'] } }) ?? '',
      /from deployer, removing data\.old$/,
    );
  });

  it('trackers that Git has stay', () => {
    const git = manifest({}, { data: { x: '1' }, metadata: { annotations: argo } });
    const object = theirs([entry('argocd-controller', data('x', 'old'))], { annotations: argo });
    const plan = planOf(object, { migrateFrom: ['argocd'] }, { git });
    assert.deepEqual(migrated(plan), [['data.old', 'argocd-controller']]);
  });

  it('a tracker alone is reason enough for a write', () => {
    const object = live(wanted, { uid: 'theirs', metadata: { annotations: argo } });
    const plan = planOf(object, { migrateFrom: ['argocd'] });
    assert.deepEqual(migrated(plan), [['metadata.annotations[argocd.argoproj.io/tracking-id]', '']]);
  });

  it('an object of ours is taken over anew when Git drops a field that the tool owns, too', () => {
    const both = manifest({}, { data: { x: '1', y: '2' } });
    const { metadata, ...rest } = live(both);
    const managedFields = [
      ...(metadata['managedFields'] as JsonObject[]),
      entry('kubectl-client-side-apply', data('y')),
    ];
    const object = { ...rest, metadata: { ...metadata, managedFields } } as KubeObject;
    const record = [entryFor(both)];
    assert.deepEqual(migrated(planOf(object, {}, { record })), [['data.y', 'kubectl-client-side-apply']]);
    const kept = only(planOf(object, { migrateFrom: [] }, { record }));
    assert.ok(kept.kind === 'update');
    assert.deepEqual(
      kept.differences.map(({ path, migrated: goes }) => [path, goes]),
      [['data.y', undefined]],
    );
  });

  it('is printed with who loses what; values of Secrets are not', () => {
    const git = manifest({ kind: 'Secret' }, { data: { x: 'MQ==' } });
    const object = {
      ...manifest({ kind: 'Secret' }, { data: { x: 'Mg==', old: 'c2VjcmV0' } }),
      metadata: { ...theirs([entry('kubectl-client-side-apply', data('x', 'old'))]).metadata },
    };
    const [row] = planRows(planOf(object, {}, { git }));
    const lines = row?.differences.map((one) => `${describeField(one)} ${describeOwners(one)}`) ?? [];
    const text = lines.join('\n');
    assert.match(text, /data\.old: <hidden 3> → \(removed\) kubectl-client-side-apply\/Update/);
    assert.ok(!text.includes('c2VjcmV0'));
  });
});

describe('ownership.adopt', () => {
  const marked = (metadata: JsonObject): KubeObject => theirs([entry('x', data('x', 'old'))], metadata);
  const kindOf = (object: KubeObject, policy: Partial<OwnershipPolicy>): string => {
    const change = only(planOf(object, policy));
    return change.kind === 'refuse' ? `${change.error.reason}: ${change.error.message}` : change.kind;
  };
  const controlled = { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'X', name: 'x', uid: '1', controller: true }] };

  it('IfUnowned takes what a listed tool tracks, and names the tool that is not listed', () => {
    assert.equal(kindOf(marked({ annotations: argo }), { migrateFrom: ['argocd'] }), 'update');
    assert.match(kindOf(marked({ annotations: argo }), {}), /^Conflicted: .*Argo CD .*does not list argocd/);
    assert.match(kindOf(marked({ annotations: argo, labels: flux }), { migrateFrom: ['argocd'] }), /Flux/);
  });

  it('Always takes from tools that are not listed, removes their trackers, and says from whom', () => {
    const object = theirs([entry('helm', data('x', 'old'))], { annotations: helm });
    const policy = { ...usual, adopt: 'Always' } as const;
    const plan = planOf(object, policy);
    assert.deepEqual(
      migrated(plan).map(([path]) => path),
      [
        'data.old',
        'metadata.annotations[meta.helm.sh/release-name]',
        'metadata.annotations[meta.helm.sh/release-namespace]',
      ],
    );
    assert.match(
      describeTakeover(only(plan), { installation, policy }) ?? '',
      /^taken over from Helm, removing data\.old, /,
    );
  });

  it('Always takes nothing from controllers, other installations and other Applications', () => {
    assert.match(kindOf(marked(controlled), { adopt: 'Always' }), /^Conflicted: .*controller/);
    const labels = { 'blue.evenkeel.dev/part-of': 'x' };
    assert.match(kindOf(marked({ labels }), { adopt: 'Always' }), /^Conflicted: .*blue/);
    const app = appWith([], { spec: { ownership: { ...usual, adopt: 'Always' } } });
    const claims = { claimedBy: () => 'evenkeel/other', recordedBy: () => 'evenkeel/other' };
    const answers = [[wanted, body(marked({}))]] as const;
    const change = only(planChanges(inputOf({ app, desired: desiredOf(wanted), answers, claims })));
    assert.equal(change.kind === 'keep' && change.reason, 'shared');
  });

  it('Never takes nothing that is not on record, and goes on with what is', () => {
    assert.match(kindOf(marked({}), { adopt: 'Never' }), /^Conflicted: .*ownership\.adopt is Never/);
    const recreated = only(planOf(marked({}), { adopt: 'Never' }, { record: [entryFor(wanted)] }));
    assert.equal(recreated.kind, 'refuse');
    assert.equal(only(planOf(live(wanted), { adopt: 'Never' }, { record: [entryFor(wanted)] })).kind, 'keep');
  });

  it('nothing is taken over of what is ours', () => {
    const plan = planOf(live(wanted), {}, { record: [entryFor(wanted)] });
    assert.equal(describeTakeover(only(plan), { installation, policy: usual }), undefined);
    assert.deepEqual(objectAt(live(wanted), 'data'), { x: '1' });
  });
});
