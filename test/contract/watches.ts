import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectAt } from '../../src/model/json.ts';
import { managedEntriesOf } from '../../src/model/managed-fields.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { labelsOf, targetOf, uidOf } from '../../src/model/object.ts';
import { eventually } from '../../tools/eventually.ts';
import type { ContractContext } from './context.ts';
import { deletion, ours, refusedAs, theirs } from './context.ts';
import { Recorder } from './recorder.ts';

/** Lists, reflectors and discovery. */
export function watchCases(context: ContractContext): void {
  test('lists by label, whole or metadata only', async () => {
    const label = `list-${context.next()}`;
    for (const a of ['1', '2']) await context.cluster.apply(context.configMap({ a }, { labels: { of: label } }), ours);
    await context.cluster.apply(context.configMap(), ours);
    for (const metadataOnly of [true, false]) {
      const found: KubeObject[] = [];
      const options = { labelSelector: `of=${label}`, namespace: context.namespace, metadataOnly };
      for await (const page of context.cluster.list(context.kindOf('', 'ConfigMap'), options))
        found.push(...page.items);
      assert.deepEqual(
        found.map((object) => [object.apiVersion, object.kind, labelsOf(object)['of'], object['data'] === undefined]),
        Array.from({ length: 2 }, () => ['v1', 'ConfigMap', label, metadataOnly]),
      );
    }
  });

  test('lists nothing, metadata only too, where the server says null', async () => {
    for (const metadataOnly of [false, true]) {
      const options = { namespace: context.namespace, labelSelector: 'of=nobody', metadataOnly };
      const pages = await Array.fromAsync(context.cluster.list(context.kindOf('', 'ConfigMap'), options));
      assert.deepEqual(
        pages.map(({ items }) => items),
        [[]],
      );
    }
  });

  test('lists by field', async () => {
    const label = `field-${context.next()}`;
    const wanted = context.configMap({}, { labels: { of: label } });
    await context.cluster.apply(wanted, ours);
    await context.cluster.apply(context.configMap({}, { labels: { of: label } }), ours);
    const fieldSelector = `metadata.name=${wanted.metadata.name}`;
    const options = { labelSelector: `of=${label}`, fieldSelector, namespace: context.namespace };
    const found: string[] = [];
    for await (const { items } of context.cluster.list(context.kindOf('', 'ConfigMap'), options))
      found.push(...items.map(({ metadata }) => metadata.name));
    assert.deepEqual(found, [wanted.metadata.name]);
  });

  test('a reflector tells the list, then each change, then nothing after stop', async () => {
    const label = `watch-${context.next()}`;
    const labels = { of: label };
    const { object: first } = await context.cluster.apply(context.configMap({ a: '1' }, { labels }), ours);
    await context.cluster.apply(context.configMap(), ours);
    const recorder = new Recorder();
    const reflector = context.cluster.reflect({
      kind: context.kindOf('', 'ConfigMap'),
      metadataOnly: true,
      labelSelector: `of=${label}`,
      listener: recorder,
    });
    const one = first.metadata.name;
    await recorder.heard(`changed ${one}`, 'synced');
    assert.equal(reflector.complete, true);
    assert.equal(recorder.last(one)?.kind, 'ConfigMap');
    assert.equal(recorder.last(one)?.['data'], undefined);
    assert.ok(managedEntriesOf(recorder.last(one) ?? first).length > 0);

    const { object: second } = await context.cluster.apply(context.configMap({ a: '1' }, { labels }), ours);
    const two = second.metadata.name;
    await recorder.heard(`changed ${two}`);
    await context.cluster.merge(targetOf(first), { metadata: { labels: { of: null } } }, theirs);
    await recorder.heard(`deleted ${one}`);
    await context.cluster.delete(targetOf(second), deletion(second));
    await recorder.heard(`deleted ${two}`);
    assert.equal(uidOf(recorder.last(two) ?? first), uidOf(second));

    reflector.stop();
    const told = recorder.told.length;
    await context.cluster.apply(context.configMap({ a: '1' }, { labels }), ours);
    await context.cluster.read(targetOf(first), {});
    assert.equal(recorder.told.length, told);
  });

  test('a reflector follows one object by name', async () => {
    const object = context.configMap();
    const recorder = new Recorder();
    const reflector = context.cluster.reflect({
      kind: context.kindOf('', 'ConfigMap'),
      metadataOnly: false,
      namespace: context.namespace,
      fieldSelector: `metadata.name=${object.metadata.name}`,
      listener: recorder,
    });
    await recorder.heard('synced');
    await context.cluster.apply(context.configMap(), ours);
    await context.cluster.apply(object, ours);
    await recorder.heard(`changed ${object.metadata.name}`);
    assert.deepEqual(recorder.told, ['synced', `changed ${object.metadata.name}`]);
    assert.deepEqual(recorder.last(object.metadata.name)?.['data'], { a: '1' });
    reflector.stop();
  });

  test('kinds come and go with their definition; 64-bit integers survive', async () => {
    const group = `contract-${context.next()}.example.com`;
    const gadget = { group, kind: 'Gadget' };
    await eventually('the group to be gone', () => context.cluster.kinds.find(gadget).state === 'gone');
    const definition = gadgetDefinition(group);
    const instance: KubeObject = {
      apiVersion: `${group}/v1`,
      kind: 'Gadget',
      metadata: { name: 'one', namespace: context.namespace },
      spec: { big: 9007199254740993n },
    };
    await refusedAs('notServed', context.cluster.apply(instance, ours));

    let changes = 0;
    const unsubscribe = context.cluster.kinds.onChange(() => (changes += 1));
    await context.cluster.apply(definition, ours);
    await eventually('the kind to be served', () => context.cluster.kinds.find(gadget).state === 'served');
    assert.ok(changes > 0);
    assert.equal(context.cluster.kinds.find(gadget, `${group}/v2`).state, 'gone');
    const { object } = await context.cluster.apply(instance, ours);
    assert.deepEqual(objectAt(object, 'spec'), { big: 9007199254740993n });
    assert.deepEqual(objectAt(await context.must(targetOf(instance)), 'spec'), { big: 9007199254740993n });

    const live = await context.must(targetOf(definition));
    await context.cluster.delete(targetOf(live), deletion(live));
    await eventually('the kind to be gone', () => context.cluster.kinds.find(gadget).state === 'gone');
    unsubscribe();
  });
}

function gadgetDefinition(group: string): KubeObject {
  const big = { type: 'integer', format: 'int64' };
  const openAPIV3Schema = { type: 'object', properties: { spec: { type: 'object', properties: { big } } } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `gadgets.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'gadgets', singular: 'gadget', kind: 'Gadget', listKind: 'GadgetList' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
    },
  };
}
