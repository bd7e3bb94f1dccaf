import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { intended as intend, planChanges } from '../../src/diff/diff.ts';
import type { Hints, Intention } from '../../src/diff/diff.ts';
import type { ConflictPolicy, IgnoreRule } from '../../src/model/differences.ts';
import type { JsonObject, JsonValue } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { anyJson } from './arbitrary.ts';
import {
  appWith,
  body,
  desiredOf,
  entryFor,
  fieldSetOf,
  inputOf,
  installation,
  intended,
  live,
  manifest,
} from './world.ts';

interface Rules {
  readonly ignore?: Partial<IgnoreRule>;
  readonly respect?: boolean;
  readonly conflicts?: Partial<ConflictPolicy>;
  readonly hints?: Hints;
}

function specWith({ ignore, respect = false, conflicts }: Rules) {
  const { spec } = appWith([]);
  const rule = {
    group: '*',
    kind: '*',
    name: '',
    namespace: '',
    jsonPointers: [],
    jqPathExpressions: [],
    managers: [],
  };
  return {
    ...spec,
    ignoreDifferences: ignore === undefined ? [] : [{ ...rule, ...ignore }],
    conflicts: { default: 'Overwrite' as const, rules: [], reclaimFrom: [], ...conflicts },
    syncOptions: { ...spec.syncOptions, respectIgnoreDifferences: respect },
  };
}

function of(desired: KubeObject, present: KubeObject, rules: Rules): Intention {
  const app = { ...appWith([]), spec: specWith(rules) };
  return intend({ desired: intended(desired), live: present, hints: rules.hints }, { app, installation });
}

const deployment = (spec: JsonObject): KubeObject => manifest({ group: 'apps', kind: 'Deployment' }, { spec });

/** As we applied it, then `manager` set `spec` fields: they left our entry. */
function taken(applied: JsonObject, theirs: JsonObject, manager = 'hpa'): KubeObject {
  const rest = Object.fromEntries(Object.entries(applied).filter(([name]) => !(name in theirs)));
  const base = live(deployment(rest));
  const [own] = base.metadata['managedFields'] as JsonObject[];
  const entry = { ...own, manager, operation: 'Update', fieldsV1: { 'f:spec': fieldSetOf(theirs) } };
  const managedFields = [own ?? {}, entry];
  return { ...base, spec: { ...rest, ...theirs }, metadata: { ...base.metadata, managedFields } };
}

const replicasAt = (object: KubeObject): JsonValue | undefined => (object['spec'] as JsonObject)['replicas'];

describe('what is ignored', () => {
  const git = { replicas: 2, paused: false };
  const pointer = { ignore: { jsonPointers: ['/spec/replicas'] } };

  it('is no difference, and a sync still writes it', () => {
    const { comparison, body: sent, probe } = of(deployment(git), taken(git, { replicas: 5 }), pointer);
    assert.deepEqual(comparison, { verdict: 'equal', differences: [], doubts: [], lost: [] });
    assert.deepEqual([replicasAt(sent), replicasAt(probe)], [2, undefined]);
  });

  it('with RespectIgnoreDifferences is left out where others own it', () => {
    const { body: sent } = of(deployment(git), taken(git, { replicas: 5 }), { ...pointer, respect: true });
    assert.equal(replicasAt(sent), undefined);
  });

  it('with RespectIgnoreDifferences is sent with its live value where we own it, for leaving it out would remove it', () => {
    const { body: sent } = of(deployment({ ...git, replicas: 9 }), live(deployment(git)), {
      ...pointer,
      respect: true,
    });
    assert.equal(replicasAt(sent), 2);
    const { body: dropped } = of(deployment({ paused: false }), live(deployment(git)), { ...pointer, respect: true });
    assert.equal(replicasAt(dropped), 2);
  });

  it('is found by the manager that owns it', () => {
    const present = taken(git, { replicas: 5 });
    assert.equal(of(deployment(git), present, { ignore: { managers: ['hpa'] } }).comparison.verdict, 'equal');
    assert.equal(of(deployment(git), present, { ignore: { managers: ['other'] } }).comparison.verdict, 'different');
  });

  it('may be every index of a list, and of an item only what the pointer names', () => {
    const containers = (image: string, env: string): JsonObject => ({ containers: [{ name: 'web', image, env }] });
    const rules = { ignore: { jsonPointers: ['/spec/containers/*/image'] } };
    const wanted = deployment(containers('web:1', 'a'));
    assert.equal(of(wanted, live(deployment(containers('web:2', 'a'))), rules).comparison.verdict, 'equal');
    const { differences } = of(wanted, live(deployment(containers('web:2', 'b'))), rules).comparison;
    assert.deepEqual(
      differences.map(({ path }) => path),
      ['spec.containers[name=web].env'],
    );
  });

  it('is where jq said', () => {
    const places = [['spec', 'replicas']];
    const hints = { ignored: { desired: places, live: places } };
    assert.equal(of(deployment(git), taken(git, { replicas: 5 }), { hints }).comparison.verdict, 'equal');
  });

  it('an item that others added does not make the rest differ', () => {
    const list = (...names: string[]): JsonObject => ({ containers: names.map((name) => ({ name, image: 'a' })) });
    const rules = { ignore: { jsonPointers: ['/spec/containers/1'] }, respect: true };
    const { comparison, body: sent } = of(deployment(list('web', 'mesh')), live(deployment(list('web'))), rules);
    assert.equal(comparison.verdict, 'equal');
    assert.deepEqual(sent['spec'], list('web'));
  });

  it('is never what names the object, nor our marks', () => {
    const stripped = live(manifest({}, { data: { a: '1' } }));
    const present = { ...stripped, metadata: { ...stripped.metadata, labels: {} } };
    const { comparison, body: sent } = of(manifest({}, { data: { a: '1' } }), present, {
      ignore: { jsonPointers: ['/metadata', '/metadata/labels'] },
      respect: true,
    });
    assert.equal(comparison.verdict, 'different');
    assert.ok(installation.partOfLabel in (sent.metadata['labels'] as JsonObject));
  });

  it('when it is everything, leaves nothing to do', () => {
    const widget = (spec: JsonValue): KubeObject => manifest({ group: 'example.com', kind: 'Widget' }, { spec });
    fc.assert(
      fc.property(anyJson, anyJson, fc.boolean(), (wanted, present, respect) => {
        const app = {
          ...appWith([entryFor(widget(present))]),
          spec: specWith({ ignore: { jsonPointers: ['/spec'] }, respect }),
        };
        const answers = [[widget(present), body(live(widget(present)))]] as const;
        const { changes } = planChanges(inputOf({ app, desired: desiredOf(widget(wanted)), answers }));
        assert.deepEqual(
          changes.map((change) => (change.kind === 'keep' ? change.reason : change.kind)),
          ['inSync'],
        );
      }),
    );
  });
});

