import assert from 'node:assert/strict';
import type { FaultProxy } from '../../../tools/fault-proxy.ts';
import type { GitRepository } from '../../../tools/git-server.ts';
import { applications, startWorld, type World } from '../../../tools/world.ts';
import type { Manifest } from '../../corpus/independent-check.ts';
import { Checker, refOf, type RefText } from './kills-checker.ts';
import { KillSwitch, type KillPoint } from './kills-switch.ts';

/** An Application of its own repository and namespace, in sync. */
export interface Subject {
  /** Of the Application and of its namespace. */
  readonly name: string;
  readonly repository: GitRepository;
  readonly manifests: readonly Manifest[];
}

/** How one operator ends, and what is done so that there is one again. */
export interface Lives {
  readonly end: () => Promise<unknown>;
  readonly begin: () => Promise<unknown>;
}

/** The operator behind a proxy that kills it. */
export class KillStage implements AsyncDisposable {
  readonly world: World;
  readonly checker: Checker;
  readonly #switch: KillSwitch;
  readonly #lives: Lives;

  constructor(world: World, lives: Lives) {
    this.world = world;
    this.checker = new Checker(world);
    this.#switch = new KillSwitch(proxyOf(world), lives.end);
    this.#lives = lives;
  }

  async begin(name: string, manifests: readonly Manifest[]): Promise<Subject> {
    const repository = await this.world.git.createRepository(name);
    const revision = await repository.commit(fileOf(manifests), 'first');
    await this.world.application(name, {
      source: { repoURL: repository.url, path: '.', targetRevision: 'main' },
      destination: { namespace: name },
    });
    const subject = { name, repository, manifests };
    await this.#untilQuiet(subject, revision);
    return subject;
  }

  /**
   * Commits the manifests, kills the operator at the given point of the sync, starts it again, and holds the result
   * against Git. Returns the fatal write; undefined when the sync has fewer writes.
   */
  async sync({ name, repository, manifests: former }: Subject, manifests: readonly Manifest[], point: KillPoint) {
    const uids = await this.#uids(name, former);
    await this.world.plane.forgetRequests();
    const killed = this.#switch.arm(point);
    const revision = await repository.commit(fileOf(manifests), 'next');
    const subject = { name, repository, manifests };
    const fatal = await Promise.race([killed, this.#untilQuiet(subject, revision)]);
    const writes = this.#switch.disarm();
    if (fatal !== undefined) {
      for (const [ref, uid] of await this.#uids(name, [...former, ...manifests])) uids.set(ref, uid);
      await this.#lives.begin();
      await this.#untilQuiet(subject, revision);
    }
    const formerKinds = former.map(({ kind }) => kind);
    await this.checker.check({ name, revision, manifests, formerKinds, uids });
    await this.#checkWrites(former, manifests);
    return { subject, fatal, writes };
  }

  /** Takes everything away, as an administrator; waits for nothing. */
  async end({ name, manifests }: Subject): Promise<void> {
    const { api } = this.world.plane;
    await api.must({ method: 'DELETE', path: `${applications}/${name}` });
    await api.must({ method: 'DELETE', path: `/api/v1/namespaces/${name}` });
    for (const { kind, metadata } of manifests) {
      if (kind !== 'CustomResourceDefinition') continue;
      const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${metadata.name}`;
      await api.must({ method: 'DELETE', path });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.world[Symbol.asyncDispose]();
  }

  async #untilQuiet({ name }: Subject, revision: string): Promise<undefined> {
    await this.world.untilSynced(name, revision, { every: 20 });
    await this.world.operatorHasLooked(name);
  }

  async #uids(name: string, manifests: readonly Manifest[]): Promise<Map<RefText, string>> {
    const kinds = [...new Set(manifests.map(({ kind }) => kind))];
    const live = await this.checker.live(name, kinds);
    return new Map([...live].map(([ref, { uid }]) => [ref, uid]));
  }

  /** What was right in the end may have been wrong on the way: deleted and back again, or put back to what it was. */
  async #checkWrites(former: readonly Manifest[], manifests: readonly Manifest[]): Promise<void> {
    const wanted = new Set(manifests.map(refOf));
    const pruned = former.filter((manifest) => !wanted.has(refOf(manifest))).map(({ metadata }) => metadata.name);
    const done = (await this.world.managedWrites()).filter(({ code }) => code >= 200 && code < 300);
    const told = done.map(({ verb, resource, name }) => `${verb} ${resource} ${name}`);
    const deleted = done.filter(({ verb }) => verb === 'delete').map(({ name }) => name);
    assert.deepEqual(
      deleted.sort(),
      deleted.filter((name) => pruned.includes(name)),
      'only what Git dropped is deleted',
    );
    assert.deepEqual(
      told.filter((write, index) => told.indexOf(write) !== index),
      [],
      'nothing is done twice',
    );
  }
}

export async function setKillStage(): Promise<KillStage> {
  const world = await startWorld({ proxied: true });
  const lives = { end: () => world.killOperator(), begin: () => world.startOperator() };
  await lives.begin();
  return new KillStage(world, lives);
}

export function proxyOf({ proxy }: World): FaultProxy {
  if (proxy === undefined) throw new Error('the world has no proxy');
  return proxy;
}

export function fileOf(manifests: readonly Manifest[]): Record<string, string> {
  return { 'all.yaml': manifests.map((manifest) => JSON.stringify(manifest)).join('\n---\n') };
}
