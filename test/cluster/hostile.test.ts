import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { listen } from '../../tools/listener.ts';
import type { GitRepository } from '../../tools/git-server.ts';
import type { World } from '../../tools/world.ts';
import { conditionOf, startWorld } from '../../tools/world.ts';
import { ProcessWatch } from './support/process-watch.ts';

const execute = promisify(execFile);
const mebibyte = 1024 * 1024;
/** The whole operator with all that it starts: its own 256 MiB, and two renders at a time. */
const mostMemory = 1_500 * mebibyte;
const namespace = 'hostile';

interface Hostile {
  readonly name: string;
  readonly make: (repository: GitRepository) => Promise<unknown>;
  readonly source?: Record<string, unknown>;
  readonly reason: string;
  readonly says: RegExp;
}

const configMap = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;
const chart = { 'Chart.yaml': 'apiVersion: v2\nname: bad\nversion: 1.0.0\n' };

const cases: readonly Hostile[] = [
  {
    name: 'zip-bomb',
    make: (repository) => blobs(repository, 120, 15 * mebibyte),
    reason: 'LimitExceeded',
    says: /manifestsBytes/,
  },
  {
    name: 'blob-of-1-gb',
    make: (repository) => blobs(repository, 1, 1024 * mebibyte),
    reason: 'LimitExceeded',
    says: /0\.yaml.*manifestBytes|blobBytes/,
  },
  {
    name: 'million-files',
    make: (repository) =>
      entries(
        repository,
        Array.from({ length: 1_000_000 }, (_, i) => `100644 blob BLOB\t${i}.yaml`),
      ),
    reason: 'LimitExceeded',
    says: /folderBytes|8388608/,
  },
  {
    name: 'hundred-thousand-files',
    make: (repository) =>
      entries(
        repository,
        Array.from({ length: 100_000 }, (_, i) => `100644 blob BLOB\t${i}.yaml`),
      ),
    reason: 'LimitExceeded',
    says: /renderFiles/,
  },
  {
    name: 'link-to-passwd',
    make: (repository) => repository.commit({ 'a.yaml': { symlink: '/etc/passwd' } }, 'link'),
    reason: 'InvalidObject',
    says: /a\.yaml: is a link that leaves/,
  },
  {
    name: 'link-out-of-the-tree',
    make: (repository) =>
      repository.commit({ 'kustomization.yaml': 'resources: [a.yaml]', 'a.yaml': { symlink: '../../x.yaml' } }, 'link'),
    reason: 'InvalidObject',
    says: /a\.yaml: is a link that leaves/,
  },
  {
    name: 'git-folder',
    make: (repository) => rawTree(repository, [['40000', Buffer.from('.git')]]),
    reason: 'InvalidObject',
    says: /\.git/,
  },
  {
    name: 'name-that-is-no-text',
    make: (repository) => rawTree(repository, [['100644', Buffer.from([0xff, 0xfe, 0x2e, 0x79, 0x61, 0x6d, 0x6c])]]),
    source: { kustomize: { namePrefix: 'x-' } },
    reason: 'PathNotFound',
    says: /kustomization/,
  },
  {
    name: 'kustomize-recursion',
    make: (repository) =>
      repository.commit(
        { 'kustomization.yaml': 'resources: [a]', 'a/kustomization.yaml': 'resources: [..]' },
        'circle',
      ),
    reason: 'RenderFailed',
    says: /circle/,
  },
  {
    name: 'endless-template',
    make: (repository) =>
      repository.commit(
        { ...chart, 'templates/a.yaml': '{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}' },
        'for ever',
      ),
    reason: 'LimitExceeded',
    says: /renderMs/,
  },
  {
    name: 'template-of-1-gb',
    make: (repository) =>
      repository.commit(
        { ...chart, 'templates/a.yaml': '{{ range until 1000000 }}# {{ repeat 1100 "x" }}\n{{ end }}' },
        'for ever',
      ),
    reason: 'LimitExceeded',
    says: /renderBytes|renderMemoryBytes/,
  },
  {
    name: 'values-from-elsewhere',
    make: (repository) => repository.commit({ ...chart, 'templates/a.yaml': '' }, 'chart'),
    source: { helm: { valueFiles: ['../../etc/passwd'] } },
    reason: 'InvalidSpec',
    says: /etc\/passwd/,
  },
];