describe('a field that another manager owns', () => {
  const git = { replicas: 2, paused: false };
  const contested = taken(git, { replicas: 5 });

  it('Overwrite: is a difference', () => {
    const { comparison, body: sent, yielded } = of(deployment(git), contested, {});
    assert.deepEqual([comparison.verdict, replicasAt(sent), yielded], ['different', 2, []]);
  });

  it('Yield: is left out of what is sent, and said', () => {
    const { comparison, body: sent, yielded } = of(deployment(git), contested, { conflicts: { default: 'Yield' } });
    assert.deepEqual([comparison.verdict, replicasAt(sent)], ['equal', undefined]);
    assert.deepEqual(yielded, [{ path: 'spec.replicas', manager: 'hpa', why: 'spec.conflicts says Yield' }]);
  });

  it('Yield: what is ours alone is no conflict', () => {
    const present = live(deployment({ ...git, replicas: 3 }));
    assert.equal(of(deployment(git), present, { conflicts: { default: 'Yield' } }).comparison.verdict, 'different');
  });

  it('Fail: names field and manager, and no value', () => {
    const { refusal } = of(deployment(git), contested, { conflicts: { default: 'Fail' } });
    assert.equal(refusal?.reason, 'Conflicted');
    assert.match(refusal.message, /^Deployment\.apps shop\/a: spec\.replicas is owned by hpa/);
    assert.equal(
      of(deployment({ ...git, replicas: 5 }), contested, { conflicts: { default: 'Fail' } }).refusal,
      undefined,
    );
  });

  const rule = { target: {}, fields: [], managers: [], action: 'Yield' as const };
  for (const [name, rules, verdict] of [
    ['the first rule that matches wins', [rule, { ...rule, action: 'Fail' as const }], 'equal'],
    ['a rule for another manager does not match', [{ ...rule, managers: ['kubectl*'] }], 'different'],
    ['managers are wildcards', [{ ...rule, managers: ['h*'] }], 'equal'],
    ['a rule for another kind does not match', [{ ...rule, target: { kind: 'StatefulSet' } }], 'different'],
    ['a field stands for what is below it', [{ ...rule, fields: ['spec'] }], 'equal'],
    ['a rule for another field does not match', [{ ...rule, fields: ['spec.rep'] }], 'different'],
  ] as const) {
    it(name, () => assert.equal(of(deployment(git), contested, { conflicts: { rules } }).comparison.verdict, verdict));
  }

  it('replicas that an autoscaler sets stay, also when Git drops them', () => {
    const hints = { ignored: { desired: [], live: [] }, scaledBy: 'HorizontalPodAutoscaler.autoscaling shop/web' };
    const { comparison, yielded } = of(deployment(git), contested, { hints });
    assert.deepEqual([comparison.verdict, yielded.map(({ why }) => why)], ['equal', [`${hints.scaledBy} sets it`]]);
    const { body: sent } = of(deployment({ paused: false }), live(deployment(git)), { hints });
    assert.equal(replicasAt(sent), 2);
  });
});
