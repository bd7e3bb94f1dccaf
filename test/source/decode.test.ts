import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OperatorError } from '../../src/model/errors.ts';
import { decodeFile } from '../../src/source/decode.ts';

function decode(text: string, file = 'dir/a.yaml') {
  return decodeFile(file, Buffer.from(text));
}

function lines(text: string, file?: string): [kind: unknown, document: number, line: number][] {
  return decode(text, file).objects.map(({ object, origin }) => [object['kind'], origin.document, origin.line]);
}

const pod = 'apiVersion: v1\nkind: Pod\n';

describe('objects', () => {
  test('one per document, with its place', () => {
    assert.deepEqual(lines(`# c\n---\n${pod}---\n---\n${pod}`), [
      ['Pod', 1, 3],
      ['Pod', 3, 7],
    ]);
  });
  test('values files are passed over and counted', () => {
    const decoded = decode(`a: 1\n---\n${pod}---\n{}\n---\n# nothing\n`);
    assert.deepEqual([decoded.objects.length, decoded.skippedDocuments], [1, 2]);
  });
  test('a List, lists in it, and a typed list', () => {
    const list = `apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n- apiVersion: v1\n  kind: ConfigMapList\n  items:\n  - data: {}\n`;
    assert.deepEqual(lines(list), [
      ['Pod', 1, 4],
      ['ConfigMap', 1, 1],
    ]);
  });
  test('a kind that only ends in List', () => {
    assert.deepEqual(lines('apiVersion: x/v1\nkind: AllowList\nspec: {}\n'), [['AllowList', 1, 1]]);
  });
  test('an empty List', () => assert.deepEqual(lines('apiVersion: v1\nkind: List\nitems: []\n'), []));
  test('JSON with integers of 64 bits', () => {
    const [found] = decode('{"apiVersion":"v1","kind":"Pod","n":9223372036854775807}', 'a.json').objects;
    assert.equal(found?.object['n'], 9223372036854775807n);
  });
  test('an empty JSON file', () => assert.deepEqual(lines(' \n', 'a.json'), []));
});

const refused: readonly [name: string, text: string | Buffer, reason: string, message: RegExp, file?: string][] = [
  ['syntax', `${pod}---\na: [1\n`, 'DecodeFailed', /^dir\/a\.yaml:document 2:line [45]: /],
  ['a duplicate key', `${pod}spec:\n  a: 1\n  a: 2\n`, 'DecodeFailed', /^dir\/a\.yaml:document 1:line 5: key "a"/],
  ['no kind', 'apiVersion: v1\n', 'InvalidObject', /document 1:line 1: has apiVersion but no kind/],
  ['no apiVersion', '---\n---\nkind: Pod\n', 'InvalidObject', /document 2:line 3: has kind but no apiVersion/],
  ['a kind that is a number', 'apiVersion: v1\nkind: 7\n', 'InvalidObject', /kind must be text/],
  ['a list at the root', '- a\n', 'InvalidObject', /is no mapping/],
  ['a List item without type', 'apiVersion: v1\nkind: List\nitems: [{a: 1}]\n', 'InvalidObject', /items\[0\]/],
  ['no UTF-8', Buffer.from([0x61, 0x3a, 0x20, 0xff]), 'DecodeFailed', /UTF-8/],
  ['JSON syntax', '{\n"a": ]}', 'DecodeFailed', /a\.json:document 1:line 2: /, 'a.json'],
  ['JSON too deep', '['.repeat(1_000) + ']'.repeat(1_000), 'DecodeFailed', /levels deep/, 'a.json'],
];

for (const [name, text, reason, message, file = 'dir/a.yaml'] of refused) {
  test(`refused: ${name}`, () => {
    assert.throws(
      () => decodeFile(file, Buffer.from(text)),
      (error) => {
        assert.ok(error instanceof OperatorError);
        assert.equal(error.reason, reason);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}
