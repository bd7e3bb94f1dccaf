import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperatorError } from '../../src/model/errors.ts';
import { compileGlob } from '../../src/source/glob.ts';

const cases: readonly [pattern: string, path: string, expected: boolean][] = [
  ['*.yaml', 'a.yaml', true],
  ['*.yaml', 'deep/er/a.yaml', true],
  ['*.yaml', 'a.yml', false],
  ['**/a.yaml', 'x/y/a.yaml', true],
  ['**/a.yaml', 'a.yaml', false],
  ['a?.yaml', 'ab.yaml', true],
  ['a?.yaml', 'a.yaml', false],
  ['{a,b}.yaml', 'b.yaml', true],
  ['{a,b}.yaml', 'c.yaml', false],
  ['{a,b{1,2}}/*.{yaml,json}', 'b2/x.json', true],
  ['{a,b{1,2}}/*.{yaml,json}', 'b3/x.json', false],
  ['[a-c]*.yaml', 'beta.yaml', true],
  ['[!a-c]*.yaml', 'beta.yaml', false],
  ['[!a-c]*.yaml', 'delta.yaml', true],
  ['\\*.yaml', '*.yaml', true],
  ['\\*.yaml', 'a.yaml', false],
  ['{a\\,b}', 'a,b', true],
  ['*', '', true],
  ['', '', true],
  ['', 'a', false],
  ['ä*😀', 'äx😀', true],
  ['a.b', 'axb', false],
];

for (const [pattern, path, expected] of cases) {
  test(`${pattern} and ${path}`, () => assert.equal(compileGlob(pattern)(path), expected));
}

for (const pattern of ['{a', 'a}', '[', 'a[b', 'x\\', '{a,b}'.repeat(9)]) {
  test(`refused: ${pattern}`, () => {
    assert.throws(
      () => compileGlob(pattern),
      (error) => error instanceof OperatorError && error.reason === 'InvalidSpec',
    );
  });
}

test('many stars against a long path that does not match', () => {
  const matches = compileGlob(`${'*a'.repeat(40)}b`);
  const start = performance.now();
  assert.equal(matches('a'.repeat(4_000)), false);
  assert.ok(performance.now() - start < 5_000);
});
