import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { OperatorError } from '../../../src/model/errors.ts';
import type { Reason } from '../../../src/model/reasons.ts';
import type { Limits } from '../../../src/source/source.ts';
import { startFaultProxy, type Fault } from '../../../tools/fault-proxy.ts';
import { startGitServer, type FileContent, type GitServer } from '../../../tools/git-server.ts';
import { startRedirector } from '../../../tools/git/redirector.ts';
import { application, configMap, never, startSource } from '../stage.ts';

interface Attempt {
  readonly repoURL: string;
  readonly secret?: Record<string, string>;
  readonly limits?: Partial<Limits>;
  readonly targetRevision?: string;
  readonly recurse?: boolean;
  readonly engine?: 'embedded' | 'native';
}

/** Loads once with a source of its own. */
async function load({
  repoURL,
  secret,
  limits = {},
  targetRevision = 'main',
  recurse = false,
  engine = 'embedded',
}: Attempt): Promise<string[]> {
  await using stage = await startSource({ limits, engine });
  const data = Object.entries(secret ?? {}).map(([key, text]) => [key, Buffer.from(text)] as const);
  if (secret !== undefined) stage.secrets.set('argo/git', Object.fromEntries(data));
  const secretRef = secret === undefined ? {} : { secretRef: 'git' };
  const app = application({ source: { repoURL, targetRevision, directory: { recurse }, ...secretRef } });
  const desired = await stage.source.load(app, {}, never);
  return desired.objects.map(({ ref }) => ref.name);
}

async function refused(attempt: Attempt, reason: Reason, message: RegExp): Promise<OperatorError> {
  const error: unknown = await load(attempt).then(
    (names) => assert.fail(`gave ${names.join()}`),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof OperatorError, String(error));
  assert.equal(error.reason, reason, error.message);
  assert.match(error.message, message);
  return error;
}

async function serve(server: GitServer, files: Record<string, FileContent>): Promise<string> {
  const repository = await server.createRepository('r');
  await repository.commit(files, 'first');
  return repository.url;
}

const one = { 'a.yaml': configMap('a') };

describe('credentials', () => {
  test('right, wrong, none, and a Secret that is not there', async () => {
    await using server = await startGitServer({ credentials: { username: 'ann', password: 'pässword' } });
    const repoURL = await serve(server, one);
    assert.deepEqual(await load({ repoURL, secret: { username: 'ann', password: 'pässword\n' } }), ['a']);
    const wrong = await refused(
      { repoURL, secret: { username: 'ann', password: 'hunter2' } },
      'AuthenticationFailed',
      /refuses/,
    );
    assert.ok(!`${wrong.message} ${wrong.stack ?? ''}`.includes('hunter2'));
    await refused({ repoURL }, 'AuthenticationFailed', /asks for credentials/);
    await using stage = await startSource();
    const app = application({ source: { repoURL, secretRef: 'absent' } });
    await assert.rejects(stage.source.load(app, {}, never), /there is no Secret argo\/absent/);
    await refused({ repoURL, secret: { githubAppID: '1' } }, 'NotYetSupported', /githubAppID/);
    await refused({ repoURL, secret: { insecure: 'true' } }, 'NotYetSupported', /insecure.*caBundle/);
    await refused({ repoURL, secret: { clientCert: 'x' } }, 'AuthenticationFailed', /go together/);
  });

  test('nobody reads through credentials of another namespace', async () => {
    await using server = await startGitServer({ credentials: { username: 'ann', password: 'p' } });
    const repoURL = await serve(server, one);
    await using stage = await startSource();
    stage.secrets.set('argo/git', { username: Buffer.from('ann'), password: Buffer.from('p') });
    const entitled = application({ source: { repoURL, secretRef: 'git' } });
    assert.equal((await stage.source.load(entitled, {}, never)).objects.length, 1);
    const other = application({ namespace: 'other', source: { repoURL, secretRef: 'git' } });
    await assert.rejects(stage.source.load(other, {}, never), /no Secret other\/git/);
    await assert.rejects(stage.source.load(application({ name: 'x', source: { repoURL } }), {}, never), /asks for/);
  });
});

describe('TLS', () => {
  test('a CA of the Secret is trusted, no other', async () => {
    await using server = await startGitServer({ tls: true });
    const repoURL = await serve(server, one);
    assert.deepEqual(await load({ repoURL, secret: { caBundle: server.caPem ?? '' } }), ['a']);
    await refused({ repoURL }, 'GitUnavailable', /certificate is not trusted.*caBundle/);
    await refused({ repoURL, secret: { caBundle: 'no PEM' } }, 'AuthenticationFailed', /no PEM certificate/);
  });
});

