import assert from 'node:assert/strict';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { obtain } from '../../tools/assets/assets.ts';
import { eventually } from '../../tools/eventually.ts';
import type { GitRepository } from '../../tools/git-server.ts';
import type { ApplicationJson, World } from '../../tools/world.ts';
import { applications, conditionOf, isWrite, startWorld } from '../../tools/world.ts';

const total = 1_000;
const dependents = 10;
const intervalSeconds = 10;
const namespace = 'fleet';
const names = Array.from({ length: total }, (_, index) => `app-${String(index).padStart(4, '0')}`);
const patience = { within: 600_000, every: 250 };

/** Names the ConfigMap by the folder; the first ten have what they share in a base beside them. */
function filesOf(name: string, index: number, value: string): Record<string, string> {
  const base = index < dependents ? '../../bases/shared' : undefined;
  const resources = ['settings.yaml', ...(base === undefined ? [] : [base])];
  return {
    [`apps/${name}/kustomization.yaml`]: JSON.stringify({ resources, namePrefix: `${name}-` }),
    [`apps/${name}/settings.yaml`]: configMap('settings', value),
  };
}

function configMap(name: string, value: string): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { value } });
}

/** What rendering came to since the operator's start. */
interface Renders {
  readonly hits: number;
  readonly misses: number;
  readonly spawned: number;
}

describe('A repository of 1,000 Applications', () => {
  let world: World;
  let repository: GitRepository;
  let log: string;

  const metric = async (outcome: string): Promise<number> =>
    (await world.operator.metric('evenkeel_renders_total', { outcome })) ?? 0;
  const renders = async (): Promise<Renders> => ({
    hits: await metric('hit'),
    misses: await metric('miss'),
    spawned: (await readFile(log, 'utf8')).split('\n').filter((line) => line.startsWith('build')).length,
  });

  /** Commits, waits until every Application was compared with the new revision, and gives what that took. */
  async function afterCommit(files: Record<string, string>, rendered: readonly string[]): Promise<Renders> {
    await world.plane.forgetRequests();
    world.git.forgetRequests();
    const before = await renders();
    const revision = await repository.commit(files, 'change');
    await eventually(
      'every Application to be looked up once',
      async () => {
        const now = await renders();
        return now.hits + now.misses - before.hits - before.misses >= total;
      },
      patience,
    );
    for (const name of rendered) await world.untilSynced(name, revision, patience);
    const now = await renders();
    return {
      hits: now.hits - before.hits,
      misses: now.misses - before.misses,
      spawned: now.spawned - before.spawned,
    };
  }

  /** Applications that anything was sent about. */
  async function touched(): Promise<string[]> {
    const requests = await world.requests((request) => isWrite(request) && request.resource !== 'leases');
    const named = requests.map(({ uri }) => /app-[0-9]{4}/.exec(uri)?.[0] ?? uri.split('?')[0] ?? uri);
    return [...new Set(named)].filter((name) => !name.endsWith('/events')).sort();
  }

  before(async () => {
    world = await startWorld();
    const counting = await countingKustomize(world.plane.folder);
    log = counting.log;
    repository = await world.git.createRepository('fleet');
    const files = names.map((name, index) => filesOf(name, index, 'one'));
    await repository.commit(
      Object.assign({ ...base('one') }, ...files) as Record<string, string>,
      'a fleet of Applications',
    );
    await world.createNamespace(namespace);
    await declare(world, repository);
    await world.startOperator({ PATH: `${counting.folder}:${process.env['PATH'] ?? ''}`, EVENKEEL_WORKERS: '8' });
    await untilAllReady(world);
  });
  after(() => world[Symbol.asyncDispose]());

  it('renders each once at first, after one fetch', async () => {
    const { misses, spawned } = await renders();
    assert.deepEqual([misses, spawned], [total, total]);
    assert.equal(world.git.count('fetch', 'fleet'), 1);
  });

  it('renders the one that a commit touches, and sends nothing about the others', async () => {
    const name = names[500] ?? '';
    const { hits, misses, spawned } = await afterCommit(filesOf(name, 500, 'two'), [name]);
    assert.deepEqual([hits, misses, spawned], [total - 1, 1, 1]);
    assert.deepEqual(await touched(), [name]);
    assert.equal(world.git.count('fetch', 'fleet'), 1, 'one fetch per commit');
  });

  it('renders those that share a base when the base changes', async () => {
    const sharing = names.slice(0, dependents);
    const { hits, misses, spawned } = await afterCommit(base('two'), sharing);
    assert.deepEqual([hits, misses, spawned], [total - dependents, dependents, dependents]);
    assert.deepEqual(await touched(), sharing);
  });

  it('renders nothing for a commit that nobody reads', async () => {
    const { hits, misses, spawned } = await afterCommit({ 'README.md': 'words' }, []);
    assert.deepEqual([hits, misses, spawned], [total, 0, 0]);
    assert.deepEqual(await touched(), []);
  });

  it('renders the one whose spec changes', async () => {
    const name = names[700] ?? '';
    const before = await renders();
    const kustomize = { commonLabels: { changed: 'yes' } };
    await world.application(name, {
      ...specOf(repository, name),
      source: { ...sourceOf(repository, name), kustomize },
    });
    await eventually('the object to have the label', async () =>
      JSON.stringify(
        await world.plane.api.must({ path: `/api/v1/namespaces/${namespace}/configmaps/${name}-settings` }),
      ).includes('"changed":"yes"'),
    );
    const now = await renders();
    assert.deepEqual([now.misses - before.misses, now.spawned - before.spawned], [1, 1]);
  });

  it('looks at the remote once per interval for all of them', async () => {
    world.git.forgetRequests();
    const start = performance.now();
    await sleep(2 * intervalSeconds * 1000);
    const intervals = (performance.now() - start) / 1000 / intervalSeconds;
    const polls = world.git.count('ls-refs', 'fleet');
    assert.ok(polls >= 1 && polls <= Math.ceil(intervals / 0.9) + 1, `${polls} looks in ${intervals} intervals`);
    assert.equal(world.git.count('fetch', 'fleet'), 0);
  });
});

