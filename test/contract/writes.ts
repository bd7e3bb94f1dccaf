import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectAt, stringAt } from '../../src/model/json.ts';
import { managedEntriesOf } from '../../src/model/managed-fields.ts';
import { resourceVersionOf, targetOf, uidOf } from '../../src/model/object.ts';
import type { ContractContext } from './context.ts';
import { deletion, otherUid, ours, refusedAs, theirs, withData, withMetadata } from './context.ts';

/** Every other write, and deletes. */
export function writeCases(context: ContractContext): void {
  test('creates once', async () => {
    const object = context.configMap();
    await context.cluster.create(object, theirs);
    await refusedAs('exists', context.cluster.create(object, theirs));
  });

  test('tells a missing namespace from a terminating one', async () => {
    const nowhere = withMetadata(context.configMap(), { namespace: 'no-such-namespace' });
    await refusedAs('namespaceMissing', context.cluster.apply(nowhere, ours));
    const metadata = { name: `${context.namespace}-ending-${context.next()}` };
    const made = await context.cluster.create({ apiVersion: 'v1', kind: 'Namespace', metadata }, theirs);
    const left = await context.cluster.delete(targetOf(made), deletion(made));
    assert.ok(left, 'the finalizers of a namespace keep it');
    await refusedAs(
      'terminating',
      context.cluster.apply(withMetadata(context.configMap(), { namespace: metadata.name }), ours),
    );
  });

  test('a foreign merge takes the field out of our entry and says by whom', async () => {
    const object = context.configMap({ a: '1', b: '1' });
    await context.cluster.apply(object, ours);
    const merged = await context.cluster.merge(targetOf(object), { data: { a: '2' } }, theirs);
    const fields = Object.fromEntries(managedEntriesOf(merged).map((entry) => [entry.manager, entry.fields]));
    assert.deepEqual(fields, { evenkeel: { 'f:data': { 'f:b': {} } }, 'kubectl-edit': { 'f:data': { 'f:a': {} } } });
    const removed = await context.cluster.merge(targetOf(object), { data: { b: null } }, theirs);
    assert.equal(
      managedEntriesOf(removed).some(({ manager }) => manager === 'evenkeel'),
      false,
      'a removal leaves no trace of the remover and none of us',
    );
  });

  test('a PUT removes what it does not say, and is of the object that was read or nothing', async () => {
    const object = context.configMap({ a: '1', b: '1' });
    await context.cluster.apply(object, ours);
    const live = await context.cluster.merge(targetOf(object), { data: { c: '3' } }, theirs);
    const { uid, resourceVersion } = { uid: uidOf(live), resourceVersion: resourceVersionOf(live) };
    const wanted = withMetadata(withData(object, { a: '2' }), { uid, resourceVersion });
    const asked = await context.cluster.replace(wanted, { ...theirs, dryRun: true });
    assert.deepEqual(objectAt(asked, 'data'), { a: '2' });
    assert.deepEqual(objectAt(await context.must(targetOf(object)), 'data'), { a: '1', b: '1', c: '3' });
    const put = await context.cluster.replace(wanted, theirs);
    assert.deepEqual([objectAt(put, 'data'), uidOf(put)], [{ a: '2' }, uid]);
    await refusedAs('conflict', context.cluster.replace(wanted, theirs));
    await refusedAs('conflict', context.cluster.replace(withMetadata(object, { uid: otherUid }), theirs));
    await refusedAs('notFound', context.cluster.replace(context.configMap(), theirs));
  });

  test('JSON patches apply as a whole or not at all', async () => {
    const object = context.configMap({ a: '1' });
    const { object: live } = await context.cluster.apply(object, ours);
    const versionTest = { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersionOf(live) } as const;
    const patched = await context.cluster.patch(
      targetOf(object),
      [versionTest, { op: 'add', path: '/data/b', value: '2' }],
      theirs,
    );
    assert.deepEqual(objectAt(patched, 'data'), { a: '1', b: '2' });
    await refusedAs(
      'conflict',
      context.cluster.patch(targetOf(object), [versionTest, { op: 'remove', path: '/data/b' }], theirs),
    );
    await refusedAs(
      'invalid',
      context.cluster.patch(targetOf(object), [{ op: 'remove', path: '/data/nothing' }], theirs),
    );
    await refusedAs(
      'notFound',
      context.cluster.patch(targetOf(context.configMap()), [{ op: 'remove', path: '/data' }], theirs),
    );
  });

  test('status has a resource and an owner of its own', async () => {
    const object = context.deployment('status');
    await context.cluster.apply(object, ours);
    const target = targetOf(object);
    const updated = await context.cluster.merge(
      target,
      { status: { observedGeneration: 1 } },
      { ...theirs, subresource: 'status' },
    );
    assert.deepEqual(objectAt(updated, 'status')['observedGeneration'], 1);
    const entry = managedEntriesOf(updated).find(({ manager }) => manager === 'kubectl-edit');
    assert.equal(entry?.subresource, 'status');
    const ignored = await context.cluster.merge(target, { status: { observedGeneration: 7 } }, theirs);
    assert.deepEqual(objectAt(ignored, 'status')['observedGeneration'], 1);
  });

  test('generation counts changes of the spec only', async () => {
    const object = context.deployment('generation');
    await context.cluster.apply(object, ours);
    const labelled = await context.cluster.merge(targetOf(object), { metadata: { labels: { x: 'y' } } }, theirs);
    assert.equal(labelled.metadata['generation'], 1);
    const scaled = await context.cluster.merge(targetOf(object), { spec: { replicas: 3 } }, theirs);
    assert.equal(scaled.metadata['generation'], 2);
  });

  test('deletes the object that was looked at or nothing', async () => {
    const { object: live } = await context.cluster.apply(context.configMap(), ours);
    const target = targetOf(live);
    await refusedAs('conflict', context.cluster.delete(target, { ...deletion(live), uid: otherUid }));
    await refusedAs('conflict', context.cluster.delete(target, { ...deletion(live), resourceVersion: '1' }));
    await context.must(target);
    assert.equal(await context.cluster.delete(target, deletion(live)), undefined);
    assert.equal(await context.cluster.read(target, {}), undefined);
    assert.equal(await context.cluster.delete(target, deletion(live)), undefined);
  });

  test('a finalizer holds what is deleted', async () => {
    const { object: live } = await context.cluster.apply(
      context.configMap({}, { finalizers: ['example.com/hold'] }),
      ours,
    );
    const target = targetOf(live);
    const held = await context.cluster.delete(target, deletion(live));
    assert.ok(held !== undefined && stringAt(held.metadata, 'deletionTimestamp') !== undefined);
    await context.cluster.merge(target, { metadata: { finalizers: null } }, theirs);
    assert.equal(await context.cluster.read(target, {}), undefined);
  });
}
