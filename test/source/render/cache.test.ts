import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { sha256Hex } from '../../../src/model/hash.ts';
import { BoundedFolder } from '../../../src/source/bounded-folder.ts';
import { RenderCache, type Rendered } from '../../../src/source/render/cache.ts';
import { createTemporaryFolder } from '../../../tools/temporary-folder.ts';
import { ManualClock } from '../../fakes/clock.ts';

const key = sha256Hex('key');
const widget = { group: 'x.io', kind: 'Widget' };
const rendered: Rendered = {
  digest: sha256Hex('digest'),
  skippedDocuments: 1,
  sourceTypes: ['Helm'],
  repeated: [],
  scopesUsed: [{ kind: widget }],
};

function cacheIn(folder: string, scope?: 'Namespaced' | 'Cluster', maxBytes = 1e6): RenderCache {
  const files = new BoundedFolder({ folder, extension: '.json', maxBytes, clock: new ManualClock() });
  return new RenderCache(files, { scopeOf: () => scope });
}

test('another process finds what this one wrote', async () => {
  await using folder = await createTemporaryFolder('renders');
  await cacheIn(folder.path).write(key, rendered);
  assert.deepEqual(await cacheIn(folder.path).find(key), rendered);
  assert.equal(await cacheIn(folder.path).find(sha256Hex('other')), undefined);
});

test('a kind that became known, or moved, makes an answer void until it is as it was', async () => {
  await using folder = await createTemporaryFolder('renders');
  const cache = cacheIn(folder.path);
  await cache.write(key, rendered);
  assert.equal(await cacheIn(folder.path, 'Cluster').find(key), 'scopes');
  assert.deepEqual(await cache.find(key), rendered);
});

test('what is damaged counts as absent', async () => {
  await using folder = await createTemporaryFolder('renders');
  await cacheIn(folder.path).write(key, rendered);
  const [name = ''] = await readdir(folder.path);
  const file = join(folder.path, name);
  const whole = await readFile(file);
  for (const damaged of [whole.subarray(0, -1), Buffer.concat([whole, Buffer.from(' ')]), Buffer.alloc(0)]) {
    await writeFile(file, damaged);
    assert.equal(await cacheIn(folder.path).find(key), undefined);
  }
});

test('the least recently used go first, and nothing else stays in the folder', async () => {
  await using folder = await createTemporaryFolder('renders');
  const [a, b, c] = [sha256Hex('a'), sha256Hex('b'), sha256Hex('c')];
  const clock = new ManualClock();
  const files = new BoundedFolder({ folder: folder.path, extension: '.json', maxBytes: 25, clock });
  await writeFile(join(folder.path, 'x.partial'), 'left over');
  for (const name of [a, b]) {
    await clock.advance(1_000);
    await files.write(name, Buffer.from('0123456789'));
  }
  await clock.advance(61_000);
  assert.equal((await files.read(a))?.length, 10);
  await clock.advance(1_000);
  assert.deepEqual(await files.write(c, Buffer.from('0123456789')), [b]);
  assert.deepEqual((await readdir(folder.path)).sort(), [`${a}.json`, `${c}.json`].sort());
  const next = new BoundedFolder({ folder: folder.path, extension: '.json', maxBytes: 25, clock });
  assert.deepEqual(await next.write(b, Buffer.from('0123456789')), [a]);
  assert.equal(await next.read('../x'), undefined);
});
