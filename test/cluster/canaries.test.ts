import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createAuthority } from '../../tools/certificates.ts';
import { eventually } from '../../tools/eventually.ts';
import { startGitServer, type GitRepository, type GitServer } from '../../tools/git-server.ts';
import { freePort } from '../../tools/ports.ts';
import { startSshServer, type SshServer } from '../../tools/ssh-server.ts';
import type { World } from '../../tools/world.ts';
import { conditionOf, startWorld } from '../../tools/world.ts';
import { proofOf } from '../webhook/stage.ts';
import { ProcessWatch } from './support/process-watch.ts';

/** Recognisable, long, and of no meaning. */
const canary = (what: string): string => `canary-${what}-${randomBytes(12).toString('hex')}`;

const canaries = {
  password: canary('password'),
  wrongPassword: canary('wrong-password'),
  token: canary('token'),
  labelled: canary('labelled'),
  charts: canary('charts'),
  webhook: canary('webhook'),
  guess: canary('guess'),
  proxy: canary('proxy'),
};

const namespace = 'evenkeel';
const memory = '/dev/shm/evenkeel';

describe('credentials of every kind, at the level that logs most', () => {
  let world: World;
  let watch: ProcessWatch;
  let servers: Servers;
  /** Every text that may be nowhere. */
  let secrets: readonly string[];

  before(async () => {
    world = await startWorld({ values: { 'webhook.enabled': 'true', 'config.logLevel': 'trace' } });
    servers = await startServers();
    const keys = makeKeys(servers);
    secrets = [...Object.values(canaries), ...linesOf(keys.sshKey), ...linesOf(keys.clientKey)];
    const port = await freePort();
    await world.startOperator({
      EVENKEEL_WEBHOOK_ADDRESS: `127.0.0.1:${port}`,
      HTTPS_PROXY: `http://proxy:${canaries.proxy}@127.0.0.1:9`,
      NO_PROXY: '*',
    });
    watch = new ProcessWatch(world.operator.child.pid);
    const overSsh = await declare(world, servers, keys);
    await untilAllWereTried(world);
    await knock(port, servers.right.url);
    await commitAgain(world, overSsh);
  });
  after(async () => {
    watch[Symbol.dispose]();
    await servers[Symbol.asyncDispose]();
    await world[Symbol.asyncDispose]();
  });

  it('all were used', async () => {
    const ready = async (name: string): Promise<string | undefined> =>
      conditionOf((await world.read(name)).status ?? {}, 'Ready')?.reason;
    assert.deepEqual(await Promise.all(['basic', 'labelled', 'ssh'].map(ready)), ['Healthy', 'Healthy', 'Healthy']);
    assert.equal(await ready('wrong'), 'AuthenticationFailed');
    assert.ok(
      watch.seen.some(({ args }) => args.includes('fetch')),
      'git was seen while it fetched',
    );
    assert.ok(
      watch.seen.some(({ args }) => /(^|\/)ssh /.test(args)),
      'ssh was seen',
    );
  });

  it('are not in the log', async () => none(await readFile(world.operator.child.logFile, 'utf8'), 'the log'));

  it('are not in the metrics', async () => none((await world.operator.get('/metrics')).body, 'the metrics'));

  it('are not in events, nor in Applications and Inventories', async () => {
    const kinds = ['events', 'applications.evenkeel.dev', 'inventories.evenkeel.dev', 'leases'];
    for (const kind of kinds) none(await world.plane.kubectl(['get', kind, '-A', '-o', 'json']), kind);
  });

  it('are not in arguments or environments of what the operator started', () => {
    for (const { args, environment } of watch.seen) {
      none(args, `arguments of ${args.slice(0, 80)}`);
      none(environment, `the environment of ${args.slice(0, 80)}`);
    }
  });

  it('are not on disk', async () => {
    const files = await filesBelow(path.join(world.plane.folder, 'evenkeel-operator-data'));
    assert.ok(files.length > 10, `${files.length} files`);
    for (const file of files) none((await readFile(file)).toString('latin1'), file);
  });

  it('are in memory only for as long as a call lasts, and not at all when the operator has stopped', async () => {
    for (const file of await filesBelow(memory)) {
      await eventually(`${file} to go`, async () => (await stat(file).catch(() => undefined)) === undefined);
    }
    await world.stopOperator();
    for (const file of await filesBelow(memory)) none((await readFile(file)).toString('latin1'), file);
  });

  function none(text: string, where: string): void {
    const found = secrets.filter(
      (secret) => text.includes(secret) || text.includes(Buffer.from(secret).toString('base64')),
    );
    assert.deepEqual(
      found.map((secret) => secret.slice(0, 24)),
      [],
      `in ${where}`,
    );
  }
});

interface Servers extends AsyncDisposable {
  readonly right: GitServer;
  readonly labelled: GitServer;
  readonly tls: GitServer;
  readonly ssh: SshServer;
}

