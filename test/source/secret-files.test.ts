import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { OperatorError } from '../../src/model/errors.ts';
import { isMemoryBacked, memoryFiles } from '../../src/source/secret-files.ts';
import { startTimeOf } from '../../tools/process-identity.ts';
import { createTemporaryFolder } from '../../tools/temporary-folder.ts';

const anywhere = { mayLieOnDisk: true };

test('secrets lie in files of their own for as long as they are held', async () => {
  await using temporary = await createTemporaryFolder('secret-files');
  const root = path.join(temporary.path, 'memory');
  const files = memoryFiles(root, anywhere);
  const own = path.join(root, `${process.pid}-${startTimeOf(process.pid) ?? ''}`);
  {
    await using held = await files.hold({ key: { text: 'k' }, script: { text: '#!/bin/sh\n', isScript: true } });
    await using other = await files.hold({ key: { text: 'other' } });
    assert.equal(await readFile(path.join(held.folder, 'key'), 'utf8'), 'k');
    assert.equal(await readFile(path.join(other.folder, 'key'), 'utf8'), 'other');
    const modes: [string, number][] = [
      [root, 0o700],
      [own, 0o700],
      [held.folder, 0o700],
      [path.join(held.folder, 'key'), 0o600],
      [path.join(held.folder, 'script'), 0o700],
    ];
    for (const [file, mode] of modes) assert.equal((await stat(file)).mode & 0o777, mode, file);
    assert.equal((await readdir(own)).length, 2);
  }
  assert.deepEqual(await readdir(own), []);
  await assert.rejects(files.hold({ first: { text: 'x' }, '../outside': { text: 'x' } }), /plain file name/);
  assert.deepEqual(await readdir(own), []);
});

test('what dead processes left is removed, what living ones hold is not', async () => {
  await using temporary = await createTemporaryFolder('secret-files');
  const dead = execFileSync('/bin/sh', ['-c', 'echo $$'], { encoding: 'utf8' }).trim();
  const parent = `${process.ppid}-${startTimeOf(process.ppid) ?? ''}`;
  const reused = `${process.ppid}-1`;
  for (const name of [`${dead}-123`, parent, reused, 'unrelated']) {
    await mkdir(path.join(temporary.path, name, 's-1'), { recursive: true });
    await writeFile(path.join(temporary.path, name, 's-1', 'key'), 'secret');
  }
  const held = await memoryFiles(temporary.path, anywhere).hold({ key: { text: 'k' } });
  await held[Symbol.asyncDispose]();
  const own = `${process.pid}-${startTimeOf(process.pid) ?? ''}`;
  assert.deepEqual(new Set(await readdir(temporary.path)), new Set([own, parent, 'unrelated']));
});

test('a folder that is a link is refused', async () => {
  await using temporary = await createTemporaryFolder('secret-files');
  await mkdir(path.join(temporary.path, 'real'));
  await symlink('real', path.join(temporary.path, 'link'));
  await assert.rejects(memoryFiles(path.join(temporary.path, 'link'), anywhere).hold({}), /it is a link/);
});

test('secrets are not written to a disk', async (t) => {
  assert.equal(await isMemoryBacked('/dev/shm'), true);
  const folder = await mkdtemp(path.join(tmpdir(), 'evenkeel-secret-files-'));
  t.after(() => rm(folder, { recursive: true }));
  if (await isMemoryBacked(folder)) {
    t.skip('there is no disk at hand');
    return;
  }
  await assert.rejects(memoryFiles(folder).hold({ key: { text: 'k' } }), (error) => {
    assert.ok(error instanceof OperatorError);
    assert.match(error.message, /mount memory at .*EVENKEEL_MEMORY_DIR/);
    return true;
  });
  assert.deepEqual(await readdir(folder), []);
});
