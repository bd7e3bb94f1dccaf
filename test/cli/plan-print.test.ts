import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { load } from 'js-yaml';
import type { PlanFormat } from '../../src/cli/plan-print.ts';
import { printPlan } from '../../src/cli/plan-print.ts';
import type { Planned } from '../../src/cli/planning.ts';
import { planChanges } from '../../src/diff/diff.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { refKey, refOf } from '../../src/model/object.ts';
import type { AppOverrides } from '../diff/world.ts';
import { appWith, body, desiredOf, entryFor, inputOf, live } from '../diff/world.ts';

interface Case {
  readonly name: string;
  readonly git: readonly KubeObject[];
  /** As we applied them. */
  readonly cluster: readonly KubeObject[];
  /** Ours by the record are all of the cluster, but for these names. */
  readonly foreign?: readonly string[];
  /** What a dry-run was answered. */
  readonly answers?: readonly KubeObject[];
  readonly app?: AppOverrides;
  readonly expected: Readonly<Partial<Record<PlanFormat, string>>>;
}

const cases = load(readFileSync(new URL('cases/plans.yaml', import.meta.url), 'utf8')) as readonly Case[];

function planned({ git, cluster, foreign = [], answers = [], app: overrides = {} }: Case): Planned {
  const desired = desiredOf(...git);
  const found = new Map(cluster.map((object) => [refKey(refOf(object)), body(live(object))] as const));
  for (const { ref } of desired.objects) if (!found.has(refKey(ref))) found.set(refKey(ref), { state: 'absent' });
  const ours = cluster.filter(({ metadata }) => !foreign.includes(metadata.name));
  const app = appWith(
    ours.map((object) => entryFor(object)),
    overrides,
  );
  const plan = planChanges({ ...inputOf({ app, desired }), live: found });
  return { app, plan, answers: new Map(answers.map((object) => [refKey(refOf(object)), live(object)])) };
}

for (const one of cases) {
  describe(one.name, () => {
    for (const [format, expected] of Object.entries(one.expected)) {
      test(`as ${format}`, () => assert.equal(printPlan(planned(one), format as PlanFormat), expected));
    }
  });
}
