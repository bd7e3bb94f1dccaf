import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { guarded, planChanges, replacementFor } from '../../src/diff/diff.ts';
import { ApiError } from '../../src/model/api-error.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { refOf } from '../../src/model/object.ts';
import type { Change, Plan } from '../../src/model/plan.ts';
import type { AppOverrides } from './world.ts';
import { appWith, body, desiredOf, entryFor, inputOf, installation, live, manifest, noClaims } from './world.ts';

const recreate = { 'evenkeel.dev/policy': 'recreate-if-immutable' };

function annotated(object: KubeObject, annotations: JsonObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, annotations } };
}

const set = (serviceName: string): KubeObject =>
  manifest({ group: 'apps', kind: 'StatefulSet', name: 'db' }, { spec: { serviceName } });

interface Case {
  readonly before: KubeObject;
  readonly after: KubeObject;
  readonly overrides?: AppOverrides;
  /** Changes what stands in the cluster. */
  readonly others?: JsonObject;
  readonly uid?: string;
}

function planOf({ before, after, overrides = {}, others, uid }: Case): Plan {
  const found = live(before, others === undefined ? {} : { metadata: others });
  const app = appWith([entryFor(before, uid)], overrides);
  return planChanges(inputOf({ app, desired: desiredOf(after), answers: [[before, body(found)]] }));
}

function change(of: Case): Change {
  const [first] = planOf(of).changes;
  assert.ok(first !== undefined);
  return first;
}

function refusal(of: Case): string {
  const found = change(of);
  assert.ok(found.kind === 'refuse', found.kind);
  assert.equal(found.error.reason, 'ImmutableField');
  return found.error.message;
}

describe('a field that cannot be changed', () => {
  it('is refused, naming the object, the place, the field, and how to allow it', () => {
    assert.match(
      refusal({ before: set('db'), after: set('other') }),
      /^StatefulSet\.apps shop\/db \(all\.yaml:document 1:line 1\): spec\.serviceName cannot be changed\. .*evenkeel\.dev\/policy: recreate-if-immutable, or sync-options: Force=true, or sync by hand with --force$/,
    );
  });

  for (const annotations of [recreate, { 'argocd.argoproj.io/sync-options': 'Force=true' }])
    it(`is replaced where ${Object.values(annotations).join()} allows it`, () => {
      const plan = planOf({ before: set('db'), after: annotated(set('other'), annotations) });
      assert.deepEqual(
        plan.changes.map(({ kind }) => kind),
        ['replace'],
      );
      assert.match(plan.hash, /^[0-9a-f]{16}$/, 'it can be approved');
    });

  it('is replaced by a sync that was asked for with force, but what an object says about its deletion holds', () => {
    const overrides = { prunesByHand: true, force: true };
    const of = { before: set('db'), after: set('other'), overrides };
    assert.equal(change(of).kind, 'replace');
    assert.match(refusal({ ...of, others: { annotations: { 'evenkeel.dev/protect': 'true' } } }), /dev\/protect/);
    assert.equal(change({ ...of, overrides: { prunesByHand: true } }).kind, 'refuse');
  });

  const never: readonly (readonly [string, Partial<Case>, RegExp])[] = [
    ['a protected kind', { overrides: { guard: { protectedKinds: ['StatefulSet'] } } }, /protected kind/],
    [
      'an object with protect',
      { others: { annotations: { 'evenkeel.dev/protect': 'true' } } },
      /evenkeel\.dev\/protect/,
    ],
    ['Prune=false', { others: { annotations: { 'evenkeel.dev/sync-options': 'Prune=false' } } }, /Prune=false/],
    ['Delete=false', { others: { annotations: { 'evenkeel.dev/sync-options': 'Delete=false' } } }, /Delete=false/],
    [
      'Delete=confirm',
      { others: { annotations: { 'evenkeel.dev/sync-options': 'Delete=confirm' } } },
      /Delete=confirm/,
    ],
    ['an object that is not on record', { uid: '11111111-1111-4111-8111-111111111111' }, /not on the record/],
  ];
  for (const [what, more, words] of never)
    it(`is never replaced: ${what}`, () => {
      assert.match(refusal({ before: set('db'), after: annotated(set('other'), recreate), ...more }), words);
    });

  it('is not replaced again by a manifest that has failed to before, and is by another', () => {
    const after = annotated(set('other'), recreate);
    const [{ hash } = { hash: '' }] = desiredOf(after).objects;
    const others = { annotations: { 'evenkeel.dev/replacement-failed': hash } };
    assert.match(refusal({ before: set('db'), after, others }), /failed before/);
    assert.equal(change({ before: set('db'), after: annotated(set('third'), recreate), others }).kind, 'replace');
  });

  const rows: readonly (readonly [string, KubeObject, KubeObject, 'refuse' | 'update'])[] = [
    ['selector of a Deployment', workload('a'), workload('b'), 'refuse'],
    ['data of a sealed ConfigMap', sealed('1', true), sealed('2', true), 'refuse'],
    ['data of an open ConfigMap', sealed('1', false), sealed('2', false), 'update'],
    ['type of a Secret', secret('Opaque'), secret('example.com/x'), 'refuse'],
    ['roleRef', binding('a'), binding('b'), 'refuse'],
    ['template of a Job', job('a:1', {}), job('a:2', {}), 'refuse'],
    [
      'template of a suspended Job: the server knows',
      job('a:1', { suspend: true }),
      job('a:2', { suspend: true }),
      'update',
    ],
    ['parallelism of a Job', job('a:1', { parallelism: 1 }), job('a:1', { parallelism: 2 }), 'update'],
  ];
  for (const [what, before, after, expected] of rows)
    it(`${what}: ${expected}`, () => assert.equal(change({ before, after }).kind, expected));
});

