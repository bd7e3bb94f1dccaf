import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hundred } from './support/kills-manifests.ts';
import { pointsFrom } from './support/kills-points.ts';
import { setKillStage } from './support/kills-stage.ts';

const kills = 20;
/** As long as a namespace may be called: that makes the record long. */
const name = 'hundred-'.padEnd(63, 'x');

test('killed at 20 seeded writes of a sync of 100: live = Git = record', async (t) => {
  const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 32));
  t.diagnostic(`SEED=${seed}`);
  await using stage = await setKillStage();
  await stage.world.createNamespace(name);
  const { first, second } = hundred(name);
  let subject = await stage.begin(name, first);

  // Undisturbed, to and fro: how many writes there are to be killed at.
  const counts: number[] = [];
  for (const manifests of [second, first]) {
    const done = await stage.sync(subject, manifests, { side: 'before', write: Number.POSITIVE_INFINITY });
    counts.push(done.writes.length);
    subject = done.subject;
  }
  t.diagnostic(`writes to and fro: ${counts.join(', ')}`);
  assert.ok(
    counts.every((count) => count >= 100),
    'a sync of 100',
  );

  let killed = 0;
  for (const point of pointsFrom(seed, counts, kills)) {
    const manifests = subject.manifests === first ? second : first;
    const done = await stage.sync(subject, manifests, point);
    subject = done.subject;
    t.diagnostic(`${point.side} write ${point.write}: ${done.fatal?.replace(/x{9,}/g, '…') ?? 'not reached'}`);
    if (done.fatal !== undefined) killed += 1;
  }
  assert.equal(killed, kills, 'every point was reached');
});
