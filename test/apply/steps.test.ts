import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyPlan, preflight } from '../../src/apply/apply.ts';
import type { HealthStatus } from '../../src/model/health.ts';
import type { KubeObject } from '../../src/model/object.ts';
import type { Applied } from '../../src/model/outcome.ts';
import type { Change } from '../../src/model/plan.ts';
import { FakeCluster } from '../fakes/cluster.ts';
import { applicationNamed } from './application.ts';
import { configMap, namespaceNamed } from './objects.ts';
import { Subject } from './subject.ts';

function start(): { cluster: FakeCluster; subject: Subject } {
  const cluster = new FakeCluster();
  cluster.seed(namespaceNamed('shop'));
  return { cluster, subject: new Subject(cluster, applicationNamed('shop')) };
}

function waved(wave: number, name: string, annotations: Record<string, string> = {}): KubeObject {
  const object = configMap('shop', name, { a: '1' });
  const said = { 'evenkeel.dev/sync-wave': String(wave), ...annotations };
  return { ...object, metadata: { ...object.metadata, annotations: said } };
}

function outcomes({ results }: Applied): Record<string, string> {
  return Object.fromEntries(results.map((result) => [result.change.ref.name, result.kind]));
}

function messageOn({ results }: Applied, name: string): string | undefined {
  const result = results.find(({ change }) => change.ref.name === name);
  return result?.kind === 'skipped' ? result.message : undefined;
}

function hold(subject: Subject, name: string, status: HealthStatus): void {
  subject.healths.set(`ConfigMap shop/${name}`, { status, message: `is ${status}` });
}

describe('a sync of several waves', () => {
  it('5. the next wave begins when all of the one before is done', async () => {
    const { subject } = start();
    const wanted = [waved(0, 'a'), waved(1, 'b'), waved(2, 'c')];
    hold(subject, 'a', 'Progressing');
    const first = await subject.sync(...wanted);
    assert.deepEqual(outcomes(first), { a: 'applied', b: 'skipped', c: 'skipped' });
    assert.match(messageOn(first, 'c') ?? '', /^waits for wave 0: ConfigMap shop\/a is Progressing: is Progressing$/);
    assert.deepEqual(
      first.awaited.map(({ name }) => name),
      ['a'],
    );
    hold(subject, 'b', 'Progressing');
    subject.healths.delete('ConfigMap shop/a');
    assert.deepEqual(outcomes(await subject.sync(...wanted)), { a: 'kept', b: 'applied', c: 'skipped' });
    subject.healths.clear();
    assert.deepEqual(outcomes(await subject.sync(...wanted)), { a: 'kept', b: 'kept', c: 'applied' });
  });

  it('6. the health of the last wave is not waited for, nor that of a sync of one wave', async () => {
    const { subject } = start();
    hold(subject, 'a', 'Progressing');
    const applied = await subject.sync(waved(0, 'a'), waved(0, 'b'));
    assert.deepEqual([outcomes(applied), applied.awaited], [{ a: 'applied', b: 'applied' }, []]);
  });

  it('7. Suspended does not block, Degraded, Missing and Unknown do', async () => {
    for (const [status, then] of [
      ['Suspended', 'applied'],
      ['Degraded', 'skipped'],
      ['Missing', 'skipped'],
      ['Unknown', 'skipped'],
    ] as const) {
      const { subject } = start();
      hold(subject, 'a', status);
      assert.deepEqual(outcomes(await subject.sync(waved(0, 'a'), waved(1, 'b'))), { a: 'applied', b: then }, status);
    }
  });

  it('12. a failed apply stops later waves only', async () => {
    const { cluster, subject } = start();
    const plan = await subject.plan(waved(0, 'a'), waved(0, 'b'), waved(0, 'c'), waved(1, 'd'));
    const decided = await preflight(plan, subject.context);
    cluster.fail(({ verb, ref }) => verb === 'apply' && ref.name === 'a', 'invalid');
    const applied = await subject.apply(decided);
    assert.deepEqual(outcomes(applied), { a: 'failed', b: 'applied', c: 'applied', d: 'skipped' });
    assert.match(messageOn(applied, 'd') ?? '', /wave 0: ConfigMap shop\/a failed/);
  });

  it('what is not to be written for now is not waited for', async () => {
    const { subject } = start();
    const plan = await preflight(await subject.plan(waved(0, 'a'), waved(1, 'b')), subject.context);
    hold(subject, 'a', 'Missing');
    const changes = plan.changes.map((change): Change => {
      const held = { kind: 'keep', ref: change.ref, reason: 'waitsForSync', message: '', missing: true } as const;
      if (change.ref.name !== 'a' || change.kind !== 'create') return change;
      return { ...held, desired: change.desired };
    });
    assert.deepEqual(outcomes(await subject.apply({ ...plan, changes })), { a: 'kept', b: 'applied' });
  });

  it('nothing is waited for when nothing is left to do', async () => {
    const { subject } = start();
    await subject.sync(waved(0, 'a'), waved(1, 'b'));
    hold(subject, 'a', 'Degraded');
    assert.deepEqual((await subject.sync(waved(0, 'a'), waved(1, 'b'))).awaited, []);
  });
});

