import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { describeRef } from '../../src/model/object.ts';
import { eventually } from '../../tools/eventually.ts';
import { startGitServer, type FileContent, type GitRepository, type GitServer } from '../../tools/git-server.ts';
import { ManualClock } from '../fakes/clock.ts';
import { application, configMap, never, startSource, type ApplicationChange, type Stage } from './stage.ts';
import { refused } from '../refused.ts';

type Follow = Omit<ApplicationChange, 'source'> & { readonly source?: Partial<ApplicationChange['source']> };

interface Setting extends AsyncDisposable {
  readonly server: GitServer;
  readonly repository: GitRepository;
  readonly stage: Stage;
  readonly app: (change?: Follow) => ReturnType<typeof application>;
}

async function setUp(
  files: Record<string, FileContent>,
  change: Parameters<typeof startSource>[0] = {},
): Promise<Setting> {
  await using cleanup = new AsyncDisposableStack();
  const server = cleanup.use(await startGitServer());
  const repository = await server.createRepository('shop');
  if (Object.keys(files).length > 0) await repository.commit(files, 'first');
  const stage = cleanup.use(await startSource(change));
  const all = cleanup.move();
  return {
    server,
    repository,
    stage,
    app: (follow = {}) => application({ ...follow, source: { repoURL: repository.url, ...follow.source } }),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function names({ stage, app }: Setting, change?: Follow): Promise<string[]> {
  const desired = await stage.source.load(app(change), { refresh: 'normal' }, never);
  return desired.objects.map(({ ref }) => ref.name);
}

describe('revisions', () => {
  test('branch, tags, tag of a tag, refs/…, HEAD and SHA', async () => {
    await using setting = await setUp({ 'a.yaml': configMap('old') });
    const { repository, stage, app } = setting;
    const old = await repository.head();
    await repository.tag('light');
    await repository.tag('annotated', 'main', 'words');
    await repository.tag('twice', 'annotated', 'more words');
    const head = await repository.commit({ 'a.yaml': configMap('new') }, 'second');
    await repository.branch('feature/x', old);
    await repository.tag('feature/x', 'main');
    const expected: Record<string, string> = {
      main: head,
      HEAD: head,
      light: old,
      annotated: old,
      twice: old,
      'feature/x': old,
      'refs/tags/feature/x': head,
      'refs/heads/main': head,
      [old]: old,
    };
    for (const [targetRevision, commit] of Object.entries(expected)) {
      const desired = await stage.source.load(app({ source: { targetRevision } }), {}, never);
      assert.equal(desired.revision, commit, targetRevision);
      assert.equal(desired.objects[0]?.ref.name, commit === old ? 'old' : 'new');
    }
    const asked = await stage.source.load(app(), { revisions: ['light'] }, never);
    assert.equal(asked.revision, old);
  });

  test('a full SHA is never polled for', async () => {
    await using setting = await setUp({ 'a.yaml': configMap('a') });
    const targetRevision = await setting.repository.head();
    const app = setting.app({ source: { targetRevision }, intervalMs: 1 });
    setting.stage.source.follow(app);
    await setting.stage.source.load(app, {}, never);
    assert.deepEqual([setting.server.count('ls-refs'), setting.server.count('fetch')], [0, 1]);
  });

  test('force-push is a new revision like any other', async () => {
    await using setting = await setUp({ 'a.yaml': configMap('a') });
    const first = await setting.repository.head();
    await setting.repository.commit({ 'b.yaml': configMap('b') }, 'second');
    assert.deepEqual(await names(setting), ['a', 'b']);
    await setting.repository.git(['update-ref', 'refs/heads/main', first]);
    assert.deepEqual(await names(setting), ['a']);
  });

  for (const [name, targetRevision, message] of [
    ['an unknown branch', 'nope', /no branch or tag "nope"/],
    ['a prefix of a branch', 'mai', /no branch or tag/],
    ['a SHA that is not there', 'a'.repeat(40), /does not give commit a{40}/],
    ['a SHA-256 id', 'a'.repeat(64), /does not give commit a{64}/],
  ] as const) {
    test(`${name} is not found`, async () => {
      await using setting = await setUp({ 'a.yaml': configMap('a') });
      await refused(names(setting, { source: { targetRevision } }), 'RevisionNotFound', message);
    });
  }

  test('an empty repository, and a deleted branch', async () => {
    await using setting = await setUp({});
    await refused(names(setting), 'RevisionNotFound', /main/);
    await refused(names(setting, { source: { targetRevision: 'HEAD' } }), 'RevisionNotFound', /HEAD/);
    await setting.repository.commit({ 'a.yaml': configMap('a') }, 'first', 'gone');
    assert.deepEqual(await names(setting, { source: { targetRevision: 'gone' } }), ['a']);
    await setting.repository.deleteBranch('gone');
    await refused(names(setting, { source: { targetRevision: 'gone' } }), 'RevisionNotFound', /gone/);
  });
});

describe('sharing', () => {
  test('50 Applications: one poll, one fetch per commit', async () => {
    await using setting = await setUp({ 'a/x.yaml': configMap('a'), 'b/x.yaml': configMap('b') });
    const { stage, server, repository, app } = setting;
    const apps = Array.from({ length: 50 }, (_, i) =>
      app({ name: `app-${i}`, source: { path: i % 2 === 0 ? 'a' : 'b' } }),
    );
    const woken = new Set<string>();
    stage.source.onNews((key) => woken.add(key));
    for (const each of apps) stage.source.follow(each);
    const loaded = await Promise.all(apps.map((each) => stage.source.load(each, {}, never)));
    assert.deepEqual(new Set(loaded.map(({ objects }) => objects[0]?.ref.name)), new Set(['a', 'b']));
    assert.deepEqual([server.count('ls-refs'), server.count('fetch'), woken.size], [1, 1, 50]);

    woken.clear();
    const commit = await repository.commit({ 'a/x.yaml': configMap('c') }, 'second');
    stage.source.pushed({ forge: 'generic', urls: [repository.url], refs: ['refs/heads/main'] });
    await eventually('all are woken', () => woken.size === 50);
    const again = await Promise.all(apps.map((each) => stage.source.load(each, {}, never)));
    assert.ok(again.every(({ revision }) => revision === commit));
    assert.deepEqual([server.count('ls-refs'), server.count('fetch')], [2, 2]);
    assert.equal(stage.source.newestRevision(apps[3]?.key ?? ''), commit);
  });

  test('a commit that does not touch the path is not decoded again', async () => {
    await using setting = await setUp({ 'a/x.yaml': configMap('a') });
    const { stage, repository, app } = setting;
    const one = app({ source: { path: 'a' } });
    const before = await stage.source.load(one, {}, never);
    const asked = stage.scopes.asked;
    const commit = await repository.commit({ 'README.md': 'words', 'a/notes.txt': 'more' }, 'second');
    const after = await stage.source.load(one, { refresh: 'normal' }, never);
    assert.deepEqual([after.revision, after.digest], [commit, before.digest]);
    assert.ok(stage.scopes.asked - asked <= 2, 'only whether the scopes still hold');
    const hard = await stage.source.load(one, { refresh: 'hard' }, never);
    assert.equal(hard.digest, before.digest);
  });

  test('a kind that becomes known is prepared again', async () => {
    await using setting = await setUp({ 'a.yaml': 'apiVersion: x.io/v1\nkind: Widget\nmetadata: {name: w}\n' });
    const { stage, app } = setting;
    const refs = async () => {
      const desired = await stage.source.load(app(), {}, never);
      return desired.objects.map(({ ref }) => describeRef(ref));
    };
    assert.deepEqual(await refs(), ['Widget.x.io w']);
    stage.scopes.known.set('x.io/Widget', 'Namespaced');
    assert.deepEqual(await refs(), ['Widget.x.io default/w']);
  });

  test('a change of the Application is rendered', async () => {
    await using setting = await setUp({ 'a.yaml': configMap('a'), 'sub/b.yaml': configMap('b') });
    assert.deepEqual(await names(setting), ['a']);
    assert.deepEqual(await names(setting, { source: { directory: { recurse: true } } }), ['a', 'b']);
    const moved = await setting.stage.source.load(setting.app({ destinationNamespace: 'other' }), {}, never);
    assert.equal(moved.objects[0]?.ref.namespace, 'other');
  });

  test('local copies go when nobody needs them', async () => {
    await using setting = await setUp({ 'a.yaml': configMap('a') });
    const { stage, repository, app } = setting;
    const one = app();
    stage.source.follow(one);
    for (const name of ['b', 'c', 'd']) {
      await repository.commit({ 'a.yaml': configMap(name) }, name);
      await stage.source.load(one, { refresh: 'normal' }, never);
    }
    const copies = async () =>
      (await readdir(join(stage.folder, 'git'), { recursive: true })).filter((path) => path.endsWith('.pack'));
    await eventually('one copy is left', async () => (await copies()).length === 1);
    stage.source.unfollow(one.key);
    await eventually('none is left', async () => (await copies()).length === 0);
  });

  test('following another ref of the repository keeps its copies', async () => {
    await using setting = await setUp({ 'a.yaml': configMap('a') });
    const { stage, repository, server, app } = setting;
    await repository.tag('v1');
    stage.source.follow(app());
    await stage.source.load(app(), {}, never);
    const tagged = app({ source: { targetRevision: 'v1' }, destinationNamespace: 'other' });
    stage.source.follow(tagged);
    await stage.source.load(tagged, {}, never);
    assert.equal(server.count('fetch'), 1);
  });

  test('a damaged local copy is fetched again', async () => {
    const clock = new ManualClock();
    await using setting = await setUp({ 'a.yaml': configMap('a') }, { clock });
    const { stage, server, app } = setting;
    const one = app();
    stage.source.follow(one);
    await stage.source.load(one, {}, never);
    // The reader forgets what it has in memory.
    await clock.advance(6_000);
    const files = await readdir(join(stage.folder, 'git'), { recursive: true, withFileTypes: true });
    for (const file of files.filter((entry) => entry.isFile())) {
      await writeFile(join(file.parentPath, file.name), 'noise');
    }
    const desired = await stage.source.load(app({ name: 'second' }), {}, never);
    assert.deepEqual([desired.objects.length, server.count('fetch')], [1, 2]);
  });
});

describe('polling', () => {
  test('news of a commit, of a failure and of its end', async () => {
    const clock = new ManualClock();
    await using setting = await setUp({ 'a.yaml': configMap('a') }, { clock });
    const { stage, server, app } = setting;
    const one = app();
    let news = 0;
    stage.source.onNews(() => news++);
    stage.source.follow(one);
    await eventually('the first look', () => news === 1);
    server.setFault({ kind: 'answer', status: 503, headers: { 'retry-after': '20' } });
    await clock.advance(33_000);
    await eventually('the failure', () => news === 2);
    const requests = server.requests.length;
    const error = await refused(stage.source.load(one, { refresh: 'normal' }, never), 'GitUnavailable', /HTTP 503/);
    assert.ok((error.retryAfterMs ?? 0) > 10_000);
    await clock.advance(19_000);
    assert.equal(server.requests.length, requests, 'not before Retry-After');
    server.setFault(undefined);
    await clock.advance(5_000);
    await eventually('the end', () => news === 3);
    assert.equal((await stage.source.load(one, {}, never)).objects.length, 1);
    assert.deepEqual([stage.telemetry.failures.length, stage.telemetry.failures[0]?.attempt], [1, 1]);
  });

  test('an invalid Application is not followed, and load says why', async () => {
    await using stage = await startSource();
    for (const [repoURL, reason, message] of [
      ['https://user:hunter2@git.example/r', 'InvalidSpec', /holds credentials/],
      ['ssh://git:hunter2@git.example/r', 'InvalidSpec', /holds credentials/],
      ['ssh://-oProxyCommand=x/r', 'InvalidSpec', /no host|no URL/],
      ['-oProxyCommand=x', 'InvalidSpec', /no URL/],
      ['ssh://git@git.example/r', 'UnsupportedByEngine', /SSH/],
      ['git@git.example:r.git', 'UnsupportedByEngine', /SSH/],
      ['file:///etc', 'InvalidSpec', /file:/],
      ['ext::sh -c x', 'InvalidSpec', /no URL/],
      ['ext::sh', 'InvalidSpec', /not supported/],
      ['/etc', 'InvalidSpec', /no URL/],
      ['https://git.example/r?x=1', 'InvalidSpec', /query/],
    ] as const) {
      const app = application({ source: { repoURL } });
      stage.source.follow(app);
      const error = await refused(stage.source.load(app, {}, never), reason, message);
      assert.ok(!error.message.includes('hunter2'));
    }
  });

  test('a remote that nobody follows any more fails no longer, whatever comes of the last request', async () => {
    await using setting = await setUp({ 'a.yaml': configMap('a') });
    const { stage, server, app } = setting;
    server.setFault({ kind: 'answer', status: 500 });
    const one = app();
    stage.source.follow(one);
    await eventually('it failed', () => stage.telemetry.failures.length > 0);
    server.setFault({ kind: 'hang' });
    const asked = server.requests.length;
    await eventually('another look', () => server.requests.length > asked);
    const failures = stage.telemetry.failures.length;
    stage.source.unfollow(one.key);
    assert.equal(stage.telemetry.ended.at(-1)?.target, 'git');
    await stage[Symbol.asyncDispose]();
    assert.equal(stage.telemetry.failures.length, failures, 'the look that was cut off is no failure of the remote');
  });

  test('50 Applications at 50 refs of a remote that is down', async () => {
    await using setting = await setUp({ 'a.yaml': configMap('a') });
    const { stage, server, app } = setting;
    server.setFault({ kind: 'answer', status: 500 });
    const apps = Array.from({ length: 50 }, (_, i) =>
      app({ name: `a${i}`, source: { targetRevision: `branch-${i}` } }),
    );
    const start = performance.now();
    for (const each of apps) stage.source.follow(each);
    await eventually('it failed a few times', () => stage.telemetry.failures.length > 55);
    const seconds = (performance.now() - start) / 1000;
    assert.ok(server.requests.length <= 50 + 2 * seconds + 1, `${server.requests.length} in ${seconds} s`);
  });

  test('giving up waiting does not stop others', async () => {
    await using setting = await setUp({ 'a.yaml': configMap('a') });
    const { stage, server, app } = setting;
    server.setFault({ kind: 'delay', ms: 300 });
    const impatient = new AbortController();
    const first = stage.source.load(app(), {}, impatient.signal);
    const second = stage.source.load(app({ name: 'other' }), {}, never);
    impatient.abort(new Error('enough'));
    await assert.rejects(first, /enough/);
    await assert.rejects(stage.source.load(app(), {}, impatient.signal), /enough/);
    assert.equal((await second).objects.length, 1);
  });
});
