import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { OperatorError } from '../../src/model/errors.ts';
import { defaultLimits } from '../../src/source/limits.ts';
import { noSpace } from '../../src/source/no-space.ts';
import { diskWorkspaces, type PlacedFile } from '../../src/source/workspace.ts';
import { createTemporaryFolder } from '../../tools/temporary-folder.ts';

const never = new AbortController().signal;

function file(name: string, text = name): PlacedFile {
  return { path: name, bytes: () => Promise.resolve(Buffer.from(text)) };
}

function expect(reason: string, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof OperatorError, String(error));
    assert.equal(error.reason, reason);
    assert.match(error.message, message);
    return true;
  };
}

test('files are written below a private folder, which goes with what is in it', async () => {
  await using temporary = await createTemporaryFolder('workspace');
  const root = path.join(temporary.path, 'workspaces');
  await mkdir(path.join(root, 'left-by-another', 'deep'), { recursive: true });
  const workspaces = diskWorkspaces(root, defaultLimits);
  {
    await using workspace = await workspaces.create();
    await using other = await workspaces.create();
    assert.notEqual(workspace.folder, other.folder);
    assert.deepEqual((await readdir(root)).length, 2);
    const names = ['a.yaml', 'deep/er/b.yaml', 'deep/er/c d é.yaml', '.gitignore', '.github/x', '...', 'back\\slash'];
    await workspace.place(
      names.map((name) => file(name)),
      never,
    );
    for (const name of names) assert.equal(await readFile(path.join(workspace.folder, name), 'utf8'), name);
    assert.equal((await stat(workspace.folder)).mode & 0o777, 0o700);
    assert.equal((await stat(path.join(workspace.folder, 'deep'))).mode & 0o777, 0o700);
    assert.equal((await stat(path.join(workspace.folder, 'a.yaml'))).mode & 0o777, 0o600);
  }
  assert.deepEqual(await readdir(root), []);
  await rm(root, { recursive: true });
  await using last = await workspaces.create();
  assert.deepEqual(
    await readdir(root),
    [path.basename(last.folder)],
    'also where somebody has emptied the data folder',
  );
});

const refused: Record<string, RegExp> = {
  '': /name is empty/,
  '/etc/passwd': /absolute/,
  '../up': /leaves its folder/,
  'a/../../up': /leaves its folder/,
  'a/..': /leaves its folder/,
  './a': /empty component/,
  'a//b': /empty component/,
  'a/': /empty component/,
  '.git/hooks/post-checkout': /\.git/,
  'sub/.GIT/config': /\.git/,
  'sub/.gIt': /\.git/,
  'line\nbreak.yaml': /^file "line\\nbreak\.yaml": a name with control characters is refused$/,
  'nul\u0000.yaml': /"nul\\u0000\.yaml"/,
  'escape\u001b[2J': /control/,
  'c1\u009b': /"c1\\u009b"/,
  'separator\u2028': /"separator\\u2028"/,
  'latin\ufffd.yaml': /UTF-8/,
  'half\ud800': /UTF-8/,
  ['n'.repeat(256)]: /longer than 255 bytes/,
  ['é'.repeat(128)]: /longer than 255 bytes/,
  [`${'a/'.repeat(2000)}x`]: /path is longer/,
};

for (const [name, message] of Object.entries(refused)) {
  test(`the name ${JSON.stringify(name).slice(0, 40)} is refused before anything is written`, async () => {
    await using temporary = await createTemporaryFolder('workspace');
    await using workspace = await diskWorkspaces(path.join(temporary.path, 'w'), defaultLimits).create();
    await assert.rejects(workspace.place([file('good.yaml'), file(name)], never), expect('InvalidObject', message));
    assert.deepEqual(await readdir(workspace.folder), []);
  });
}

test('nothing is written over what is there, nor through a link', async () => {
  await using temporary = await createTemporaryFolder('workspace');
  await using workspace = await diskWorkspaces(path.join(temporary.path, 'w'), defaultLimits).create();
  const outside = path.join(temporary.path, 'outside');
  await writeFile(outside, 'untouched');
  await symlink(outside, path.join(workspace.folder, 'link'));
  await assert.rejects(workspace.place([file('link')], never), expect('InvalidObject', /"link" is there twice/));
  assert.equal(await readFile(outside, 'utf8'), 'untouched');
  await assert.rejects(
    workspace.place([file('same', 'one'), file('same', 'two')], never),
    expect('InvalidObject', /"same" is there twice/),
  );
  await workspace.place([file('file')], never);
  await assert.rejects(workspace.place([file('file/below')], never), expect('InvalidObject', /"file\/below"/));
});

test('limits count all files of one workspace together', async () => {
  await using temporary = await createTemporaryFolder('workspace');
  const limits = { ...defaultLimits, renderFiles: 3, renderInputBytes: 10 };
  await using workspace = await diskWorkspaces(path.join(temporary.path, 'w'), limits).create();
  await workspace.place([file('a', '1234'), file('b', '5678')], never);
  await assert.rejects(workspace.place([file('c', '9abc')], never), expect('LimitExceeded', /renderInputBytes of 10$/));
  await assert.rejects(workspace.place([file('d', '')], never), expect('LimitExceeded', /renderFiles of 3$/));
});

test('writing stops when it is aborted, and few files are in memory at a time', async () => {
  await using temporary = await createTemporaryFolder('workspace');
  await using workspace = await diskWorkspaces(path.join(temporary.path, 'w'), defaultLimits).create();
  const abort = new AbortController();
  let asked = 0;
  const files = Array.from({ length: 100 }, (_, index) => ({
    path: `f${index}`,
    bytes: () => {
      asked += 1;
      abort.abort(new Error('no longer wanted'));
      return Promise.resolve(new Uint8Array());
    },
  }));
  await assert.rejects(workspace.place(files, abort.signal), /no longer wanted/);
  assert.ok(asked <= 8, `${asked} were asked for`);
});

test('a full disk is said', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  expect(
    'LimitExceeded',
    /^no space is left in the data folder: make its volume larger/,
  )(noSpace(full, 'the data folder'));
  const other = new Error('other');
  assert.equal(noSpace(other, 'the data folder'), other);
});