async function startServers(): Promise<Servers> {
  await using cleanup = new AsyncDisposableStack();
  const right = cleanup.use(await startGitServer({ credentials: { username: 'ann', password: canaries.password } }));
  const labelled = cleanup.use(await startGitServer({ credentials: { username: 'bob', password: canaries.labelled } }));
  const tls = cleanup.use(await startGitServer({ tls: true }));
  const ssh = cleanup.use(await startSshServer());
  assert.ok(ssh !== undefined, 'there is no sshd, and none can be had');
  const all = cleanup.move();
  return { right, labelled, tls, ssh, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

interface Keys {
  readonly sshKey: string;
  readonly clientKey: string;
  readonly clientCertificate: string;
}

function makeKeys({ ssh }: Servers): Keys {
  const { certPem, keyPem } = createAuthority('client').issue({ commonName: 'client' });
  return { sshKey: ssh.privateKey, clientKey: keyPem, clientCertificate: certPem };
}

/** Each line of a key that is secret by itself. */
function linesOf(pem: string): string[] {
  return pem.split('\n').filter((line) => line.length > 40 && !line.startsWith('-----'));
}

const manifest = (value: string): Record<string, string> => ({
  'a.yaml': JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'canary' }, data: { value } }),
});

async function declare(world: World, servers: Servers, keys: Keys): Promise<GitRepository> {
  const { right, labelled, tls, ssh } = servers;
  const store = (name: string, stringData: Record<string, string>, labels: Record<string, string> = {}) =>
    world.plane.kubectl(
      ['apply', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace, labels }, stringData }),
    );
  const [one, two, three] = await Promise.all([right, labelled, tls].map((server) => server.createRepository('r')));
  const four = await ssh.createRepository('r');
  for (const repository of [one, two, three, four]) await repository?.commit(manifest('one'), 'first');
  await store('basic', { username: 'ann', password: canaries.password });
  await store('wrong', { username: 'ann', password: canaries.wrongPassword });
  await store('token', { bearerToken: canaries.token });
  await store(
    'labelled',
    { url: labelled.url, username: 'bob', password: canaries.labelled },
    { 'evenkeel.dev/secret-type': 'repo-creds' },
  );
  await store('tls', { caBundle: tls.caPem ?? '', clientCert: keys.clientCertificate, clientKey: keys.clientKey });
  await store('ssh', { sshPrivateKey: keys.sshKey, knownHosts: ssh.knownHosts });
  await store('charts', { username: 'ann', password: canaries.charts });
  await store('push', { repoURL: right.url, secret: canaries.webhook }, { 'evenkeel.dev/webhook': 'generic' });

  const git = (repoURL = '', secretRef?: string) => ({
    repoURL,
    path: '.',
    ...(secretRef === undefined ? {} : { secretRef }),
  });
  const chart = { repoURL: right.url, chart: 'none', targetRevision: '1.x', secretRef: 'charts' };
  const sources: Record<string, Record<string, unknown>> = {
    basic: git(one?.url, 'basic'),
    wrong: git(one?.url, 'wrong'),
    token: git(one?.url, 'token'),
    labelled: git(two?.url),
    tls: git(three?.url, 'tls'),
    ssh: git(four.url, 'ssh'),
    chart,
  };
  for (const [name, source] of Object.entries(sources)) {
    await world.createNamespace(`app-${name}`);
    await world.application(name, { source, destination: { namespace: `app-${name}` } });
  }
  return four;
}

async function untilAllWereTried(world: World): Promise<void> {
  for (const name of ['basic', 'labelled', 'ssh', 'tls']) await world.untilSynced(name);
  for (const name of ['wrong', 'token', 'chart']) {
    await world.until(name, 'refused', (status) => conditionOf(status, 'Ready')?.status === 'False');
  }
}

/** Right and wrong requests to the listener for webhooks. */
async function knock(port: number, url: string): Promise<void> {
  const body = JSON.stringify({ repository: `${url}/r.git`, ref: 'refs/heads/main' });
  const send = async (secret: string): Promise<number> => {
    const headers = { 'Content-Type': 'application/json', ...proofOf('generic', body, secret) };
    const response = await fetch(`http://127.0.0.1:${port}/webhook`, { method: 'POST', headers, body });
    await response.text();
    return response.status;
  };
  await eventually('the Secret to count', async () => (await send(canaries.webhook)) === 202);
  assert.equal(await send(canaries.guess), 401);
}

/** A second commit is fetched over the first one. */
async function commitAgain(world: World, repository: GitRepository): Promise<void> {
  const revision = await repository.commit(manifest('two'), 'second');
  await world.untilSynced('ssh', revision);
}

async function filesBelow(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const files: string[] = [];
  for (const name of names) {
    const file = path.join(folder, name);
    if ((await stat(file).catch(() => undefined))?.isFile() === true) files.push(file);
  }
  return files;
}
