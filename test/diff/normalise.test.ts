import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { normalise } from '../../src/diff/diff.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { casesIn } from './cases.ts';
import { anyObject } from './arbitrary.ts';

interface Case {
  readonly name: string;
  readonly given: KubeObject;
  readonly expect: KubeObject;
}

describe('normalise', () => {
  for (const { name, given, expect } of casesIn('normalise/objects.yaml') as readonly Case[]) {
    it(name, () => {
      const before = structuredClone(given);
      assert.deepEqual(normalise(given), expect);
      assert.deepEqual(given, before, 'the input is not changed');
      assert.deepEqual(normalise(expect), expect, 'a second time changes nothing');
    });
  }

  it('is idempotent for any object', () => {
    fc.assert(
      fc.property(anyObject, (object) => {
        const once = normalise(object);
        assert.deepEqual(normalise(once), once);
      }),
    );
  });

  it('keeps integers of 64 bits', () => {
    const object = { apiVersion: 'v1', kind: 'X', metadata: { name: 'a' }, spec: { n: 9007199254740993n } };
    assert.deepEqual(normalise(object), object);
  });
});
