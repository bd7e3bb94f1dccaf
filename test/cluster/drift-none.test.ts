import { after, before, describe, it } from 'node:test';
import { createPolicies } from './support/drift-admission.ts';
import { defineWidgets } from './support/drift-objects.ts';
import { setDriftStage, type DriftStage } from './support/drift-stage.ts';
import { quietRows } from './support/quiet-rows.ts';

describe('Drift it is not, and nothing moves by our hand, with the clock stopped, when', () => {
  let stage: DriftStage | undefined;
  before(async () => {
    stage = await setDriftStage(quietRows, async (plane) => {
      await defineWidgets(plane);
      await createPolicies(plane);
    });
  });
  after(() => stage?.[Symbol.asyncDispose]());

  for (const [row, acts] of Map.groupBy(quietRows, ({ row: name }) => name)) {
    describe(row, () => {
      for (const act of acts) it(act.act, () => stage?.play(act));
    });
  }
});