function base(value: string): Record<string, string> {
  return {
    'bases/shared/kustomization.yaml': JSON.stringify({ resources: ['shared.yaml'] }),
    'bases/shared/shared.yaml': configMap('shared', value),
  };
}

function sourceOf(repository: GitRepository, name: string): Record<string, unknown> {
  return { repoURL: repository.url, path: `apps/${name}`, targetRevision: 'main' };
}

function specOf(repository: GitRepository, name: string): Record<string, unknown> {
  return {
    interval: `${intervalSeconds}s`,
    source: sourceOf(repository, name),
    destination: { namespace },
    syncPolicy: { automated: { prune: true, selfHeal: true } },
  };
}

async function declare(world: World, repository: GitRepository): Promise<void> {
  const pending = [...names];
  const one = async (): Promise<void> => {
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      const metadata = { name, namespace: 'evenkeel' };
      const body = {
        apiVersion: 'evenkeel.dev/v1alpha1',
        kind: 'Application',
        metadata,
        spec: specOf(repository, name),
      };
      await world.plane.api.must({ method: 'POST', path: applications, body });
    }
  };
  await Promise.all(Array.from({ length: 8 }, one));
}

async function untilAllReady(world: World): Promise<void> {
  await eventually(
    'every Application to be ready, and the operator at rest',
    async () => {
      const { items } = (await world.plane.api.must({ path: applications })) as { items: ApplicationJson[] };
      const isReady = ({ status = {} }: ApplicationJson): boolean => conditionOf(status, 'Ready')?.status === 'True';
      return items.every(isReady) && (await world.operator.metric('evenkeel_queue_depth')) === 0;
    },
    patience,
  );
}

/** A kustomize on the PATH that writes down each run. */
async function countingKustomize(parent: string): Promise<{ folder: string; log: string }> {
  const { kustomize } = await obtain(['kustomize']);
  const log = path.join(parent, 'kustomize.log');
  const script = path.join(parent, 'kustomize');
  await writeFile(log, '');
  await writeFile(script, `#!/bin/sh\necho "$1" >>'${log}'\nexec '${kustomize}' "$@"\n`);
  await chmod(script, 0o755);
  return { folder: parent, log };
}
