import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSmallDisk } from '../../tools/small-disk.ts';
import { createTemporaryFolder } from '../../tools/temporary-folder.ts';
import { configMap } from '../source/stage.ts';
import { everywhere, nativeOnly, type GitCase, type GitWorld } from './git-world.ts';
import { refused } from '../refused.ts';

const named = (name: string) => ({ 'a.yaml': configMap(name) });
const mebibyte = 1024 * 1024;
const quick = { connectMs: 2_000, stallMs: 1_000, pollMs: 8_000, fetchMs: 8_000 };

/** What is transferred, kept and repaired. */
export const fetchingCases: readonly GitCase[] = [
  {
    name: 'clone and incremental fetch',
    about: 'a one-line commit on a repository of 100 MB: at most 5 KB by git, the whole snapshot again without',
    outcomes: everywhere(),
    async run(world) {
      const repository = await world.repository();
      const megabytes = world.isNative ? 100 : 2;
      const blobs = Array.from({ length: megabytes }, (_, i) => [`blobs/${i}`, randomBytes(mebibyte)] as const);
      await repository.commit({ ...Object.fromEntries(blobs), ...named('first') }, 'first');
      const whole = await world.bytesOf(async () => assert.deepEqual(await world.load(repository), ['first']));
      assert.ok(whole > megabytes * mebibyte);
      await repository.commit(named('second'), 'second');
      await world.load(repository, { targetRevision: await repository.head(), refresh: false });
      await repository.commit(named('third'), 'third');
      const commit = await repository.head();
      const ask = { targetRevision: commit, refresh: false } as const;
      const bytes = await world.bytesOf(async () => assert.deepEqual(await world.load(repository, ask), ['third']));
      const handshake = world.parts.variant === 'native-ssh' ? 4_000 : 0;
      if (world.isNative) assert.ok(bytes <= 5_000 + handshake, `${bytes} bytes`);
      else assert.ok(bytes > megabytes * mebibyte, `${bytes} bytes`);
    },
  },
  {
    name: 'large file',
    about: 'one that is not read does no harm (git does not even transfer it); reading it names it',
    outcomes: everywhere({ reason: 'LimitExceeded', says: /b\/large\.yaml exceeds the limit manifestBytes/ }),
    async run(world) {
      const repository = await world.repository();
      const large = { 'b/large.yaml': randomBytes(4 * mebibyte) };
      await repository.commit({ 'a/a.yaml': configMap('a'), ...large }, 'first');
      const stage = await world.newStage({ limits: { manifestBytes: 100_000 } });
      const bytes = await world.bytesOf(() => world.load(repository, { path: 'a', stage }));
      assert.ok(world.isNative ? bytes < mebibyte : bytes > mebibyte, `${bytes} bytes`);
      await world.load(repository, { path: 'b', stage });
    },
  },
  {
    name: 'restart',
    about: 'git goes on with what it has; without, the snapshot is fetched anew',
    outcomes: everywhere(),
    async run(world) {
      const repository = await world.repository();
      await repository.commit({ noise: randomBytes(mebibyte), ...named('first') }, 'first');
      const { path: folder } = world.use(await createTemporaryFolder('restart'));
      const before = await world.newStage({ folder });
      await world.load(repository, { stage: before });
      await before[Symbol.asyncDispose]();
      await repository.commit(named('second'), 'second');
      const stage = await world.newStage({ folder });
      const bytes = await world.bytesOf(async () =>
        assert.deepEqual(await world.load(repository, { stage }), ['second']),
      );
      assert.ok(world.isNative ? bytes < 20_000 : bytes > mebibyte, `${bytes} bytes`);
    },
  },
  {
    name: 'corrupted local repository',
    about: 'fetched again by itself',
    outcomes: everywhere(),
    async run(world) {
      const repository = await world.repository();
      await repository.commit({ noise: randomBytes(100_000), ...named('first'), 'b/b.yaml': configMap('b') }, 'first');
      const { path: folder } = world.use(await createTemporaryFolder('corrupt'));
      for (const damage of ['*.pack', '*.idx', 'shallow', 'HEAD']) {
        const before = await world.newStage({ folder });
        await world.load(repository, { stage: before, path: 'b' });
        if (!world.isNative) await damageFiles(folder, damage);
        await before[Symbol.asyncDispose]();
        if (world.isNative) await damageFiles(folder, damage);
        const stage = await world.newStage({ folder });
        assert.deepEqual(await world.load(repository, { stage }), ['b', 'first'], damage);
        await repository.commit({ noise: randomBytes(100) }, damage);
        assert.deepEqual(await world.load(repository, { stage }), ['b', 'first'], damage);
        await stage[Symbol.asyncDispose]();
      }
    },
  },
  {
    name: 'local repository deleted',
    about: 'by somebody, while the operator runs: fetched again by itself',
    outcomes: everywhere(),
    async run(world) {
      const repository = await world.repository();
      await repository.commit(named('first'), 'first');
      const { path: folder } = world.use(await createTemporaryFolder('emptied'));
      const stage = await world.newStage({ folder });
      assert.deepEqual(await world.load(repository, { stage }), ['first']);
      for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
      await repository.commit(named('second'), 'second');
      assert.deepEqual(await world.load(repository, { stage }), ['second']);
      await stage[Symbol.asyncDispose]();
    },
  },
  {
    name: 'disk full',
    about: 'a clear error, nothing half-written; works again once there is room',
    outcomes: everywhere(),
    async run(world) {
      const disk = await createSmallDisk(3);
      if (disk === undefined) {
        world.skipped = 'nobody may mount a small disk';
        return;
      }
      world.use(disk);
      const repository = await world.repository();
      await repository.commit({ noise: randomBytes(6 * mebibyte), ...named('a') }, 'first');
      const stage = await world.newStage({ folder: disk.folder });
      const error = await refused(
        world.load(repository, { stage }),
        'LimitExceeded',
        /no space is left in the data folder/,
      );
      assert.equal(error.retry, 'backoff');
      await disk.resize(64);
      assert.deepEqual(await world.load(repository, { stage }), ['a']);
      await stage[Symbol.asyncDispose]();
    },
  },
  {
    name: 'cut transfer',
    about: 'tried again later, nothing of it is left',
    outcomes: everywhere(),
    async run(world) {
      const repository = await world.repository();
      await repository.commit(named('first'), 'first');
      await world.load(repository);
      await repository.commit({ ...named('second'), noise: randomBytes(3 * mebibyte) }, 'second');
      world.setFault({ kind: 'cut', afterBytes: mebibyte });
      await refused(world.load(repository), 'GitUnavailable', /./);
      world.setFault(undefined);
      assert.deepEqual(await world.load(repository), ['second']);
      assert.deepEqual(await halves((await world.stage()).folder), []);
    },
  },
  {
    name: 'server that stalls',
    about: 'given up in bounded time',
    outcomes: everywhere(),
    async run(world) {
      const repository = await world.repository();
      await repository.commit(named('first'), 'first');
      const stage = await world.newStage({ limits: quick });
      await world.load(repository, { stage });
      const commit = await repository.commit(named('second'), 'second');
      world.setFault({ kind: 'stall' });
      await refused(world.load(repository, { stage }), 'GitUnavailable', /./);
      await refused(world.load(repository, { stage, targetRevision: commit }), 'GitUnavailable', /./);
      world.setFault(undefined);
      assert.deepEqual(await world.load(repository, { stage }), ['second']);
    },
  },
  {
    name: 'submodule',
    about: 'at the root or below, with a relative address, one in another',
    outcomes: everywhere(),
    async run(world) {
      const inner = await world.repository();
      const innerCommit = await inner.commit({ 'i.yaml': configMap('inner') }, 'first');
      const outer = await world.repository();
      const nameOf = (url: string): string => url.split('/').at(-1) ?? '';
      await addSubmodule(outer, { 'o.yaml': configMap('outer') }, ['inner', `../${nameOf(inner.url)}`, innerCommit]);
      const app = await world.repository();
      await addSubmodule(app, named('app'), ['vendor/outer', world.parts.addressOf(outer), await outer.head()]);
      assert.deepEqual((await world.load(app)).toSorted(), ['app', 'inner', 'outer']);
      assert.deepEqual(await world.load(app, { path: 'vendor/outer/inner' }), ['inner']);
    },
  },
  {
    name: 'Git LFS',
    about: 'resolved where git-lfs is there; over SSH it takes a server that speaks `git-lfs-authenticate`',
    outcomes: {
      'embedded-http': { reason: 'UnsupportedByEngine', says: /big\.yaml: is stored in Git LFS/ },
      'native-http': 'works',
    },
    async run(world) {
      const { server, largeFilesPath } = world.parts;
      if (world.isNative && largeFilesPath === undefined) {
        world.skipped = 'there is no git-lfs';
        return;
      }
      const repository = await world.repository();
      server.credentials = { username: 'ann', password: 'p' };
      world.defer(() => (server.credentials = undefined));
      await repository.commit({ 'big.yaml': server.largeFiles.add(configMap('large')) }, 'first');
      const stage = await world.newStage(largeFilesPath === undefined ? {} : { path: largeFilesPath });
      stage.knownSecrets.change('argo', 'git', { username: 'ann', password: 'p' });
      assert.deepEqual(await world.load(repository, { stage }), ['large']);
      assert.equal(server.largeFiles.downloads.length, 1);
    },
  },
  {
    name: 'Git LFS without git-lfs',
    about: 'names the file',
    outcomes: nativeOnly(/big\.yaml: is stored in Git LFS/, {
      reason: 'UnsupportedByEngine',
      says: /big\.yaml: is stored in Git LFS/,
    }),
    async run(world) {
      const repository = await world.repository();
      await repository.commit({ 'big.yaml': world.parts.server.largeFiles.add('x') }, 'first');
      await world.load(repository);
    },
  },
];

