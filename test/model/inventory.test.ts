import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { OperatorError } from '../../src/model/errors.ts';
import type { StoragePlan } from '../../src/model/inventory.ts';
import { isInventoryOf, planStorage, readRecord } from '../../src/model/inventory.ts';
import type { JsonObject, JsonValue } from '../../src/model/json.ts';
import { arrayAt } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';
import type { RecordEntry } from '../../src/model/record.ts';
import { encodeEntry, sortEntries } from '../../src/model/record.ts';

const owner = { name: 'shop', namespace: 'team', uid: 'owner-uid' };

function entry(index: number, options: { readonly claim?: boolean; readonly padding?: number } = {}): RecordEntry {
  const name = `object-${index}${'x'.repeat(options.padding ?? 0)}`;
  const hex = index.toString(16).padStart(12, '0');
  return {
    ref: { group: 'apps', kind: 'Deployment', namespace: 'shop', name },
    uid: options.claim === true ? '' : `00000000-0000-4000-8000-${hex}`,
    desired: options.claim === true ? '' : 'desiredhash',
    fp: options.claim === true ? '' : 'fingerprint',
  };
}

const entries = (count: number, padding = 0): RecordEntry[] =>
  Array.from({ length: count }, (_, index) => entry(index, { padding }));

/** The cluster: an Application's record and its Inventories. */
class Store {
  record: JsonValue | undefined;
  inventories = new Map<string, KubeObject>();

  /** Carries out the first `steps` writes of a plan. */
  store(plan: StoragePlan, steps = Infinity): void {
    const writes = [
      ...plan.write.map(
        ({ name, object }) =>
          () =>
            void this.inventories.set(name, object),
      ),
      () => void (this.record = { ...plan.inline } as JsonObject),
      ...plan.remove.map((object) => () => void this.inventories.delete(object.metadata.name)),
    ];
    for (const write of writes.slice(0, steps)) write();
  }

  plan(record: readonly RecordEntry[]): StoragePlan {
    return planStorage(owner, record, [...this.inventories.values()]);
  }

  read(): readonly RecordEntry[] {
    const answer = readRecord(this.application(), [...this.inventories.values()]);
    if (answer instanceof OperatorError) throw answer;
    return answer;
  }

  application(): KubeObject {
    const status = this.record === undefined ? {} : { record: this.record };
    const metadata = { name: owner.name, namespace: owner.namespace, uid: owner.uid };
    return { apiVersion: 'evenkeel.dev/v1alpha1', kind: 'Application', metadata, status };
  }
}

const texts = (record: readonly RecordEntry[]): string[] => sortEntries(record).map(encodeEntry);

describe('where a record is stored', () => {
  test('inline up to 300 entries', () => {
    const store = new Store();
    const plan = store.plan(entries(300));
    assert.deepEqual([plan.inline.entries.length, plan.write.length], [300, 0]);
    store.store(plan);
    assert.deepEqual(texts(store.read()), texts(entries(300)));
  });

  test('inline up to 48 KB', () => {
    const plan = new Store().plan(entries(200, 200));
    assert.deepEqual([plan.inline.entries.length, plan.inline.inventories, plan.write.length], [0, 1, 1]);
  });

  test('in Inventories of at most 1000 entries and 200 KB, named after the Application and owned by it', () => {
    const store = new Store();
    store.store(store.plan(entries(2500)));
    assert.deepEqual([...store.inventories.keys()].sort(), ['shop-1', 'shop-2', 'shop-3']);
    const long = new Store();
    long.store(long.plan(entries(900, 200)));
    assert.ok(long.inventories.size > 1);
    for (const inventory of [...store.inventories.values(), ...long.inventories.values()]) {
      assert.ok(arrayAt(inventory, 'entries').length <= 1000);
      assert.ok(JSON.stringify(inventory['entries']).length <= 200 * 1024);
      assert.equal(isInventoryOf(inventory), 'shop');
    }
    assert.deepEqual(texts(long.read()), texts(entries(900, 200)));
  });

  test('a change of one entry rewrites one Inventory', () => {
    const store = new Store();
    store.store(store.plan(entries(2500)));
    const changed = entries(2500).map((old, index) => (index === 1700 ? { ...old, fp: 'otherprint_' } : old));
    const plan = store.plan(changed);
    assert.deepEqual([plan.write.length, plan.remove.length], [1, 0]);
    assert.equal(store.plan(entries(2500)).write.length, 0);
  });

  test('a claim that gets its uid stays where it is', () => {
    const store = new Store();
    const claims = Array.from({ length: 2500 }, (_, index) => entry(index, { claim: true, padding: 150 }));
    store.store(store.plan(claims));
    const before = new Map([...store.inventories].map(([name, object]) => [name, arrayAt(object, 'entries').length]));
    store.store(store.plan(entries(2500, 150)));
    const after = new Map([...store.inventories].map(([name, object]) => [name, arrayAt(object, 'entries').length]));
    assert.deepEqual(after, before);
  });
});

test('a crash between any two writes loses no entry that was on record before and is after', () => {
  const sizes = fc.integer({ min: 0, max: 2400 });
  const property = fc.property(sizes, sizes, fc.nat(8), (before, after, steps) => {
    const store = new Store();
    store.store(store.plan(entries(before)));
    store.store(store.plan(entries(after)), steps);
    const read = new Set(texts(store.read()));
    for (const kept of texts(entries(Math.min(before, after)))) assert.ok(read.has(kept));
    store.store(store.plan(entries(after)));
    assert.deepEqual(texts(store.read()), texts(entries(after)));
    assert.equal(store.plan(entries(after)).write.length, 0);
  });
  fc.assert(property, { numRuns: 30 });
});

describe('what is not read', () => {
  test('Inventories of a former Application of the same name', () => {
    const store = new Store();
    store.store(store.plan(entries(1200)));
    const stranger = planStorage({ ...owner, uid: 'former' }, entries(1200, 1), []);
    for (const { object } of stranger.write) store.inventories.set(`former-${object.metadata.name}`, object);
    assert.deepEqual(texts(store.read()), texts(entries(1200)));
    const plan = store.plan(entries(5));
    assert.ok(plan.remove.every((object) => store.inventories.get(object.metadata.name) === object));
  });

  test('a record of which an Inventory is missing, or that is of another format', () => {
    const store = new Store();
    store.store(store.plan(entries(1200)));
    const all = [...store.inventories.values()];
    const missing = readRecord(store.application(), all.slice(1));
    assert.ok(missing instanceof OperatorError && missing.reason === 'InvalidRecord');
    const other = readRecord(store.application(), [...all.slice(1), { ...(all[0] ?? store.application()), format: 2 }]);
    assert.ok(other instanceof OperatorError && other.message.includes('shop-'));
  });

  test('objects that only look like Inventories', () => {
    const [inventory] = new Store().plan(entries(400)).write;
    assert.ok(inventory !== undefined);
    const { object } = inventory;
    assert.equal(isInventoryOf({ ...object, kind: 'ConfigMap' }), undefined);
    assert.equal(isInventoryOf({ ...object, metadata: { ...object.metadata, name: 'shop-x' } }), undefined);
    assert.equal(isInventoryOf({ ...object, metadata: { name: 'shop-1' } }), undefined);
  });

  test('without a record in status the Inventories count', () => {
    const store = new Store();
    store.store(store.plan(entries(1200)));
    store.record = undefined;
    assert.equal(store.read().length, 1200);
  });
});
