import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { normalise } from '../../src/diff/diff.ts';
import type { JsonObject } from '../../src/model/json.ts';
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

  it('keeps a null where the schema calls it nullable, at any depth, and no other', () => {
    const item = { type: 'object', properties: { a: { type: 'string', nullable: true }, b: { type: 'string' } } };
    const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    const named = { type: 'object', additionalProperties: { type: 'integer', nullable: true } };
    const spec = { type: 'object', properties: { items: { type: 'array', items: { $ref: '#/x/item' } }, open, named } };
    const schema = { schema: { type: 'object', properties: { spec } }, definitions: { item } };
    const object = (given: JsonObject): KubeObject => ({
      ...{ apiVersion: 'example.com/v1', kind: 'X', metadata: { name: 'a', labels: null }, spec: given },
    });
    const given = { items: [{ a: null, b: null }, null], open: { a: null }, named: { n: null }, unknown: null };
    const kept = { items: [{ a: null }, null], open: {}, named: { n: null } };
    assert.deepEqual(normalise(object(given), schema)['spec'], kept);
    assert.deepEqual(normalise(object(given))['spec'], { items: [{}, null], open: {}, named: {} });
  });

  it('keeps integers of 64 bits', () => {
    const object = { apiVersion: 'v1', kind: 'X', metadata: { name: 'a' }, spec: { n: 9007199254740993n } };
    assert.deepEqual(normalise(object), object);
  });
});