async function damageFiles(folder: string, which: string): Promise<void> {
  const all = await readdir(join(folder, 'git'), { recursive: true, withFileTypes: true });
  const isMeant = (name: string): boolean => (which.startsWith('*') ? name.endsWith(which.slice(1)) : name === which);
  for (const file of all.filter((entry) => entry.isFile() && isMeant(entry.name))) {
    await writeFile(join(file.parentPath, file.name), 'noise');
  }
}

async function halves(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, 'git'), { recursive: true });
  return names.filter((name) => /partial|tmp_|\.lock$/.test(name));
}

type Submodule = readonly [path: string, url: string, commit: string];

/** A commit with a gitlink, which fast-import and the index know and files do not. */
async function addSubmodule(
  repository: Awaited<ReturnType<GitWorld['repository']>>,
  files: Record<string, string>,
  [path, url, commit]: Submodule,
): Promise<void> {
  const modules = `[submodule "x"]\n\tpath = ${path}\n\turl = ${url}\n`;
  await repository.commit({ ...files, '.gitmodules': modules }, 'files');
  const link = `from refs/heads/main^0\nM 160000 ${commit} ${path}\n\n`;
  const head = 'commit refs/heads/main\ncommitter Test <test@example.invalid> 1700000000 +0000\ndata 4\nlink\n';
  await repository.git(['fast-import', '--quiet', '--force'], head + link);
}
