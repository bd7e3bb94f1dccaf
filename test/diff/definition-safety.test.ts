import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judgeDefinition } from '../../src/diff/diff.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';

function definition(spec: JsonObject, status: JsonObject = {}): KubeObject {
  const names = { kind: 'Widget', plural: 'widgets' };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com' },
    spec: { group: 'example.com', scope: 'Namespaced', names, ...spec },
    status,
  };
}

function version(name: string, schema: JsonObject = {}, served = true): JsonObject {
  return { name, served, storage: name === 'v1', schema: { openAPIV3Schema: { type: 'object', ...schema } } };
}

const live = definition({ versions: [version('v1'), version('v1beta1')] }, { storedVersions: ['v1beta1', 'v1'] });

describe('a definition that exists', () => {
  it('unchanged: nothing to say', () => {
    assert.deepEqual(judgeDefinition(live, live), { refusals: [], narrowed: [], warnings: [] });
  });

  it('another scope is refused', () => {
    const { refusals } = judgeDefinition(
      { ...live, spec: { ...(live['spec'] as JsonObject), scope: 'Cluster' } },
      live,
    );
    assert.deepEqual(
      refusals.map(({ path }) => path),
      ['spec.scope'],
    );
  });

  it('a version in which objects may be stored is not removed: how to is said', () => {
    const { refusals, warnings } = judgeDefinition(definition({ versions: [version('v1')] }), live);
    assert.match(refusals[0]?.problem ?? '', /^version v1beta1 cannot be removed: status\.storedVersions says/);
    assert.deepEqual(warnings, ['version v1beta1 is not served any more: clients that use it fail']);
  });

  it('a version that is not served any more is said', () => {
    const quiet = definition({ versions: [version('v1'), version('v1beta1', {}, false)] });
    assert.deepEqual(judgeDefinition(quiet, live).warnings, [
      'version v1beta1 is not served any more: clients that use it fail',
    ]);
  });

  it('another conversion is said; a certificate that was injected is none', () => {
    const converting = (client: JsonObject): KubeObject =>
      definition({
        versions: [version('v1')],
        conversion: { strategy: 'Webhook', webhook: { clientConfig: { url: 'https://a', ...client } } },
      });
    const plain = definition({ versions: [version('v1')] });
    assert.match(judgeDefinition(converting({}), plain).warnings[0] ?? '', /None to Webhook/);
    assert.deepEqual(judgeDefinition(converting({}), converting({ caBundle: 'x' })).warnings, []);
  });
});

type Row = readonly [name: string, before: JsonObject, after: JsonObject, narrowed: readonly string[]];

const text = { type: 'string' };

const rows: readonly Row[] = [
  ['a new field', { properties: { a: text } }, { properties: { a: text, b: text } }, []],
  ['another description', { properties: { a: { ...text, description: 'x' } } }, { properties: { a: text } }, []],
  [
    'a field that is removed',
    { properties: { a: text } },
    { properties: {} },
    ['a is removed, and with it its values'],
  ],
  [
    'a new required field',
    { properties: { a: text } },
    { properties: { a: text }, required: ['a'] },
    ['a becomes required'],
  ],
  ['one with a default', { properties: {} }, { properties: { a: { ...text, default: 'x' } }, required: ['a'] }, []],
  [
    'another type',
    { properties: { a: text } },
    { properties: { a: { type: 'integer' } } },
    ['a changes from string to integer'],
  ],
  [
    'fewer values',
    { properties: { a: { ...text, enum: ['x', 'y'] } } },
    { properties: { a: { ...text, enum: ['x'] } } },
    ['a allows fewer values'],
  ],
  [
    'more values',
    { properties: { a: { ...text, enum: ['x'] } } },
    { properties: { a: { ...text, enum: ['x', 'y'] } } },
    [],
  ],
  ['a limit', { properties: { a: text } }, { properties: { a: { ...text, maxLength: 3 } } }, ['a maxLength changes']],
  ['a limit that is lifted', { properties: { a: { ...text, maxLength: 3 } } }, { properties: { a: text } }, []],
  [
    'inside items',
    { properties: { a: { type: 'array', items: text } } },
    { properties: { a: { type: 'array', items: { type: 'integer' } } } },
    ['a[] changes from string to integer'],
  ],
  [
    'unknown fields',
    { 'x-kubernetes-preserve-unknown-fields': true },
    {},
    [' x-kubernetes-preserve-unknown-fields is taken back'],
  ],
];

describe('where a schema allows less than before', () => {
  for (const [name, before, after, expected] of rows) {
    it(name, () => {
      const verdict = judgeDefinition(
        definition({ versions: [version('v1', after)] }),
        definition({ versions: [version('v1', before)] }),
      );
      const found = verdict.narrowed.flatMap(({ where }) => where.map(({ path, problem }) => `${path} ${problem}`));
      assert.deepEqual(found, expected);
    });
  }
});
