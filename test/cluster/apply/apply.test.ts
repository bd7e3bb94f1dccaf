import { after, before, describe } from 'node:test';
import { acceptedRows } from './accepted-rows.ts';
import { driftRows } from './drift-rows.ts';
import { lostRows } from './lost-rows.ts';
import { notDriftRows } from './not-drift-rows.ts';
import { planRows } from './plan-rows.ts';
import type { Scene } from './scene.ts';
import { startScene } from './scene.ts';
import { threeWayRows } from './three-way-rows.ts';
import { writeRows } from './write-rows.ts';

/** One control plane for all of it: every case has a namespace and an Application of its own. */
describe('apply/ on a real API server', () => {
  let started: Scene | undefined;
  const scene = (): Scene => {
    if (started === undefined) throw new Error('the control plane did not start');
    return started;
  };
  before(async () => {
    started = await startScene();
  });
  after(() => started?.[Symbol.asyncDispose]());

  driftRows(scene);
  notDriftRows(scene);
  lostRows(scene);
  writeRows(scene);
  acceptedRows(scene);
  threeWayRows(scene);
  planRows(scene);
});
