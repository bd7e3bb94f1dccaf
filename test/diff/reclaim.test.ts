import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Intention } from '../../src/diff/diff.ts';
import { describeField, intended as intend, planChanges, planRows, reclaimPatch } from '../../src/diff/diff.ts';
import type { ConflictRule, IgnoreRule } from '../../src/model/differences.ts';
import type { JsonObject, JsonValue } from '../../src/model/json.ts';
import { isJsonObject } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { appWith, body, desiredOf, entryFor, inputOf, installation, intended, live, manifest } from './world.ts';

const labels = { app: 'web' };
const container = { name: 'web', image: 'web:1', env: [{ name: 'OURS', value: '1' }] };

function deployment(pod: JsonObject = {}, annotations?: JsonObject): KubeObject {
  const metadata = { labels, ...(annotations === undefined ? {} : { annotations }) };
  const template = { metadata, spec: { containers: [container], ...pod } };
  return manifest({ group: 'apps', kind: 'Deployment' }, { spec: { selector: { matchLabels: labels }, template } });
}

const restart = { 'kubectl.kubernetes.io/restartedAt': '2026-01-02T00:00:00Z' };
const restarted = { 'f:kubectl.kubernetes.io/restartedAt': {} };

interface Addition {
  readonly manager?: string;
  readonly more?: JsonObject;
  readonly fields: JsonObject;
}

function entryOf({ manager = 'kubectl-edit', more = {}, fields }: Addition): JsonObject {
  const own = { manager, operation: 'Update', apiVersion: 'apps/v1', time: '2026-01-02T00:00:00Z' };
  return { ...own, fieldsType: 'FieldsV1', fieldsV1: fields, ...more };
}

/** As we applied it, then changed to `now` by those who say so in their entries. */
function changed(now: KubeObject, ...additions: readonly Addition[]): KubeObject {
  const applied = live(deployment());
  const own = applied.metadata['managedFields'];
  const managedFields = [...(own as JsonObject[]), ...additions.map(entryOf)];
  return { ...intended(now), metadata: { ...intended(now).metadata, ...applied.metadata, managedFields } };
}

const atTemplate = (fields: JsonObject): JsonObject => ({ 'f:spec': { 'f:template': fields } });

/** Field sets of what may be added to the pod. */
const added = {
  env: atTemplate({
    'f:spec': {
      'f:containers': {
        'k:{"name":"web"}': { 'f:env': { 'k:{"name":"DEBUG"}': { '.': {}, 'f:name': {}, 'f:value': {} } } },
      },
    },
  }),
  annotations: atTemplate({ 'f:metadata': { 'f:annotations': { '.': {}, 'f:note': {}, ...restarted } } }),
  note: atTemplate({ 'f:metadata': { 'f:annotations': { '.': {}, 'f:note': {} } } }),
  sidecar: atTemplate({
    'f:spec': { 'f:containers': { 'k:{"name":"mesh"}': { '.': {}, 'f:name': {}, 'f:image': {} } } },
  }),
  image: atTemplate({ 'f:spec': { 'f:containers': { 'k:{"name":"mesh"}': { 'f:image': {} } } } }),
};

const withEnv = deployment({ containers: [{ ...container, env: [...container.env, { name: 'DEBUG', value: '1' }] }] });
const withSidecar = deployment({ containers: [container, { name: 'mesh', image: 'mesh:1' }] });

interface Rules {
  readonly from?: readonly string[];
  readonly rules?: readonly ConflictRule[];
  readonly ignore?: Partial<IgnoreRule>;
}

function appOf({ from = ['kubectl-.*'], rules = [], ignore }: Rules) {
  const app = appWith([]);
  const any = { group: '*', kind: '*', name: '', namespace: '', jsonPointers: [], jqPathExpressions: [], managers: [] };
  const conflicts = { default: 'Overwrite' as const, rules, reclaimFrom: from };
  return {
    ...app,
    spec: { ...app.spec, conflicts, ignoreDifferences: ignore === undefined ? [] : [{ ...any, ...ignore }] },
  };
}

function of(present: KubeObject, rules: Rules = {}, desired = deployment()): Intention {
  return intend({ desired: intended(desired), live: present }, { app: appOf(rules), installation });
}

