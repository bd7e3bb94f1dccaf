import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setKillStage } from './support/kills-stage.ts';
import { twelve } from './support/kills-manifests.ts';

/** What a sync of the twelve writes; the loop ends behind the last write, so each of them has been fatal. */
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
  for (const side of ['before', 'after'] as const) {
    for (let write = 1; ; write++) {
      const name = `${side}-${write}`;
      const { first, second } = twelve(name);
      const { subject, fatal, writes } = await stage.sync(await stage.begin(name, first), second, { side, write });
      await stage.end(subject);
      if (fatal === undefined) {
        assertEveryKind(writes);
        break;
      }
      t.diagnostic(`${side} write ${write}: ${fatal}`);
    }
  }
  assert.notEqual(stage.checker.copies.size, 0, 'controllers have copied our labels');
});

function assertEveryKind(writes: readonly string[]): void {
  for (const kind of everyKindOfWrite) {
    assert.ok(
      writes.some((write) => kind.test(write)),
      `a write like ${kind.source}`,
    );
  }
}