function workload(app: string): KubeObject {
  const template = { metadata: { labels: { app, tier: 'x' } } };
  return manifest({ group: 'apps', kind: 'Deployment' }, { spec: { selector: { matchLabels: { app } }, template } });
}

function sealed(value: string, immutable: boolean): KubeObject {
  return manifest({}, { data: { value }, immutable });
}

function secret(type: string): KubeObject {
  return manifest({ kind: 'Secret' }, { type, data: { a: 'YQ==' } });
}

function binding(name: string): KubeObject {
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name };
  return manifest({ group: 'rbac.authorization.k8s.io', kind: 'RoleBinding' }, { roleRef });
}

function job(image: string, spec: JsonObject): KubeObject {
  const template = { spec: { containers: [{ name: 'main', image }], restartPolicy: 'Never' } };
  return manifest({ group: 'batch', kind: 'Job' }, { spec: { ...spec, template } });
}

describe('what the server says cannot be changed', () => {
  const differing = (): Parameters<typeof replacementFor>[1] => {
    const [object] = desiredOf(annotated(set('db'), recreate)).objects;
    assert.ok(object !== undefined);
    return { object, live: live(set('db')), differences: [], adopts: false };
  };
  const rules = { app: appWith([]), installation, claims: noClaims };
  const saying = (...messages: readonly string[]): ApiError => {
    const causes = messages.map((message) => ({ reason: 'FieldValueInvalid', field: 'spec.x', message }));
    return new ApiError(messages.join(), { kind: 'invalid', status: 422, causes });
  };

  for (const message of [
    'Invalid value: core.PodTemplateSpec{A: "b: c"}: field is immutable',
    'Invalid value: "10.0.0.2": may not change once set',
    "Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden",
    'Forbidden: updates to parameters are forbidden.',
    'Invalid value: rbac.RoleRef{}: cannot change roleRef',
  ])
    it(`replaces for ${message}`, () => {
      const found = replacementFor(saying(message), differing(), rules);
      assert.ok(found?.kind === 'replace');
      assert.doesNotMatch(found.why, /PodTemplateSpec/, 'values are not repeated');
    });

  it('does not take a wrong manifest for one, nor one that is wrong besides', () => {
    assert.equal(replacementFor(saying('Invalid value: -1: must be greater than 0'), differing(), rules), undefined);
    assert.equal(replacementFor(saying('field is immutable', 'Required value'), differing(), rules), undefined);
  });
});

