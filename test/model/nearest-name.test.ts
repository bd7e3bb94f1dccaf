import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearestName } from '../../src/model/nearest-name.ts';

const known = ['automated', 'syncOptions', 'retry', 'prune', 'path'];

const cases: readonly [string, string | undefined][] = [
  ['automatd', 'automated'],
  ['SyncOptions', 'syncOptions'],
  ['prnue', 'prune'],
  ['pth', 'path'],
  ['somethingElseEntirely', undefined],
  ['', undefined],
];

for (const [name, nearest] of cases) {
  test(`${name} → ${nearest ?? 'nothing'}`, () => assert.equal(nearestName(name, known), nearest));
}

test('very long names cost little', () =>
  assert.equal(nearestName('q'.repeat(1_000_000), ['z'.repeat(300)]), undefined));
