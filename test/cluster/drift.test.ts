import { after, before, describe, it } from 'node:test';
import { createPolicies } from './support/drift-admission.ts';
import { defineWidgets } from './support/drift-objects.ts';
import { driftRows } from './support/drift-rows.ts';
import { setDriftStage, type DriftStage } from './support/drift-stage.ts';
import { lostRows } from './support/lost-rows.ts';

const rows = [...driftRows, ...lostRows];

describe('Drift is put right with the audit off, Git an hour away and the clock stopped, when', () => {
  let stage: DriftStage | undefined;
  before(async () => {
    stage = await setDriftStage(rows, async (plane) => {
      await defineWidgets(plane);
      await createPolicies(plane);
    });
  });
  after(() => stage?.[Symbol.asyncDispose]());

  for (const [row, acts] of Map.groupBy(rows, ({ row: name }) => name)) {
    describe(row, () => {
      for (const act of acts) it(act.act, () => stage?.play(act));
    });
  }
});
