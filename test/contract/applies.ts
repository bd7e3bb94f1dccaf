import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arrayAt, objectAt } from '../../src/model/json.ts';
import { managedEntriesOf } from '../../src/model/managed-fields.ts';
import { resourceVersionOf, targetOf, uidOf } from '../../src/model/object.ts';
import type { ContractContext } from './context.ts';
import { deletion, otherUid, ours, refusedAs, theirs, unforced, withData, withMetadata } from './context.ts';

/** Server-Side Apply: who owns what afterwards. */
export function applyCases(context: ContractContext): void {
  test('reads nothing where nothing is', async () => {
    assert.equal(await context.cluster.read(targetOf(context.configMap()), {}), undefined);
    const elsewhere = withMetadata(context.configMap(), { namespace: 'no-such-namespace' });
    assert.equal(await context.cluster.read(targetOf(elsewhere), {}), undefined);
  });

  test('applies: creates, then changes nothing, then what is new', async () => {
    const object = context.configMap({ a: '1' });
    const first = await context.cluster.apply(object, ours);
    assert.equal(first.created, true);
    const [entry] = managedEntriesOf(first.object);
    assert.deepEqual([entry?.manager, entry?.operation], ['evenkeel', 'Apply']);
    assert.deepEqual(entry?.fields, { 'f:data': { 'f:a': {} } });

    const again = await context.cluster.apply(object, ours);
    assert.equal(again.created, false);
    assert.equal(resourceVersionOf(again.object), resourceVersionOf(first.object));

    const changed = await context.cluster.apply(withData(object, { a: '2' }), ours);
    assert.notEqual(resourceVersionOf(changed.object), resourceVersionOf(first.object));
    assert.deepEqual(objectAt(await context.must(targetOf(object)), 'data'), { a: '2' });
  });

  test('applies: a field that is no longer sent goes, unless another manager has it', async () => {
    const object = context.configMap({ a: '1', b: '1', c: '1' });
    await context.cluster.apply(object, ours);
    await context.cluster.apply(withData(object, { b: '1' }), { manager: 'other', force: false });
    const { object: after } = await context.cluster.apply(withData(object, { a: '1' }), ours);
    assert.deepEqual(objectAt(after, 'data'), { a: '1', b: '1' });
  });

  test('applies: another value of an owned field is a conflict that names field and manager', async () => {
    const object = context.configMap({ a: '1' });
    await context.cluster.apply(object, { manager: 'other', force: false });
    const error = await refusedAs('conflict', context.cluster.apply(withData(object, { a: '2' }), unforced));
    assert.deepEqual(
      error.causes.map(({ reason, field }) => [reason, field]),
      [['FieldManagerConflict', '.data.a']],
    );
    assert.match(error.causes[0]?.message ?? '', /conflict with "other"/);
    const { object: taken } = await context.cluster.apply(withData(object, { a: '2' }), ours);
    assert.deepEqual(
      managedEntriesOf(taken).map(({ manager }) => manager),
      ['evenkeel'],
    );
  });

  test('applies: the same value is shared', async () => {
    const object = context.configMap({ a: '1' });
    await context.cluster.apply(object, { manager: 'other', force: false });
    const { object: shared } = await context.cluster.apply(object, unforced);
    const managers = managedEntriesOf(shared).map(({ manager }) => manager);
    assert.deepEqual(managers.sort(), ['evenkeel', 'other']);
  });

  test('applies: preconditions in the body', async () => {
    const object = context.configMap({ a: '1' });
    const { object: live } = await context.cluster.apply(object, ours);
    const stale = withMetadata(withData(object, { a: '2' }), { resourceVersion: '1' });
    await refusedAs('conflict', context.cluster.apply(stale, ours));
    await refusedAs('conflict', context.cluster.apply(withMetadata(object, { resourceVersion: '1' }), unforced));

    await refusedAs('conflict', context.cluster.apply(withMetadata(object, { uid: otherUid }), ours));
    const both = { uid: uidOf(live), resourceVersion: resourceVersionOf(live) };
    await context.cluster.apply(withMetadata(withData(object, { a: '3' }), both), ours);

    const missing = context.configMap();
    await refusedAs('conflict', context.cluster.apply(withMetadata(missing, { uid: otherUid }), ours));
    const { created } = await context.cluster.apply(withMetadata(missing, { resourceVersion: '1' }), ours);
    assert.equal(created, true, 'a resourceVersion does not keep a missing object from being made again');
  });

  test('dry-run tells what would be, and writes nothing', async () => {
    const object = context.configMap({ a: '1' });
    assert.equal((await context.cluster.apply(object, { ...ours, dryRun: true })).created, true);
    assert.equal(await context.cluster.read(targetOf(object), {}), undefined);
    const { object: live } = await context.cluster.apply(object, ours);
    const dry = await context.cluster.apply(withData(object, { a: '2' }), { ...ours, dryRun: true });
    assert.equal(dry.created, false);
    assert.deepEqual(objectAt(dry.object, 'data'), { a: '2' });
    assert.equal(resourceVersionOf(await context.must(targetOf(object))), resourceVersionOf(live));
    await context.cluster.delete(targetOf(live), { ...deletion(live), dryRun: true });
    await context.must(targetOf(object));
  });

  test('items of associative lists are owned one by one', async () => {
    const object = context.deployment('lists');
    await context.cluster.apply(object, ours);
    const env = [{ name: 'B', value: 'b' }];
    const template = { metadata: { labels: { app: 'lists' } }, spec: { containers: [{ name: 'main', env }] } };
    const foreign = { ...object, spec: { ...objectAt(object, 'spec'), template } };
    await context.cluster.apply(foreign, { manager: 'other', force: false });
    const { object: after } = await context.cluster.apply(context.deployment('lists', []), ours);
    const spec = objectAt(objectAt(objectAt(after, 'spec'), 'template'), 'spec');
    const [container] = arrayAt(spec, 'containers');
    assert.deepEqual(arrayAt(container, 'env'), env);
  });

  test('after managedFields were wiped an apply makes up an owner of what was there', async () => {
    const object = context.configMap({ a: '1' });
    await context.cluster.apply(object, ours);
    const wipe = [{ op: 'replace', path: '/metadata/managedFields', value: [{}] }] as const;
    const wiped = await context.cluster.patch(targetOf(object), wipe, theirs);
    assert.equal(arrayAt(wiped.metadata, 'managedFields').length, 0);
    const { object: restored } = await context.cluster.apply(object, ours);
    const managers = managedEntriesOf(restored).map(({ manager }) => manager);
    assert.deepEqual(managers.sort(), ['before-first-apply', 'evenkeel']);
  });
}
