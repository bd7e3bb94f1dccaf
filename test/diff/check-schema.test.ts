import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkAgainstSchema, withoutUnknownFields } from '../../src/diff/diff.ts';
import type { JsonObject, JsonValue } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { casesIn } from './cases.ts';

interface Case {
  readonly name: string;
  readonly schema: JsonObject;
  readonly spec: JsonValue;
  readonly errors: readonly string[];
}

function widget(spec: JsonValue): KubeObject {
  return { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w', labels: { a: 'b' } }, spec };
}

describe('checkAgainstSchema', () => {
  for (const { name, schema, spec, errors } of casesIn('schema/objects.yaml') as readonly Case[]) {
    it(name, () => {
      const flaws = checkAgainstSchema(widget(spec), { schema, definitions: {} });
      const found = flaws.map(({ path, problem }) => `${path}: ${problem}`);
      assert.deepEqual(found.toSorted(), errors.toSorted());
    });
  }

  it('follows references, also those in circles', () => {
    const definitions: JsonObject = {
      'example.Node': {
        type: 'object',
        properties: {
          next: { allOf: [{ $ref: '#/components/schemas/example.Node' }], default: {} },
          value: { type: 'integer' },
        },
      },
      'example.Loop': { $ref: '#/components/schemas/example.Loop' },
    };
    const properties = {
      spec: { $ref: '#/components/schemas/example.Node' },
      loop: { $ref: '#/components/schemas/example.Loop' },
    };
    const object = { ...widget({ next: { next: { value: 'x' }, other: 1 } }), loop: { a: 1 } };
    const flaws = checkAgainstSchema(object, { schema: { type: 'object', properties }, definitions });
    assert.deepEqual(
      flaws.map(({ path }) => path),
      ['spec.next.next.value', 'spec.next.other'],
    );
  });

  it('a catastrophic pattern costs nothing', () => {
    const schema = { type: 'object', properties: { spec: { type: 'string', pattern: '^(a+)+$' } } };
    assert.deepEqual(checkAgainstSchema(widget(`${'a'.repeat(50_000)}!`), { schema, definitions: {} }), []);
  });
});

describe('withoutUnknownFields', () => {
  it('drops what the schema lacks, at every depth, and nothing else', () => {
    const [first] = casesIn('schema/objects.yaml') as readonly Case[];
    const schema = first?.schema ?? {};
    const spec = { size: 1, colour: 'red', items: [{ name: 'a', m: 1 }], free: { other: 1 }, open: { a: 1 } };
    const object = { ...widget(spec), typo: 1 };
    const expected = widget({ size: 1, items: [{ name: 'a' }], free: { other: 1 }, open: { a: 1 } });
    assert.deepEqual(withoutUnknownFields(object, { schema, definitions: {} }), expected);
  });
});