describe('redirects', () => {
  test('are followed before anything is posted', async () => {
    await using server = await startGitServer();
    const repoURL = await serve(server, one);
    await using front = await startRedirector(server.url);
    assert.deepEqual(await load({ repoURL: repoURL.replace(server.url, front.url) }), ['a']);
    assert.ok(server.requests.some(({ command }) => command === 'fetch'));
  });

  test('credentials do not go to another host', async () => {
    await using server = await startGitServer({ credentials: { username: 'ann', password: 'p' } });
    const repoURL = await serve(server, one);
    await using front = await startRedirector(server.url);
    const attempt = { repoURL: repoURL.replace(server.url, front.url), secret: { username: 'ann', password: 'p' } };
    await refused(attempt, 'AuthenticationFailed', /another host/);
    assert.ok(front.seen[0]?.startsWith('Basic '));
  });

  test('in a circle', async () => {
    await using front = await startRedirector('');
    await refused({ repoURL: `${front.url}/r.git` }, 'GitUnavailable', /more than 5 redirects/);
  });
});

describe('a server that knows only the first version of the protocol', () => {
  for (const engine of ['embedded', 'native'] as const) {
    test(`branch, tag and SHA, ${engine}`, async () => {
      await using server = await startGitServer();
      const repository = await server.createRepository('r');
      const old = await repository.commit(one, 'first');
      await repository.tag('v1', 'main', 'words');
      await repository.commit({ 'a.yaml': configMap('b') }, 'second');
      await using front = await oldServer(server.url);
      const repoURL = repository.url.replace(server.url, front.url);
      assert.deepEqual(await load({ repoURL, engine }), ['b']);
      assert.deepEqual(await load({ repoURL, engine, targetRevision: 'v1' }), ['a']);
      assert.deepEqual(await load({ repoURL, engine, targetRevision: old }), ['a']);
      await refused({ repoURL, engine, targetRevision: 'nope' }, 'RevisionNotFound', /nope/);
      await refused({ repoURL, engine, targetRevision: 'b'.repeat(40) }, 'RevisionNotFound', /does not give/);
    });
  }
});

