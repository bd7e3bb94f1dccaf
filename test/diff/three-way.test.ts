import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { compare } from '../../src/diff/diff.ts';
import type { Verdict } from '../../src/diff/diff.ts';
import type { JsonValue } from '../../src/model/json.ts';
import { decodeJson, encodeJson } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { intended, live, manifest } from './world.ts';

/**
 * What a real API server made of an object that `evenkeel` had applied and somebody else then touched as the file's
 * name says; `desired` is what Git says now.
 */
interface Case {
  readonly name: string;
  readonly expected: { readonly verdict: Verdict; readonly fields: readonly string[]; readonly by: readonly string[] };
  readonly desired: KubeObject;
  readonly live: KubeObject;
}

const folder = new URL('cases/managed-fields/', import.meta.url);

describe('compare: objects of a real API server', () => {
  for (const file of readdirSync(folder).sort()) {
    const { name, expected, desired, live } = decodeJson(
      readFileSync(new URL(file, folder), 'utf8'),
    ) as unknown as Case;
    it(`${name}: ${expected.verdict}`, () => {
      assert.deepEqual(verdictOn(desired, live), expected);
    });
  }
});

function verdictOn(desired: KubeObject, live: KubeObject): Case['expected'] {
  const { verdict, differences, doubts, lost } = compare(desired, live, 'evenkeel');
  const found = { equal: [], different: differences, doubtful: doubts, ownershipLost: lost }[verdict];
  const by = found
    .flatMap(({ who }) => who)
    .map((one) => `${one.manager}/${one.operation} ${one.subresource}`.trimEnd());
  return { verdict, fields: found.map(({ path }) => path), by: [...new Set(by)] };
}

describe('compare: values in other words', () => {
  const widget = (field: JsonValue): KubeObject =>
    manifest({ group: 'example.com', kind: 'Widget' }, { spec: { field } });
  const verdict = (desired: JsonValue, served: JsonValue): Verdict =>
    compare(intended(widget(desired)), live(widget(served)), 'evenkeel').verdict;

  for (const [desired, served] of [
    ['1000m', '1'],
    [1, '1'],
    ['1024Mi', '1Gi'],
    ['0.5', '500m'],
    ['.5', '500m'],
    ['1e3', '1k'],
    ['1E', '1000P'],
    [80, '80'],
    ['60s', '1m0s'],
    ['2026-01-01T01:00:00+01:00', '2026-01-01T00:00:00Z'],
    ['aGVs\nbG8=', 'aGVsbG8='],
    [
      ['a', { x: '1Gi' }],
      ['a', { x: '1024Mi', defaulted: true }],
    ],
  ] as const) {
    it(`leaves ${encodeJson(desired)} and ${encodeJson(served)} to the server`, () => {
      assert.equal(verdict(desired, served), 'doubtful');
    });
  }

  for (const [desired, served] of [
    ['1000m', '2'],
    ['1Gi', '1G'],
    ['1', 'true'],
    ['a', 'A'],
    ['', 'x'],
    ['60s', '61s'],
    ['-1', '1'],
    [true, 'true'],
    [
      ['a', 'b'],
      ['b', 'a'],
    ],
    [['a'], ['a', 'b']],
    [[{ x: 1 }], [{ y: 1 }]],
    [{ a: 1 }, 'a'],
  ] as const) {
    it(`tells ${encodeJson(desired)} from ${encodeJson(served)}`, () => {
      assert.equal(verdict(desired, served), 'different');
    });
  }

  it('takes long digit strings for text', () => {
    assert.equal(verdict('9'.repeat(60), `${'9'.repeat(60)}.0`), 'different');
  });
});
