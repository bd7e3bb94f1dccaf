import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compare, createMask, maskObject, overridesOf } from '../../src/diff/diff.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { encodeJson } from '../../src/model/json.ts';
import { intended, live, manifest } from './world.ts';

const secret = (stringData: JsonObject) => manifest({ kind: 'Secret' }, { stringData });

describe('values of Secrets', () => {
  it('are hidden in differences: equal ones look equal, different ones different', () => {
    const desired = intended(secret({ a: 'new', b: 'same', c: 'new' }));
    const { differences } = compare(desired, live(secret({ a: 'old', b: 'same', c: 'old' })), 'evenkeel');
    assert.deepEqual(
      differences.map(({ path, desired: wanted, live: found }) => ({ path, wanted, found })),
      [
        { path: 'data.a', wanted: '<hidden 2>', found: '<hidden 1>' },
        { path: 'data.c', wanted: '<hidden 2>', found: '<hidden 1>' },
      ],
    );
  });

  it('are hidden where all of them are missing', () => {
    const { metadata } = live(secret({ a: 'x' }));
    const emptied = { apiVersion: 'v1', kind: 'Secret', metadata };
    const { differences } = compare(intended(secret({ a: 'x' })), emptied, 'evenkeel');
    assert.deepEqual(
      differences.map(({ desired }) => desired),
      [{ a: '<hidden 1>' }],
    );
  });

  it('are hidden in admission overrides, labels are not', () => {
    const got = live(secret({ a: 'stamped' }), { metadata: { labels: { 'evenkeel.dev/slot': '99' } } });
    assert.deepEqual(overridesOf(intended(secret({ a: 'sent' })), got, 'evenkeel'), [
      { path: 'metadata.labels[evenkeel.dev/slot]', sent: '33', got: '99' },
      { path: 'data.a', sent: '<hidden 2>', got: '<hidden 1>' },
    ]);
  });

  it('are hidden in whole objects, with what kubectl left behind', () => {
    const annotations = {
      'kubectl.kubernetes.io/last-applied-configuration': '{"data":{"a":"aHVudGVyMg=="}}',
      note: 'seen',
    };
    const object = manifest(
      { kind: 'Secret' },
      { data: { a: 'aHVudGVyMg==' }, stringData: { b: 'hunter2' }, metadata: { annotations } },
    );
    const shown = encodeJson(maskObject(object, createMask()));
    assert.doesNotMatch(shown, /aHVudGVyMg|hunter2/);
    assert.match(shown, /seen/);
  });

  it('are the only ones hidden', () => {
    const map = manifest({}, { data: { a: 'shown' } });
    assert.equal(maskObject(map, createMask()), map);
  });
});