/** Passes everything on but the header by which a client asks for version 2. */
async function oldServer(target: string) {
  const server = createServer((request, response) => {
    const headers = { ...request.headers };
    delete headers['git-protocol'];
    const onward = httpRequest(`${target}${request.url ?? ''}`, { method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const quick = { connectMs: 1_000, stallMs: 300, pollMs: 5_000, fetchMs: 5_000 };

describe('remotes that misbehave', () => {
  test('down, silent, talking nonsense, answering errors', async () => {
    await using server = await startGitServer();
    const repoURL = await serve(server, one);
    server.setFault({ kind: 'hang' });
    await refused({ repoURL, limits: quick }, 'GitUnavailable', /silent for 0\.3 s/);
    await refused({ repoURL, limits: { ...quick, stallMs: 60_000, pollMs: 300 } }, 'GitUnavailable', /within 0\.3 s/);
    server.setFault({ kind: 'garbage' });
    await refused({ repoURL, limits: quick }, 'GitUnavailable', /does not answer as a Git server/);
    server.setFault({ kind: 'answer', status: 500 });
    await refused({ repoURL, limits: quick }, 'GitUnavailable', /HTTP 500/);
    server.setFault({ kind: 'answer', status: 429, headers: { 'retry-after': '7' } });
    const busy = await refused({ repoURL, limits: quick }, 'GitUnavailable', /HTTP 429/);
    assert.ok((busy.retryAfterMs ?? 0) > 6_000);
    server.setFault({ kind: 'down' });
    await refused({ repoURL, limits: quick }, 'GitUnavailable', /./);
    server.setFault(undefined);
    await refused({ repoURL: `${server.url}/none.git`, limits: quick }, 'GitUnavailable', /HTTP 404.*no repository/);
  });

  const cuts: readonly [name: string, fault: Fault][] = [
    ['before the answer', { kind: 'cut' }],
    ['in the pack', { kind: 'cut', afterBytes: 20_000 }],
    ['hanging', { kind: 'hang' }],
  ];
  for (const [name, fault] of cuts) {
    test(`a fetch cut ${name} fails, leaves nothing, and works again`, async () => {
      await using server = await startGitServer();
      const repoURL = await serve(server, { ...one, noise: randomBytes(500_000) });
      await using proxy = await startFaultProxy({ target: server.url });
      await using stage = await startSource({ limits: quick });
      const app = application({ source: { repoURL: repoURL.replace(server.url, proxy.url) } });
      let fetches = 0;
      proxy.rules = [{ when: ({ method }) => method === 'POST' && ++fetches === 2, then: fault }];
      await assert.rejects(
        stage.source.load(app, {}, never),
        (error) => error instanceof OperatorError && error.reason === 'GitUnavailable',
      );
      assert.deepEqual(
        (await readdir(stage.folder, { recursive: true })).filter((path) => path.includes('partial')),
        [],
      );
      assert.equal((await stage.source.load(app, {}, never)).objects.length, 1);
    });
  }

  test('one that hangs does not delay another', async () => {
    await using slow = await startGitServer();
    await using quickServer = await startGitServer();
    const slowURL = await serve(slow, one);
    const repoURL = await serve(quickServer, one);
    slow.setFault({ kind: 'hang' });
    await using stage = await startSource({ limits: { ...quick, stallMs: 3_000 } });
    let isSlowDone = false;
    const hanging = stage.source
      .load(application({ name: 'slow', source: { repoURL: slowURL } }), {}, never)
      .catch(() => (isSlowDone = true));
    const desired = await stage.source.load(application({ source: { repoURL } }), {}, never);
    assert.deepEqual([desired.objects.length, isSlowDone], [1, false]);
    slow.setFault({ kind: 'down' });
    await hanging;
  });
});

describe('limits', () => {
  const cases: readonly [limit: keyof Limits, value: number, files: Record<string, FileContent>][] = [
    ['transferBytes', 100_000, { ...one, noise: randomBytes(300_000) }],
    ['unpackedBytes', 1_000_000, { ...one, zeros: Buffer.alloc(2_000_000) }],
    ['blobBytes', 1_000_000, { ...one, zeros: Buffer.alloc(2_000_000) }],
    ['gitObjects', 20, Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`f${i}.txt`, `${i}`]))],
    ['manifestBytes', 1_000, { 'a.yaml': configMap('a', `data: {x: ${'y'.repeat(2_000)}}\n`) }],
    ['manifestsBytes', 150, { 'a.yaml': configMap('a'), 'b.yaml': configMap('b'), 'c.yaml': configMap('c') }],
    ['objects', 2, { 'a.yaml': ['a', 'b', 'c'].map((name) => configMap(name)).join('---\n') }],
  ];
  for (const [limit, value, files] of cases) {
    test(limit, async () => {
      await using server = await startGitServer();
      const repoURL = await serve(server, files);
      await refused({ repoURL, limits: { [limit]: value } }, 'LimitExceeded', new RegExp(`limit ${limit} of ${value}`));
    });
  }

  test('a pack of zeros costs no more than the limit', async () => {
    await using server = await startGitServer();
    const repoURL = await serve(server, { ...one, bomb: Buffer.alloc(120_000_000) });
    const before = process.memoryUsage().rss;
    await refused({ repoURL, limits: { unpackedBytes: 10_000_000 } }, 'LimitExceeded', /unpackedBytes|blobBytes/);
    assert.ok(process.memoryUsage().rss - before < 100_000_000);
  });
});

test('what a repository may hold', async () => {
  await using server = await startGitServer();
  const repoURL = await serve(server, {
    'list.yaml': `apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: listed}}\n`,
    'skip.yaml': `# +argocd:skip-file-rendering\n${configMap('skipped')}`,
    'values.yaml': 'replicas: 3\n',
    'link.yaml': { symlink: 'elsewhere/target.yaml' },
    'elsewhere/target.yaml': configMap('linked'),
    'empty.yaml': '',
    'größe.yaml': configMap('unicode'),
  });
  assert.deepEqual(await load({ repoURL }), ['linked', 'listed', 'unicode']);
});

test('a Git LFS pointer is named', async () => {
  await using server = await startGitServer();
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 12\n`;
  const repoURL = await serve(server, { 'big.yaml': pointer });
  await refused({ repoURL }, 'UnsupportedByEngine', /big\.yaml: is stored in Git LFS/);
});

test('a tree with a name that could lead elsewhere is refused', async () => {
  await using server = await startGitServer();
  const repository = await server.createRepository('r');
  const blob = (await repository.git(['hash-object', '-w', '--stdin'], configMap('a'))).trim();
  const tree = (await repository.git(['mktree', '-z'], `100644 blob ${blob}\ta\\b.yaml\0`)).trim();
  const commit = (await repository.git(['commit-tree', '-m', 'first', tree])).trim();
  await repository.git(['update-ref', 'refs/heads/main', commit]);
  await refused({ repoURL: repository.url }, 'InvalidObject', /file name that is refused/);
});
