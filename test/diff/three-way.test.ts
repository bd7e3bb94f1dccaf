import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { compare } from '../../src/diff/diff.ts';
import type { Verdict } from '../../src/diff/diff.ts';
import { decodeJson } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';

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
