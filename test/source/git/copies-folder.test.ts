import assert from 'node:assert/strict';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { CopiesFolder } from '../../../src/source/git/copies-folder.ts';
import type { GitEngine } from '../../../src/source/git/engine.ts';
import { eventually } from '../../../tools/eventually.ts';
import { createTemporaryFolder } from '../../../tools/temporary-folder.ts';
import { ManualClock } from '../../fakes/clock.ts';

const [one, two, three] = ['1', '2', '3'].map((digit) => digit.repeat(32)) as [string, string, string];

const engineThat = (keepsCopies: boolean) => (): Promise<GitEngine> =>
  Promise.resolve({ keepsCopies, resolve: () => assert.fail(), store: () => assert.fail() });

async function setUp(keepsCopies: boolean) {
  const folder = await createTemporaryFolder('copies');
  for (const name of [one, two, three, `${one}-1`, 'scratch']) await mkdir(join(folder.path, name));
  const clock = new ManualClock();
  const used = new Set([two]);
  const options = { folder: folder.path, clock, engine: engineThat(keepsCopies), isUsed: (id: string) => used.has(id) };
  const copies = new CopiesFolder(options);
  const dispose = () => folder[Symbol.asyncDispose]();
  return { clock, copies, [Symbol.asyncDispose]: dispose, names: async () => (await readdir(folder.path)).toSorted() };
}

test('what an earlier process left is kept until it is clear that nobody wants it', async () => {
  await using setting = await setUp(true);
  const { clock, copies, names } = setting;
  await copies.ready();
  assert.deepEqual(await names(), [one, two, three]);
  assert.equal(copies.nameFor(one), one);
  assert.equal(copies.nameFor(one), `${one}-1`);
  await clock.advance(3_600_000);
  await eventually('what nobody claimed is gone', async () => (await names()).length === 2);
  assert.deepEqual(await names(), [one, two]);
});

test('an engine that cannot use it begins with nothing', async () => {
  await using setting = await setUp(false);
  const { copies, names } = setting;
  await copies.ready();
  assert.deepEqual(await names(), []);
  copies[Symbol.dispose]();
});