describe('Replace=true', () => {
  const map = (value: string, options?: string): KubeObject => {
    const object = manifest({}, { data: { value } });
    return options === undefined ? object : annotated(object, { 'evenkeel.dev/sync-options': options });
  };
  const kindOf = (found: Change): string => (found.kind === 'update' && found.whole === true ? 'whole' : found.kind);

  const rows: readonly (readonly [string, Case, string])[] = [
    ['writes an object as a whole', { before: map('1'), after: map('2', 'Replace=true') }, 'whole'],
    ['of the Application, too', { before: map('1'), after: map('2'), overrides: replacing() }, 'whole'],
    [
      'not where the object says otherwise',
      { before: map('1'), after: map('2', 'Replace=false'), overrides: replacing() },
      'update',
    ],
    ['with Force deletes and creates', { before: map('1'), after: map('2', 'Replace=true,Force=true') }, 'replace'],
    [
      'with force of the sync does so, too',
      { before: map('1'), after: map('2', 'Replace=true'), overrides: { prunesByHand: true, force: true } },
      'replace',
    ],
    [
      'with Force updates what is protected',
      {
        before: map('1'),
        after: map('2', 'Replace=true,Force=true'),
        overrides: { guard: { protectedKinds: ['ConfigMap'] } },
      },
      'whole',
    ],
    [
      'with Force updates what is not on record',
      { before: map('1'), after: map('2', 'Replace=true,Force=true'), uid: 'another' },
      'whole',
    ],
    [
      'writes nothing when nothing differs',
      { before: map('1', 'Replace=true'), after: map('1', 'Replace=true') },
      'keep',
    ],
  ];
  for (const [what, of, expected] of rows) it(what, () => assert.equal(kindOf(change(of)), expected));

  it('with Force updates a Namespace and a definition, whatever the guard protects', () => {
    const overrides = { guard: { protectedKinds: [] } };
    for (const place of [
      { kind: 'Namespace', namespace: '' },
      { group: 'apiextensions.k8s.io', kind: 'CustomResourceDefinition', namespace: '' },
    ]) {
      const [before, after] = ['1', '2'].map((value) => manifest(place, { metadata: { labels: { value } } }));
      assert.ok(before !== undefined && after !== undefined);
      const forced = {
        ...after,
        metadata: { ...after.metadata, annotations: { 'evenkeel.dev/sync-options': 'Replace=true,Force=true' } },
      };
      assert.equal(kindOf(change({ before, after: forced, overrides })), 'whole');
    }
  });
});

function replacing(): AppOverrides {
  const { syncOptions } = appWith([]).spec;
  return { spec: { syncOptions: { ...syncOptions, replace: true } } };
}

describe('the guard and replacements', () => {
  const before = set('db');
  const after = annotated(set('other'), recreate);
  const overrides = { guard: { maxObjects: 0 } };

  it('counts them, and keeps what it holds back', () => {
    const app = appWith([entryFor(before)], overrides);
    const input = inputOf({ app, desired: desiredOf(after), answers: [[before, body(live(before))]] });
    const plan = guarded(input, planChanges(input));
    assert.match(
      plan.guard?.message ?? '',
      /1 objects would be replaced \(deleted and created anew\), more than prune\.guard\.maxObjects \(0\)/,
    );
    assert.deepEqual(plan.guard?.destructive, [refOf(before)]);
    assert.deepEqual(
      plan.changes.map((found) => found.kind === 'keep' && found.reason),
      ['guarded'],
    );
    const approved = appWith([entryFor(before)], { ...overrides, annotations: { 'evenkeel.dev/approve': plan.hash } });
    const again = guarded({ ...input, app: approved }, planChanges({ ...input, app: approved }));
    assert.deepEqual([again.guard, again.changes.map(({ kind }) => kind)], [undefined, ['replace']]);
  });

  it('a prune and a replacement of one object are two plans', () => {
    const replaced = planOf({ before, after });
    const dropped = planChanges(
      inputOf({
        app: appWith([entryFor(before)]),
        desired: desiredOf(manifest({ name: 'x' })),
        answers: [[before, body(live(before))]],
      }),
    );
    assert.notEqual(replaced.hash, dropped.hash);
  });
});