function goingFrom(present: KubeObject, rules: Rules = {}, desired?: KubeObject): string[] {
  return of(present, rules, desired).comparison.differences.map(({ path, who }) =>
    [path, ...who.map(({ manager }) => manager)].join(' '),
  );
}

const env = 'spec.template.spec.containers[name=web].env[name=DEBUG]';
const mesh = 'spec.template.spec.containers[name=mesh]';
const note = 'spec.template.metadata.annotations.note';

function entriesIn(patch: ReturnType<typeof reclaimPatch>): JsonObject[] {
  return (patch[0]?.value ?? []) as JsonObject[];
}

describe('what managers of conflicts.reclaimFrom added', () => {
  it('goes, and it is said who added it', () => {
    assert.deepEqual(goingFrom(changed(withEnv, { fields: added.env })), [`${env} kubectl-edit`]);
    assert.deepEqual(goingFrom(changed(withSidecar, { fields: added.sidecar })), [`${mesh} kubectl-edit`]);
    const [difference] = of(changed(withEnv, { fields: added.env })).comparison.differences;
    assert.ok(difference !== undefined);
    assert.equal(describeField(difference), `${env}: {"name":"DEBUG","value":"1"} → (removed)`);
  });

  it('stays when the pattern does not match the whole name, or there is none', () => {
    const present = changed(withEnv, { fields: added.env });
    for (const from of [[], ['kubectl'], ['edit'], ['helm|k9s']]) assert.deepEqual(goingFrom(present, { from }), []);
    assert.equal(of(present, { from: [] }).comparison.verdict, 'equal');
  });

  it('goes as a map when all of it was added, and without restartedAt else', () => {
    const annotated = (more: JsonObject): KubeObject => deployment({}, { note: 'a', ...more });
    const whole = changed(annotated({}), { fields: added.note });
    assert.deepEqual(goingFrom(whole), ['spec.template.metadata.annotations kubectl-edit']);
    const both = changed(annotated(restart), { fields: added.annotations });
    assert.deepEqual(goingFrom(both), [`${note} kubectl-edit`]);
    const onlyRestarted = changed(deployment({}, restart), { fields: added.annotations });
    assert.deepEqual(goingFrom(onlyRestarted), []);
    const before = changed(annotated({ unowned: 'b' }), { fields: added.note });
    assert.deepEqual(goingFrom(before), [`${note} kubectl-edit`], 'what nobody owns stays');
  });

  it('stays where somebody else owns it, too, an item of a list with any part of it', () => {
    const others = { manager: 'mesh-injector', fields: added.image };
    assert.deepEqual(goingFrom(changed(withSidecar, { fields: added.sidecar }, others)), []);
    const both = changed(withSidecar, { fields: added.sidecar }, others);
    assert.deepEqual(goingFrom(both, { from: ['.*'] }), [`${mesh} kubectl-edit mesh-injector`]);
  });

  it('stays when a subresource, a controller, another version or nobody known set it', () => {
    const rows: readonly Partial<Addition>[] = [
      { more: { subresource: 'scale' } },
      { manager: 'kube-controller-manager' },
      { manager: 'before-first-apply' },
      { more: { apiVersion: 'apps/v1beta1' } },
    ];
    for (const row of rows)
      assert.deepEqual(goingFrom(changed(withEnv, { fields: added.env, ...row }), { from: ['.*'] }), []);
  });

  it('stays where it is ignored, yielded, or status', () => {
    const present = changed(withEnv, { fields: added.env });
    const pointer = '/spec/template/spec/containers/0/env/1/value';
    assert.deepEqual(goingFrom(present, { ignore: { jsonPointers: [pointer] } }), []);
    assert.deepEqual(goingFrom(present, { ignore: { managers: ['kubectl-edit'] } }), []);
    const rule = { target: {}, fields: ['spec.template'], managers: ['kubectl-*'], action: 'Yield' as const };
    assert.deepEqual(goingFrom(present, { rules: [rule] }), []);
    const found = { ...intended(deployment()), status: { a: 1 } };
    assert.deepEqual(goingFrom(changed(found, { fields: { 'f:status': { 'f:a': {} } } })), []);
  });

  it('stays where it cannot be changed', () => {
    const claim = (spec: JsonObject): KubeObject => manifest({ kind: 'PersistentVolumeClaim' }, { spec });
    const applied = live(claim({ accessModes: ['ReadWriteOnce'] }));
    const fields = { 'f:spec': { 'f:storageClassName': {}, 'f:note': {} } };
    const [own] = applied.metadata['managedFields'] as JsonObject[];
    const managedFields = [own ?? {}, entryOf({ fields, more: { apiVersion: 'v1' } })];
    const spec = { accessModes: ['ReadWriteOnce'], storageClassName: 'fast', note: 'a' };
    const present = { ...applied, spec, metadata: { ...applied.metadata, managedFields } };
    assert.deepEqual(goingFrom(present, {}, claim({ accessModes: ['ReadWriteOnce'] })), ['spec.note kubectl-edit']);
  });

  it('goes, not released, where Git dropped what they own, too', () => {
    const dropped = { 'f:spec': { 'f:template': { 'f:metadata': { 'f:labels': { 'f:app': {} } } } } };
    const template = { metadata: {}, spec: { containers: [container] } };
    const wanted = manifest(
      { group: 'apps', kind: 'Deployment' },
      { spec: { selector: { matchLabels: labels }, template } },
    );
    const present = changed(deployment(), { fields: dropped });
    assert.deepEqual(goingFrom(present, { from: [] }, wanted), ['spec.template.metadata.labels.app kubectl-edit']);
    const [difference] = of(present, {}, wanted).comparison.differences;
    assert.equal(difference?.reclaimed, true);
  });

  it('becomes ours by one patch of the object as it was looked at, and only that', () => {
    const annotated = changed(deployment({}, { note: 'a', ...restart }), { fields: added.annotations });
    const { reclaims } = of(annotated);
    const reclaiming = { policy: appOf({}).spec.conflicts, manager: installation.manager };
    const patch = reclaimPatch(annotated, reclaims, reclaiming);
    assert.deepEqual(patch[1], { op: 'replace', path: '/metadata/resourceVersion', value: '7' });
    const entries = entriesIn(patch);
    const fieldsOf = (manager: string): JsonValue | undefined =>
      entries.find((entry) => entry['manager'] === manager)?.['fieldsV1'];
    assert.deepEqual(
      fieldsOf('kubectl-edit'),
      atTemplate({ 'f:metadata': { 'f:annotations': { '.': {}, ...restarted } } }),
    );
    const before = (annotated.metadata['managedFields'] as JsonObject[])[0]?.['fieldsV1'];
    assert.deepEqual(without(fieldsOf(installation.manager), 'f:annotations'), without(before, 'f:annotations'));
    assert.match(JSON.stringify(fieldsOf(installation.manager)), /"f:annotations":\{"f:note":\{\}\}/);
    assert.deepEqual(reclaimPatch(live(deployment()), reclaims, reclaiming), [], 'nobody has it any more');
  });

  it('an entry of which nothing is left goes', () => {
    const present = changed(withEnv, { fields: added.env });
    const reclaiming = { policy: appOf({}).spec.conflicts, manager: installation.manager };
    const entries = entriesIn(reclaimPatch(present, of(present).reclaims, reclaiming));
    assert.deepEqual(
      entries.map((entry) => entry['manager']),
      [installation.manager],
    );
  });

  it('is an update of the plan', () => {
    const present = changed(withEnv, { fields: added.env });
    const app = { ...appOf({}), record: [entryFor(deployment())] };
    const answers = [[deployment(), body(present)] as const];
    const plan = planChanges(inputOf({ app, desired: desiredOf(deployment()), answers }));
    assert.deepEqual(
      planRows(plan).map(({ effect, differences }) => [effect, differences.map(({ path }) => path)]),
      [['update', [env]]],
    );
  });
});

/** A field set without one field in the pod template's metadata. */
function without(value: JsonValue | undefined, name: string): JsonValue {
  if (!isJsonObject(value ?? null)) return value ?? null;
  const entries = Object.entries(value as JsonObject).filter(([key]) => key !== name);
  return Object.fromEntries(entries.map(([key, below]) => [key, without(below, name)]));
}
