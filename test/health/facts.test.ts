import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { load } from 'js-yaml';
import { assessHealth } from '../../src/health/health.ts';
import { decodeJson } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { groupKindKey, groupOf } from '../../src/model/object.ts';

/** Live objects with the verdict that Argo CD gives, when `EVENKEEL_FACTS` names a folder that has them. */
interface Fact {
  readonly status: string;
  readonly object: KubeObject;
}

const folder = new URL('cases/', import.meta.url);
const ruled = new Set(
  readdirSync(folder)
    .filter((file) => !file.startsWith('generic-'))
    .map((file) => (load(readFileSync(new URL(file, folder), 'utf8')) as Fact).object)
    .map((object) => groupKindKey({ group: groupOf(object.apiVersion), kind: object.kind })),
);

const facts = process.env['EVENKEEL_FACTS'];

describe('verdicts of Argo CD', { skip: facts === undefined ? 'EVENKEEL_FACTS is not set' : false }, () => {
  const lines = facts === undefined ? [] : readFileSync(join(facts, 'health/cases.jsonl'), 'utf8').trim().split('\n');
  const cases = lines.map((line) => decodeJson(line) as unknown as Fact).filter(isBuiltIn);

  it('covers a built-in kind', () => assert.ok(cases.length > 0));

  for (const [i, { status, object }] of cases.entries()) {
    it(`${object.kind} ${i}: ${status}`, () => assert.equal(assessHealth(object).status, status));
  }
});

/** Kinds with a rule of their own are those that have case files. */
function isBuiltIn({ object }: Fact): boolean {
  return ruled.has(groupKindKey({ group: groupOf(object.apiVersion), kind: object.kind }));
}
