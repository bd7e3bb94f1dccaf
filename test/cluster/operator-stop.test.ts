import assert from 'node:assert/strict';
import path from 'node:path';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { repositoryRoot } from '../../tools/generated-file.ts';
import { startWorld } from '../../tools/world.ts';

const GRACE_MS = 60_000;

test('the operator as a process, and the examples', async (t) => {
  await using world = await startWorld();

  await t.test('SIGTERM at any moment of the start ends it by itself, with 0', async () => {
    for (const afterMs of [0, 50, 150, 400]) {
      const operator = await world.startOperator();
      await sleep(afterMs);
      const exit = await operator.child.stop(GRACE_MS);
      assert.deepEqual(
        exit,
        { code: 0, signal: null },
        `${afterMs} ms after it listened:\n${operator.child.logTail()}`,
      );
    }
  });

  await t.test('every example is valid for the API server', async () => {
    const folder = path.join(repositoryRoot, 'deploy/examples');
    const files = (await readdir(folder)).filter((name) => name.endsWith('.yaml'));
    assert.ok(files.length >= 3, `only ${files.join(', ')}`);
    for (const file of files) {
      const args = ['apply', '--dry-run=server', '--validate=strict', '--filename', path.join(folder, file)];
      const said = await world.plane.kubectl(args);
      assert.match(said, /application\.evenkeel\.dev\/\S+ created \(server dry run\)/);
    }
  });
});