describe('hostile repositories beside one that is not', { timeout: 900_000 }, () => {
  let world: World;
  let watch: ProcessWatch;
  let good: GitRepository;

  before(async () => {
    world = await startWorld();
    await world.createNamespace(namespace);
    good = await world.git.createRepository('good');
    await good.commit({ 'a.yaml': configMap('good') }, 'good');
    await world.startOperator({ EVENKEEL_GIT_TIMEOUT: '20s', EVENKEEL_WORKERS: '4' });
    watch = new ProcessWatch(world.operator.child.pid);
    await declare(world, 'good', { repoURL: good.url, path: '.' });
    await world.untilSynced('good');
  });
  after(async () => {
    watch[Symbol.dispose]();
    await world[Symbol.asyncDispose]();
  });

  for (const { name, make, source = {}, reason, says } of cases) {
    it(name, async (test) => {
      const repository = await world.git.createRepository(name);
      await make(repository);
      watch.forget();
      const start = performance.now();
      await declare(world, name, { repoURL: repository.url, path: '.', ...source });
      const refused = await world.until(name, 'refused', (status) => conditionOf(status, 'Ready')?.status === 'False', {
        within: 240_000,
      });
      const seconds = (performance.now() - start) / 1000;
      const ready = conditionOf(refused.status ?? {}, 'Ready');
      assert.ok(ready !== undefined);
      assert.equal(ready.reason, reason, ready.message);
      assert.match(ready.message, says);
      const peak = watch.peakBytes;
      test.diagnostic(`${name}: refused after ${seconds.toFixed(1)} s, ${Math.round(peak / mebibyte)} MiB at most`);
      assert.ok(peak < mostMemory, `${peak} bytes`);
      await world.plane.kubectl(['delete', 'application', name, '-n', 'evenkeel']);
    });
  }

  it('a server that answers slowly for ever', async () => {
    await using drips = await listen((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-git-upload-pack-advertisement' });
      const timer = setInterval(() => response.write('0'), 500);
      response.on('close', () => clearInterval(timer));
    });
    await declare(world, 'slow', { repoURL: `${drips.url}/slow.git`, path: '.' });
    await world.until('slow', 'given up', (status) => conditionOf(status, 'Ready')?.reason === 'GitUnavailable', {
      within: 240_000,
    });
  });

  it('the others go on all the time', async () => {
    const revision = await good.commit({ 'a.yaml': `${configMap('good')}data: {a: b}\n` }, 'another');
    await world.untilSynced('good', revision);
    assert.ok(world.operator.child.running);
    assert.equal(await world.operator.metric('evenkeel_bugs_total'), 0);
  });
});

async function declare(world: World, name: string, source: Record<string, unknown>): Promise<void> {
  await world.application(name, { source, destination: { namespace } });
}

/** Comments of one character, which pack to next to nothing. */
async function blobs(repository: GitRepository, count: number, size: number): Promise<void> {
  const script =
    'head -c "$1" /dev/zero | tr "\\0" "#" | git --git-dir "$2" -c core.compression=1 hash-object -w --stdin';
  const { stdout } = await execute('sh', ['-c', script, 'sh', String(size), repository.folder]);
  const lines = Array.from({ length: count }, (_, i) => `100644 blob ${stdout.trim()}\t${i}.yaml\n`);
  await commitTree(repository, await repository.git(['mktree'], lines.join('')));
}

/** A flat tree; `BLOB` stands for a small manifest. */
async function entries(repository: GitRepository, lines: readonly string[]): Promise<void> {
  const blob = (await repository.git(['hash-object', '-w', '--stdin'], configMap('a'))).trim();
  const text = `${lines.join('\n').replaceAll('BLOB', blob)}\n`;
  await commitTree(repository, await repository.git(['mktree'], text));
}

/** A tree as no client of git would write it; folders hold a tree without entries. */
async function rawTree(repository: GitRepository, named: readonly (readonly [string, Buffer])[]): Promise<void> {
  const write = async (type: string, bytes: Buffer): Promise<string> =>
    (await repository.git(['hash-object', '-t', type, '-w', '--stdin', '--literally'], bytes)).trim();
  const blob = await write('blob', Buffer.from(configMap('a')));
  const tree = await write('tree', Buffer.alloc(0));
  const parts = named.map(([mode, name]) =>
    Buffer.concat([
      Buffer.from(`${mode} `),
      name,
      Buffer.from([0]),
      Buffer.from(mode === '40000' ? tree : blob, 'hex'),
    ]),
  );
  await commitTree(repository, await write('tree', Buffer.concat(parts)));
}

async function commitTree(repository: GitRepository, tree: string): Promise<void> {
  const commit = await repository.git(['commit-tree', '-m', 'hostile', tree.trim()]);
  await repository.git(['update-ref', 'refs/heads/main', commit.trim()]);
}
