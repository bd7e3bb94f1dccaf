import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setKillStage } from './support/kills-stage.ts';
import type { Side } from './support/kills-switch.ts';
import { twelve } from './support/kills-manifests.ts';

/** The kinds of writes that a sync of the twelve has; each has to have been fatal, before and after. */
const everyKindOfWrite = [
  /^PATCH applications\/.*\/status$/,
  /^PATCH customresourcedefinitions\//,
  /^PATCH widgets\//,
  /^PATCH configmaps\/comes/,
  /^PATCH configmaps\/changes/,
  /^DELETE configmaps\/goes/,
  /^DELETE roles\/goes/,
];

test('killed right before and right after each write of a sync of 12: live = Git = record', async (t) => {
  await using stage = await setKillStage();
  const fatal: Record<Side, string[]> = { before: [], after: [] };
  for (const side of ['before', 'after'] as const) {
    for (let write = 1; ; write++) {
      const name = `${side}-${write}`;
      const { first, second } = twelve(name);
      const begun = await stage.begin(name, first);
      const { subject, fatal: killer } = await stage.sync(begun, second, { side, write });
      await stage.end(subject);
      if (killer === undefined) break;
      fatal[side].push(killer);
      t.diagnostic(`${side} write ${write}: ${killer}`);
    }
  }
  for (const side of ['before', 'after'] as const) {
    for (const kind of everyKindOfWrite) {
      assert.ok(fatal[side].some((write) => kind.test(write)), `killed ${side} a write like ${kind.source}`);
    }
  }
  assert.notEqual(stage.checker.copies.size, 0, 'controllers have copied our labels');
});