describe('removals in waves', () => {
  it('33. prune comes first in its wave, and a failed one skips what that wave applies', async () => {
    const { cluster, subject } = start();
    await subject.sync(waved(0, 'old'));
    cluster.fail(({ verb }) => verb === 'delete', 'forbidden');
    const held = await subject.sync(waved(0, 'new'), waved(1, 'late'));
    assert.deepEqual(outcomes(held), { old: 'failed', new: 'skipped', late: 'skipped' });
    assert.match(messageOn(held, 'new') ?? '', /ConfigMap shop\/old can be deleted/);
    const before = cluster.requests.length;
    await subject.sync(waved(0, 'new'), waved(1, 'late'));
    const writes = cluster.requests.slice(before).filter(({ verb, dryRun }) => !dryRun && /apply|delete/.test(verb));
    assert.deepEqual(
      writes.map(({ verb, ref }) => `${verb} ${ref.name}`),
      ['delete old', 'apply new', 'apply late'],
    );
  });

  it('36. terminating pruned objects are awaited', async () => {
    const { cluster, subject } = start();
    await subject.sync(waved(0, 'old'));
    const target = { apiVersion: 'v1', group: '', kind: 'ConfigMap', namespace: 'shop', name: 'old' };
    await cluster.merge(target, { metadata: { finalizers: ['example.com/hold'] } }, { manager: 'somebody' });
    const wanted = [waved(0, 'new'), waved(1, 'late')];
    assert.deepEqual(outcomes(await subject.sync(...wanted)), { old: 'terminating', new: 'applied', late: 'skipped' });
    const again = await subject.sync(...wanted);
    assert.deepEqual(outcomes(again), { old: 'kept', new: 'kept', late: 'skipped' });
    assert.match(messageOn(again, 'late') ?? '', /ConfigMap shop\/old is being deleted/);
    await cluster.merge(target, { metadata: { finalizers: null } }, { manager: 'somebody' });
    assert.equal(outcomes(await subject.sync(...wanted))['late'], 'applied');
  });

  it('35. PruneLast deletes when everything that was applied is healthy', async () => {
    const { subject } = start();
    const { spec } = subject.app;
    subject.app = { ...subject.app, spec: { ...spec, syncOptions: { ...spec.syncOptions, pruneLast: true } } };
    await subject.sync(waved(0, 'old'));
    hold(subject, 'new', 'Progressing');
    assert.deepEqual(outcomes(await subject.sync(waved(0, 'new'))), { new: 'applied', old: 'skipped' });
    subject.healths.clear();
    assert.deepEqual(outcomes(await subject.sync(waved(0, 'new'))), { new: 'kept', old: 'removed' });
  });
});

describe('depends-on', () => {
  const on = { 'evenkeel.dev/depends-on': '/namespaces/shop/ConfigMap/base' };

  it('waits until the object is applied and healthy, while the rest of the wave goes on', async () => {
    const { subject } = start();
    const wanted = [waved(0, 'after', on), waved(0, 'base'), waved(0, 'other')];
    hold(subject, 'base', 'Progressing');
    const first = await subject.sync(...wanted);
    assert.deepEqual(outcomes(first), { after: 'skipped', base: 'applied', other: 'applied' });
    assert.equal(messageOn(first, 'after'), 'waits for ConfigMap shop/base, which is Progressing: is Progressing');
    hold(subject, 'base', 'Degraded');
    assert.deepEqual(
      (await subject.sync(...wanted)).awaited.map(({ name }) => name),
      ['base'],
    );
    subject.healths.clear();
    assert.deepEqual(outcomes(await subject.sync(...wanted)), { after: 'applied', base: 'kept', other: 'kept' });
  });

  it('waits for an object outside the Application', async () => {
    const { subject } = start();
    subject.outside.set('ConfigMap shop/base', 'it');
    assert.equal(messageOn(await subject.sync(waved(0, 'after', on)), 'after'), 'waits for it');
    subject.outside.clear();
    assert.deepEqual(outcomes(await subject.sync(waved(0, 'after', on))), { after: 'applied' });
  });

  it('waits for an object that nobody has looked at', async () => {
    const { subject } = start();
    const plan = await preflight(await subject.plan(waved(0, 'after', on)), subject.context);
    assert.equal(messageOn(await applyPlan(plan, subject.context), 'after'), 'waits for ConfigMap shop/base');
  });

  it('of a Namespace on what comes after it is never met by what only the plan has', async () => {
    const { subject } = start();
    const late = namespaceNamed('late');
    const metadata = { ...late.metadata, annotations: on };
    const wanted = [{ ...late, metadata }, waved(0, 'base')];
    assert.deepEqual(outcomes(await subject.sync(...wanted)), { late: 'skipped', base: 'applied' });
    assert.deepEqual(outcomes(await subject.sync(...wanted)), { late: 'applied', base: 'kept' });
  });

  it('is followed in reverse when both are removed, and the one that is held is awaited', async () => {
    const { cluster, subject } = start();
    await subject.sync(waved(0, 'base'), waved(0, 'after', on), waved(0, 'kept'));
    const target = { apiVersion: 'v1', group: '', kind: 'ConfigMap', namespace: 'shop', name: 'after' };
    await cluster.merge(target, { metadata: { finalizers: ['example.com/hold'] } }, { manager: 'somebody' });
    const first = await subject.sync(waved(0, 'kept'));
    assert.deepEqual(outcomes(first), { after: 'terminating', base: 'skipped', kept: 'kept' });
    assert.equal(messageOn(first, 'base'), 'waits until ConfigMap shop/after is gone');
    assert.equal(outcomes(await subject.sync(waved(0, 'kept')))['base'], 'skipped');
    await cluster.merge(target, { metadata: { finalizers: null } }, { manager: 'somebody' });
    assert.equal(outcomes(await subject.sync(waved(0, 'kept')))['base'], 'removed');
  });
});
