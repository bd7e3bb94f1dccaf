import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileHealthChecks, createHealthRules } from '../../src/health/health.ts';
import type { VerdictField } from '../../src/model/health.ts';
import { verdictFields } from '../../src/model/health.ts';
import { readRuleFiles } from '../../tools/generate-health-rules.ts';
import { ruleCases, singleCases } from '../../tools/health-cases.ts';

const health = createHealthRules();

describe('health cases', () => {
  for (const [name, { expect, object }] of singleCases()) {
    it(name, () => {
      assert.deepEqual(health.assess(object), expect);
      assert.ok(name.includes(`-${expect.status.toLowerCase()}`), 'the file is named after its verdict');
    });
  }
});

describe('health rules', () => {
  const cases = ruleCases();
  const rules = readRuleFiles();

  for (const [name, list] of cases) {
    it(`${name}: ${list.length} cases`, () => {
      for (const { expect, object } of list) assert.deepEqual(health.assess(object), expect);
    });
  }

  for (const { name, rule } of rules) {
    it(`${name} has a case for each of its verdicts`, () => {
      const covered = new Set(cases.get(name)?.map(({ expect }) => expect.status));
      const fields = Object.keys(verdictFields).filter((field) => field in rule) as VerdictField[];
      assert.deepEqual(
        fields.filter((field) => !covered.has(verdictFields[field])),
        [],
      );
    });

    it(`${name} compiles`, () => {
      const { kinds, ...expressions } = rule;
      assert.ok(kinds.length > 0);
      assert.deepEqual(compileHealthChecks([{ apiVersion: 'any/v1', kind: 'Any', ...expressions }], name).errors, []);
    });
  }

  it('has no case file without a rule', () => {
    const names = new Set(rules.map(({ name }) => name));
    assert.deepEqual(
      [...cases.keys()].filter((name) => !names.has(name)),
      [],
    );
  });
});
