import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Journal } from './journal.ts';
import { describeTrend, trendOf, type MemorySample } from './memory.ts';
import { setStage } from './stage.ts';

const minutes = setting('MINUTES', 2);
const seed = setting('SEED', Math.floor(Math.random() * 2 ** 31));
const objects = setting('OBJECTS', minutes > 5 ? 2_000 : 400);
const rounds = Math.max(2, Math.round(minutes / 3));

/**
 * How much larger the operator may be at the end than after the first round, when all code has run once, along the
 * straight line through what was measured. The fleet stays as large as it was, so what grows with what happens is a leak:
 * in half an hour some 3,000 acts happen, and a tenth is then some 2 KiB of heap for each. Fragments and what is
 * compiled late come to 1 %.
 */
const mostGrowthPercent = 10;

const title = `${minutes} minutes of commits, foreign edits, outages and leader changes: live = Git, memory flat`;

test(title, { timeout: (2 * minutes + 20) * 60_000 }, async (t) => {
  const journal = new Journal(seed, process.env['SOAK_LOUD'] === 'true');
  journal.tell(`SEED=${seed} MINUTES=${minutes} OBJECTS=${objects}`);
  t.diagnostic(`SEED=${seed}`);
  await using stack = new AsyncDisposableStack();
  const stage = await setStage(stack, { journal, seed, size: { repositories: 8, foldersEach: 5, objects } });
  const samples: MemorySample[] = [];
  try {
    await stage.settle();
    const end = performance.now() + minutes * 60_000;
    for (let round = 1; round <= rounds; round += 1) {
      await stage.disturb((end - performance.now()) / (rounds - round + 1));
      samples.push(await stage.settle());
    }
  } catch (cause) {
    const { logs, found } = await stage.evidence();
    throw new Error(`SEED=${seed}; journal, logs and objects are in ${journal.keep(logs, found)}`, { cause });
  }
  for (const part of ['residentMiB', 'usedMiB'] as const) {
    const trend = trendOf(samples, part);
    journal.tell(`${part}: ${describeTrend(trend)}`);
    t.diagnostic(`${part}: ${describeTrend(trend)}`);
    assert.ok(trend.growthPercent <= mostGrowthPercent, `${part} grows: ${describeTrend(trend)}`);
  }
});

function setting(name: string, fallback: number): number {
  const text = process.env[name] ?? '';
  return text === '' ? fallback : Number(text);
}
