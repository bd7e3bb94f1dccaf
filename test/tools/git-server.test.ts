import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { startGitServer } from '../../tools/git-server.ts';

const run = promisify(execFile);
const environment = {
  ...process.env,
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
};
const git = async (args: string[], ca?: string): Promise<string> => {
  const env = ca === undefined ? environment : { ...environment, GIT_SSL_CAINFO: ca };
  return (await run('git', args, { env, timeout: 60_000 })).stdout;
};

async function scratch(): Promise<AsyncDisposable & { path: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'evenkeel-git-'));
  return { path: folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

test('git server: clone, commit, poll, fetch and push are real and counted', async () => {
  await using server = await startGitServer();
  await using folder = await scratch();
  const repository = await server.createRepository('team/app');
  const first = await repository.commit({ 'a.yaml': 'a: 1\n', 'dir/b "quoted".yaml': 'b: 2\n' }, 'first');
  await git(['clone', '--quiet', repository.url, path.join(folder.path, 'clone')]);
  assert.equal(await readFile(path.join(folder.path, 'clone', 'dir/b "quoted".yaml'), 'utf8'), 'b: 2\n');
  assert.deepEqual([server.count('refs'), server.count('ls-refs'), server.count('fetch')], [1, 1, 1]);

  server.forgetRequests();
  const second = await repository.commit({ 'dir/b "quoted".yaml': null }, 'second');
  assert.notEqual(second, first);
  assert.match(await git(['ls-remote', repository.url, 'refs/heads/main']), new RegExp(`^${second}\\t`));
  assert.deepEqual([server.count('ls-refs', 'team/app'), server.count('ls-refs', 'other')], [1, 0]);
  assert.equal(server.count('fetch'), 0);
  assert.equal(await repository.git(['ls-tree', '-r', '--name-only', 'main']), 'a.yaml\n');

  const clone = path.join(folder.path, 'clone');
  await git(['-C', clone, 'pull', '--quiet']);
  await writeFile(path.join(clone, 'pushed.yaml'), 'c: 3\n');
  await git(['-C', clone, 'add', '.']);
  await git([
    '-C',
    clone,
    '-c',
    'user.name=T',
    '-c',
    'user.email=t@example.invalid',
    'commit',
    '--quiet',
    '-m',
    'third',
  ]);
  await git(['-C', clone, 'push', '--quiet']);
  assert.equal(await repository.head(), (await git(['-C', clone, 'rev-parse', 'HEAD'])).trim());
});

test('git server: branches, tags, symbolic links and replacing everything', async () => {
  await using server = await startGitServer();
  const repository = await server.createRepository('app');
  const first = await repository.commit({ one: '1', 'sub/two': new Uint8Array([0, 255]) }, 'first');
  await repository.branch('release');
  await repository.tag('v1');
  await repository.tag('v2', 'main', 'annotated');
  await repository.commit({ link: { symlink: '../../etc/passwd' } }, 'on release', 'release');
  assert.equal(await repository.head(), first);
  assert.match(await repository.git(['ls-tree', 'release', 'link']), /^120000 blob/);
  assert.equal((await repository.git(['rev-parse', 'v2^{commit}'])).trim(), first);
  await repository.replaceAll({ three: '3' }, 'other');
  assert.equal(await repository.git(['ls-tree', '-r', '--name-only', 'main']), 'three\n');
  await repository.deleteBranch('release');
  await assert.rejects(repository.head('release'));
});

test('git server: TLS with an authority of its own, and basic authentication', async () => {
  const credentials = { username: 'robot', password: 'secret' };
  await using server = await startGitServer({ tls: true, credentials });
  await using folder = await scratch();
  const repository = await server.createRepository('app');
  const sha = await repository.commit({ a: '1' }, 'first');
  const ca = path.join(folder.path, 'ca.pem');
  await writeFile(ca, server.caPem ?? '');
  const lsRemote = (url: string) => git(['ls-remote', url, 'HEAD'], ca);
  await assert.rejects(lsRemote(repository.url));
  assert.match(await lsRemote(repository.url.replace('https://', 'https://robot:secret@')), new RegExp(sha));
});

test('git server: faults come and go, and attempts are counted meanwhile', async () => {
  await using server = await startGitServer();
  const repository = await server.createRepository('app');
  const sha = await repository.commit({ a: '1' }, 'first');
  for (const fault of [{ kind: 'down' }, { kind: 'garbage' }, { kind: 'answer', status: 503 }] as const) {
    server.forgetRequests();
    server.setFault(fault);
    await assert.rejects(git(['ls-remote', repository.url]), fault.kind);
    assert.equal(server.connections.length > 0, true, fault.kind);
    assert.equal(server.requests.length > 0, fault.kind !== 'down', fault.kind);
  }
  server.setFault({ kind: 'hang' });
  await assert.rejects(fetch(`${repository.url}/info/refs`, { signal: AbortSignal.timeout(300) }), /timeout|abort/i);
  server.setFault(undefined);
  assert.match(await git(['ls-remote', repository.url]), new RegExp(sha));
});
