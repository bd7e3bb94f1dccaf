import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { OperatorError } from '../../../src/model/errors.ts';
import { readCredentials } from '../../../src/source/git/credentials.ts';
import { reach } from '../../../src/source/git/native/credential-files.ts';
import { noProxies } from '../../../src/source/git/proxy.ts';
import { originOf, remoteOf } from '../../../src/source/git/remote.ts';
import { defaultLimits } from '../../../src/source/limits.ts';
import { eventually } from '../../../tools/eventually.ts';
import { startGitServer } from '../../../tools/git-server.ts';
import { application, configMap, never, startSource } from '../stage.ts';

const read = (texts: Record<string, string>) =>
  readCredentials(Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, Buffer.from(text)])), 'argo/git');

describe('a Secret', () => {
  test('empty keys are absent, newlines at the end are not meant', () => {
    assert.deepEqual(read({ username: 'ann\n', password: 'p \r\n', bearerToken: ' ', caBundle: '' }), {
      from: 'argo/git',
      basic: { username: 'ann', password: 'p ' },
    });
    assert.deepEqual(read({ sshPrivateKey: 'a\r\nb', knownHosts: 'h' }).ssh, { privateKey: 'a\nb\n', knownHosts: 'h' });
    assert.deepEqual(read({ insecure: 'false' }), { from: 'argo/git' });
  });

  for (const [texts, reason, message] of [
    [{ bearerToken: 'a\nb' }, 'AuthenticationFailed', /bearerToken/],
    [{ clientKey: 'x' }, 'AuthenticationFailed', /go together/],
    [{ insecureIgnoreHostKey: 'True' }, 'NotYetSupported', /knownHosts/],
    [{ githubAppPrivateKey: 'x' }, 'NotYetSupported', /GitHub Apps/],
  ] as const) {
    test(`with ${Object.keys(texts).join()} is refused`, () => {
      assert.throws(
        () => read(texts),
        (error) => error instanceof OperatorError && error.reason === reason && message.test(error.message),
      );
    });
  }
});

test('origins of addresses', () => {
  for (const [url, origin] of [
    ['https://git.example/a.git', 'https://git.example'],
    ['ssh://git@git.example:2222/a.git', 'ssh://git.example:2222'],
    ['git@git.example:team/a.git', 'ssh://git.example:22'],
    ['ssh://git@[::1]/a.git', 'ssh://::1:22'],
  ] as const) {
    assert.equal(originOf(remoteOf(url, undefined)), origin);
  }
});

test('nothing secret is said but in the files that are held, and only to the origin that it is for', async () => {
  const held: Record<string, { readonly text: string }>[] = [];
  const secretFiles = {
    hold: (files: Record<string, { readonly text: string }>) => {
      held.push(files);
      return Promise.resolve({ folder: '/memory/x', [Symbol.asyncDispose]: () => Promise.resolve() });
    },
  };
  const canary = 'canary-73';
  const data = {
    username: `u-${canary}`,
    password: canary,
    bearerToken: canary,
    clientCert: canary,
    clientKey: canary,
  };
  const proxies = { ...noProxies, https: `http://joe:${canary}@proxy.example` };
  for (const [repoURL, url, mayHold] of [
    ['https://git.example/a', 'https://git.example/a', true],
    ['https://git.example/a', 'https://other.example/a', false],
    ['ssh://git@git.example/a', 'ssh://git@git.example/a', true],
  ] as const) {
    const ssh = { sshPrivateKey: canary, knownHosts: 'h k' };
    const access = { remote: remoteOf(repoURL, undefined), credentials: read({ ...data, ...ssh }), signal: never };
    await using way = await reach(access, url, { secretFiles, proxies, limits: defaultLimits });
    const { env, config, url: target } = way;
    assert.ok(!JSON.stringify([env, config, target]).includes(canary));
    const { config: settings, ...rest } = held.at(-1) ?? {};
    const text = JSON.stringify([rest, settings?.text.replace(/proxy = .*/, '')]);
    assert.equal(text.includes(canary), mayHold, repoURL);
  }
});

test('native git leaves nothing of a Secret on the disk', async () => {
  const canary = 'canary-74';
  await using server = await startGitServer({ credentials: { username: 'ann', password: canary } });
  const repository = await server.createRepository('r');
  await repository.commit({ 'a.yaml': configMap('a') }, 'first');
  await using stage = await startSource({ engine: 'native' });
  stage.knownSecrets.change('argo', 'git', { username: 'ann', password: canary });
  const app = application({ source: { repoURL: repository.url, secretRef: 'git' } });
  assert.equal((await stage.source.load(app, {}, never)).objects.length, 1);
  const files = await readdir(stage.folder, { recursive: true, withFileTypes: true });
  for (const file of files.filter((entry) => entry.isFile())) {
    assert.ok(!(await readFile(join(file.parentPath, file.name))).includes(canary), file.name);
  }
});

describe('a Secret that changes', () => {
  test('is tried at once, and so is a labelled one that was lacking', async () => {
    await using server = await startGitServer({ credentials: { username: 'ann', password: 'new' } });
    const repository = await server.createRepository('r');
    await repository.commit({ 'a.yaml': configMap('a') }, 'first');
    await using stage = await startSource();
    const { knownSecrets, source, telemetry } = stage;
    knownSecrets.change('argo', 'git', { username: 'ann', password: 'old' });
    const named = application({ source: { repoURL: repository.url, secretRef: 'git' }, intervalMs: 3_600_000 });
    const bare = application({ name: 'bare', source: { repoURL: repository.url }, intervalMs: 3_600_000 });
    for (const app of [named, bare]) source.follow(app);
    await eventually('both fail', () => telemetry.failures.length >= 2);
    knownSecrets.change('argo', 'git', { username: 'ann', password: 'new' });
    await eventually('the named one works', () => source.newestRevision(named.key) !== undefined);
    knownSecrets.labelled.set(server.url, 'operator/creds');
    knownSecrets.change('operator', 'creds', { username: 'ann', password: 'new' });
    await eventually('the labelled one works', () => source.newestRevision(bare.key) !== undefined);
  });
});
