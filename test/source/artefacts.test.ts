import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { shortHash } from '../../src/model/hash.ts';
import { canonicalJson } from '../../src/model/json.ts';
import { refOf, type KubeObject } from '../../src/model/object.ts';
import { ArtefactStore } from '../../src/source/artefacts.ts';
import type { PreparedObject } from '../../src/source/prepare.ts';
import { createTemporaryFolder } from '../../tools/temporary-folder.ts';
import { ManualClock } from '../fakes/clock.ts';

function prepared(name: string, data = 'ä'): PreparedObject {
  const body: KubeObject = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'n' },
    data: { data },
    big: 9223372036854775807n,
  };
  const json = canonicalJson(body);
  const origin = { file: 'a.yaml', document: 1, line: 2 };
  return { ref: refOf(body), apiVersion: 'v1', hash: shortHash(json), origin, json };
}

test('what is written is read, by another process too', async () => {
  await using folder = await createTemporaryFolder('artefacts');
  const clock = new ManualClock();
  const written = await new ArtefactStore(folder.path, 1e9, clock).write([prepared('a'), prepared('b')]);
  const read = await new ArtefactStore(folder.path, 1e9, clock).open(written.digest);
  assert.equal(read?.objects.length, 2);
  const [first] = read.objects;
  assert.deepEqual(first?.origin, { file: 'a.yaml', document: 1, line: 2 });
  assert.deepEqual(first.body(), {
    apiVersion: 'v1',
    big: 9223372036854775807n,
    data: { data: 'ä' },
    kind: 'ConfigMap',
    metadata: { name: 'a', namespace: 'n' },
  });
});

test('the turn of an object is known without its body', async () => {
  await using folder = await createTemporaryFolder('artefacts');
  const clock = new ManualClock();
  const dependsOn = [prepared('b').ref];
  const late = { ...prepared('a'), wave: 2, dependsOn };
  const { digest } = await new ArtefactStore(folder.path, 1e9, clock).write([late, prepared('b')]);
  const objects = (await new ArtefactStore(folder.path, 1e9, clock).open(digest))?.objects ?? [];
  assert.deepEqual(
    objects.map((object) => [object.wave, object.dependsOn]),
    [
      [2, dependsOn],
      [undefined, undefined],
    ],
  );
});

test('the digest depends on refs and hashes, not on their order', async () => {
  await using folder = await createTemporaryFolder('artefacts');
  const store = new ArtefactStore(folder.path, 1e9, new ManualClock());
  const one = await store.write([prepared('a'), prepared('b')]);
  const two = await store.write([prepared('b'), prepared('a')]);
  const other = await store.write([prepared('a'), prepared('b', 'x')]);
  assert.equal(one.digest, two.digest);
  assert.notEqual(one.digest, other.digest);
  assert.equal((await store.write([])).objects.length, 0);
});

test('every damaged byte makes it none', async () => {
  await using folder = await createTemporaryFolder('artefacts');
  const clock = new ManualClock();
  const { digest } = await new ArtefactStore(folder.path, 1e9, clock).write([prepared('a')]);
  const file = join(folder.path, `${digest}.artefact`);
  const good = await readFile(file);
  for (let at = 0; at < good.length; at += 7) {
    const bad = Buffer.from(good);
    bad[at] = (bad[at] ?? 0) ^ 1;
    await writeFile(file, bad);
    assert.equal(await new ArtefactStore(folder.path, 1e9, clock).open(digest), undefined, `byte ${at}`);
  }
  for (const length of [0, 10, 90, good.length - 1]) {
    await writeFile(file, good.subarray(0, length));
    assert.equal(await new ArtefactStore(folder.path, 1e9, clock).open(digest), undefined, `${length} bytes`);
  }
  await writeFile(file, good);
  assert.notEqual(await new ArtefactStore(folder.path, 1e9, clock).open(digest), undefined);
});

test('what is unknown, or no digest, is not there', async () => {
  await using folder = await createTemporaryFolder('artefacts');
  const store = new ArtefactStore(join(folder.path, 'absent'), 1e9, new ManualClock());
  assert.equal(await store.open('0'.repeat(64)), undefined);
  assert.equal(await store.open('../../etc/passwd'), undefined);
});

test('the least recently used go first, what is kept never', async () => {
  await using folder = await createTemporaryFolder('artefacts');
  const clock = new ManualClock();
  const names = ['a', 'b', 'c', 'd', 'e'];
  const probe = await new ArtefactStore(folder.path, 1e9, clock).write([prepared('probe')]);
  const { length } = await readFile(join(folder.path, `${probe.digest}.artefact`));
  const store = new ArtefactStore(folder.path, length * 3, clock);
  const digests: string[] = [];
  for (const name of names) {
    const { digest } = await store.write([prepared(name)]);
    digests.push(digest);
    if (name === 'a') store.keep('somebody', [digest]);
    if (name === 'c') await store.open(digests[1] ?? '');
    await clock.advance(1_000);
  }
  const left = (await readdir(folder.path)).map((file) => names[digests.indexOf(file.split('.')[0] ?? '')]);
  assert.deepEqual(left.sort(), ['a', 'd', 'e']);
  store.keep('somebody', []);
  await store.write([prepared('f')]);
  assert.equal(await store.open(digests[0] ?? ''), undefined);
});
