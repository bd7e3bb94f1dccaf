import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { newestOf, readConstraint, sortVersions } from '../../src/source/versions.ts';

interface Row {
  readonly constraint: string;
  /** Those of `candidates` that Masterminds/semver 3.5.0, which Helm uses, accepts. */
  readonly versions?: readonly string[];
  readonly invalid?: true;
}

const file = path.join(import.meta.dirname, 'versions.json');
const rows = JSON.parse(await readFile(file, 'utf8')) as readonly Row[];
const candidates = [
  ...['0.0.3', '0.1.0', '0.2.3', '0.2.9', '1.0.0', '1.0.0-rc.1', '1.1.0', '1.2.0', '1.2.3', '1.2.3+build.7', '1.2.10'],
  ...['1.3.0-alpha.1', '1.9.9', '2.0.0-beta.2', '2.0.0', '2.1.0', 'v2.2.0', '3.0', '3.5.1-0', '11.0.0', '11.1.0'],
];

for (const { constraint, versions, invalid } of rows) {
  test(`versions: "${constraint}" means what Helm means`, () => {
    const satisfies = readConstraint(constraint);
    assert.equal(satisfies === undefined, invalid === true);
    if (satisfies !== undefined) assert.deepEqual(candidates.filter(satisfies), versions);
  });
}

test('versions: the newest is the highest, whatever the order, and what is no version is passed over', () => {
  const any = readConstraint('*');
  assert.ok(any);
  assert.equal(newestOf(['1.2.0', 'latest', '1.10.0', '1.9.0', '2.0.0-rc.1'], any), '1.10.0');
  assert.equal(newestOf(['latest'], any), undefined);
  assert.deepEqual(sortVersions(['latest', '1.2.0', '2.0.0', '1.10.0']), ['2.0.0', '1.10.0', '1.2.0', 'latest']);
});

test('versions: what is long and almost a constraint is refused at once', () => {
  for (const text of [
    `1${' '.repeat(500)}!`,
    `${'1 '.repeat(250)}!`,
    `1.0.0-${'a.'.repeat(240)}!`,
    `${'1-'.repeat(250)}!`,
    '1'.repeat(600),
  ]) {
    assert.equal(readConstraint(text), undefined);
  }
});
