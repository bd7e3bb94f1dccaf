import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { createAuthority } from '../../tools/certificates.ts';
import { startFaultProxy } from '../../tools/fault-proxy.ts';
import { startForwardProxy } from '../../tools/forward-proxy.ts';
import { startRedirector } from '../../tools/git/redirector.ts';
import { noProxies } from '../../src/source/git/proxy.ts';
import { configMap } from '../source/stage.ts';
import { overHttp, type GitCase, type GitWorld } from './git-world.ts';
import type { GitServerOptions } from '../../tools/git-server.ts';
import { refused } from '../refused.ts';

const one = { 'a.yaml': configMap('a') };

/** A server of the case's own with one repository, and a stage with this Secret. */
async function serve(world: GitWorld, options: GitServerOptions, secret?: Record<string, string>) {
  const server = world.use(await world.parts.startServer(options));
  const repository = await server.createRepository('r');
  await repository.commit(one, 'first');
  if (secret !== undefined) (await world.stage()).knownSecrets.change('argo', 'git', secret);
  return { server, url: repository.url, repository };
}

const ann = { username: 'ann', password: 'pä"ss\\wörd $HOME' };

/** Who is let in, and how the way there is found. */
export const accessCases: readonly GitCase[] = [
  {
    name: 'user name and password',
    about: 'also with characters that shells and settings know',
    outcomes: overHttp(),
    async run(world) {
      const { url } = await serve(world, { credentials: ann }, ann);
      assert.deepEqual(await world.load(url), ['a']);
    },
  },
  {
    name: 'wrong password',
    about: 'never repeated in the message',
    outcomes: overHttp({ reason: 'AuthenticationFailed', says: /refuses the credentials/ }),
    async run(world) {
      const { url } = await serve(world, { credentials: ann }, { ...ann, password: 'hunter2' });
      await world.load(url).catch((error: unknown) => {
        assert.ok(error instanceof Error && !`${error.message}${error.stack ?? ''}`.includes('hunter2'));
        throw error;
      });
    },
  },
  {
    name: 'password withdrawn',
    about: 'noticed by the fetch of a recorded commit, and over when the Secret is right again',
    outcomes: overHttp(),
    async run(world) {
      const { url, server, repository } = await serve(world, { credentials: ann }, ann);
      assert.deepEqual(await world.load(url), ['a']);
      server.credentials = { ...ann, password: 'new' };
      const targetRevision = await repository.commit({ 'a.yaml': configMap('b') }, 'second');
      await refused(world.load(url, { targetRevision }), 'AuthenticationFailed', /refuses the credentials/);
      (await world.stage()).knownSecrets.change('argo', 'git', { ...ann, password: 'new' });
      assert.deepEqual(await world.load(url, { targetRevision }), ['b']);
    },
  },
  {
    name: 'bearer token',
    about: '`bearerToken` of the Secret',
    outcomes: overHttp(),
    async run(world) {
      const { url } = await serve(world, { credentials: { bearerToken: 'to.ken-1' } }, { bearerToken: 'to.ken-1\n' });
      assert.deepEqual(await world.load(url), ['a']);
    },
  },
  {
    name: 'client certificate',
    about: '`clientCert` and `clientKey`, also by the names that Argo CD has for them',
    outcomes: overHttp(),
    async run(world) {
      const authority = createAuthority('clients');
      const { certPem, keyPem } = authority.issue({ commonName: 'ann' });
      const { server, url } = await serve(world, { tls: true, clientAuthority: authority.certPem });
      const { knownSecrets } = await world.stage();
      const caBundle = server.caPem ?? '';
      knownSecrets.change('argo', 'git', { caBundle, clientCert: certPem, clientKey: keyPem });
      assert.deepEqual(await world.load(url), ['a']);
      const aliases = { tlsClientCertData: certPem, tlsClientCertKey: keyPem };
      const stage = await world.newStage();
      stage.knownSecrets.change('argo', 'git', { caBundle, ...aliases });
      assert.deepEqual(await world.load(url, { stage }), ['a']);
      knownSecrets.change('argo', 'git', { caBundle });
      await refused(world.load(url), 'GitUnavailable', /./);
    },
  },
  {
    name: 'own certificate authority',
    about: '`caBundle` of the Secret',
    outcomes: overHttp(),
    async run(world) {
      const { server, url } = await serve(world, { tls: true });
      (await world.stage()).knownSecrets.change('argo', 'git', { caBundle: server.caPem ?? '' });
      assert.deepEqual(await world.load(url), ['a']);
    },
  },
  {
    name: 'bad certificate',
    about: 'no server is trusted unseen',
    outcomes: overHttp({ reason: 'GitUnavailable', says: /certificate is not trusted.*caBundle/ }),
    async run(world) {
      await world.load((await serve(world, { tls: true })).url);
    },
  },
  {
    name: 'redirect',
    about: 'a 301 on the first request is followed, and all later ones go there',
    outcomes: overHttp(),
    async run(world) {
      const { server, url } = await serve(world, {});
      const front = world.use(await startRedirector(server.url));
      assert.deepEqual(await world.load(url.replace(server.url, front.url)), ['a']);
      assert.ok(server.count('fetch') > 0);
    },
  },
  {
    name: 'redirect to another host',
    about: 'credentials do not go there',
    outcomes: overHttp({ reason: 'AuthenticationFailed', says: /another host, where credentials are not sent/ }),
    async run(world) {
      const { server, url } = await serve(world, { credentials: ann }, ann);
      const front = world.use(await startRedirector(server.url));
      await world.load(url.replace(server.url, front.url));
    },
  },
  {
    name: 'redirect of a POST',
    about: 'git follows none, and neither do we',
    outcomes: overHttp({ reason: 'GitUnavailable', says: /redirects a POST/ }),
    async run(world) {
      const { server, url } = await serve(world, {});
      const front = world.use(await startFaultProxy({ target: server.url }));
      const location = `${server.url}/r.git/git-upload-pack`;
      const moved = { kind: 'answer', status: 301, headers: { location } } as const;
      front.rules = [{ when: ({ method }) => method === 'POST', then: moved }];
      await world.load(url.replace(server.url, front.url));
    },
  },
  {
    name: 'proxy',
    about: 'HTTP_PROXY, HTTPS_PROXY and NO_PROXY, also with a password',
    outcomes: overHttp(),
    async run(world) {
      const proxy = world.use(await startForwardProxy('joe:se cret'));
      const address = proxy.url.replace('//', '//joe:se%20cret@');
      for (const tls of [false, true]) {
        const { server, url } = await serve(world, { tls });
        const proxies = { ...noProxies, http: address, https: address };
        const stage = await world.newStage({ proxies });
        if (tls) stage.knownSecrets.change('argo', 'git', { caBundle: server.caPem ?? '' });
        const asked = proxy.asked.length;
        assert.deepEqual(await world.load(url, { stage }), ['a']);
        assert.ok(proxy.asked.length >= asked + 2, 'the poll and the fetch');
        assert.ok(proxy.asked.every((host) => host.startsWith('127.0.0.1:')));
        const direct = await world.newStage({ proxies: { ...proxies, no: '127.0.0.0/8' } });
        if (tls) direct.knownSecrets.change('argo', 'git', { caBundle: server.caPem ?? '' });
        const before = proxy.asked.length;
        assert.deepEqual(await world.load(url, { stage: direct }), ['a']);
        assert.equal(proxy.asked.length, before);
      }
    },
  },
  {
    name: 'SSH',
    about: 'with `sshPrivateKey` and `knownHosts`; `user@host:path` is the same at port 22',
    outcomes: {
      'embedded-http': { reason: 'UnsupportedByEngine', says: /SSH needs the git program/ },
      'native-ssh': 'works',
    },
    async run(world) {
      if (!world.isNative) await world.load('git@git.example:team/app.git');
      const repository = await world.repository();
      await repository.commit(one, 'first');
      assert.deepEqual(await world.load(repository), ['a']);
    },
  },
  {
    name: 'no known host',
    about: 'the message says what to put where',
    outcomes: {
      'native-ssh': { reason: 'AuthenticationFailed', says: /ssh-keyscan -p .*knownHosts of the Secret argo\/git/ },
    },
    async run(world) {
      const repository = await world.repository();
      await repository.commit(one, 'first');
      const { knownSecrets } = await world.stage();
      knownSecrets.change('argo', 'git', { sshPrivateKey: world.parts.ssh?.privateKey ?? '' });
      await world.load(repository);
    },
  },
  {
    name: 'unknown host key',
    about: 'knownHosts has only other hosts',
    outcomes: { 'native-ssh': { reason: 'AuthenticationFailed', says: /not in knownHosts of the Secret argo\/git/ } },
    async run(world) {
      await loadWithHosts(world, (line) => line.replace(/^\S+/, 'git.example'));
    },
  },
  {
    name: 'wrong host key',
    about: 'the host is known by another key',
    outcomes: { 'native-ssh': { reason: 'AuthenticationFailed', says: /another key than the one in knownHosts/ } },
    async run(world) {
      const other = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
      const raw = Buffer.from(other.x ?? '', 'base64url');
      const part = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
      const key = Buffer.concat([part(Buffer.from('ssh-ed25519')), part(raw)]).toString('base64');
      await loadWithHosts(world, (line) => line.replace(/\S+\s*$/, `${key}\n`));
    },
  },
  {
    name: 'key that is not let in',
    about: 'says whose key it is',
    outcomes: {
      'native-ssh': { reason: 'AuthenticationFailed', says: /refuses the key in sshPrivateKey of the Secret argo/ },
    },
    async run(world) {
      const repository = await world.repository();
      await repository.commit(one, 'first');
      const { knownHosts = '', strangerKey: sshPrivateKey = '' } = world.parts.ssh ?? {};
      (await world.stage()).knownSecrets.change('argo', 'git', { knownHosts, sshPrivateKey });
      await world.load(repository);
    },
  },
];

async function loadWithHosts(world: GitWorld, change: (line: string) => string): Promise<void> {
  const repository = await world.repository();
  await repository.commit(one, 'first');
  const { knownHosts = '', privateKey: sshPrivateKey = '' } = world.parts.ssh ?? {};
  (await world.stage()).knownSecrets.change('argo', 'git', { knownHosts: change(knownHosts), sshPrivateKey });
  await world.load(repository);
}
