import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createHealthRules } from '../../src/health/health.ts';
import { decodeJson } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';

/** Live objects with the verdict of Argo CD's rule for their kind, when `EVENKEEL_FACTS` names a folder that has them. */
interface Fact {
  /** `group/Kind` of the rule. */
  readonly kind: string;
  readonly status: string;
  readonly object: KubeObject;
}

const facts = process.env['EVENKEEL_FACTS'];

describe('verdicts of Argo CD', { skip: facts === undefined ? 'EVENKEEL_FACTS is not set' : false }, () => {
  const lines = facts === undefined ? [] : readFileSync(join(facts, 'health/cases.jsonl'), 'utf8').trim().split('\n');
  const cases = lines.map((line) => decodeJson(line) as unknown as Fact);
  const health = createHealthRules();

  it('agree in 97 of 100 cases, and the others are being deleted or told', (t) => {
    assert.ok(cases.length > 0);
    const others = cases.flatMap(({ kind, status, object }) => {
      const verdict = health.assess(object);
      return verdict.status === status ? [] : [`${kind}: ${verdict.status} (${verdict.message}), Argo CD: ${status}`];
    });
    for (const line of others) t.diagnostic(line);
    t.diagnostic(`${cases.length - others.length} of ${cases.length} agree`);
    assert.ok(others.length <= cases.length * 0.03, others.join('\n'));
  });
});
