import assert from 'node:assert/strict';
import type { GitRepository } from '../../../tools/git-server.ts';
import { startWorld, type World } from '../../../tools/world.ts';
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

/** The operator behind a proxy that kills it. */
export class KillStage implements AsyncDisposable {
  readonly world: World;
  readonly checker: Checker;
  readonly #switch: KillSwitch;

  constructor(world: World) {
    this.world = world;
    this.checker = new Checker(world);
    this.#switch = new KillSwitch(world);
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
      await this.world.startOperator();
      await this.#untilQuiet(subject, revision);
    }
    const formerKinds = former.map(({ kind }) => kind);
    await this.checker.check({ name, namespace: name, revision, manifests, formerKinds, uids });
    await this.#checkDeletions(former, manifests);
    return { subject, fatal, writes };
  }

  /** Takes everything away, as an administrator; waits for nothing. */
  async end({ name, manifests }: Subject): Promise<void> {
    const { api } = this.world.plane;
    await api.must({ method: 'DELETE', path: `/apis/evenkeel.dev/v1alpha1/namespaces/evenkeel/applications/${name}` });
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
    const live = await this.checker.live({ name, namespace: name, kinds });
    return new Map([...live].map(([ref, { uid }]) => [ref, uid]));
  }

  /** Also what came back at once would be an error. */
  async #checkDeletions(former: readonly Manifest[], manifests: readonly Manifest[]): Promise<void> {
    const wanted = new Set(manifests.map(refOf));
    const pruned = new Set(former.filter((manifest) => !wanted.has(refOf(manifest))).map(({ metadata }) => metadata.name));
    const deletions = (await this.world.managedWrites()).filter(({ verb }) => verb.startsWith('delete'));
    const others = deletions.filter((request) => !pruned.has(request.name));
    assert.deepEqual(others, [], 'nothing is deleted but what Git has dropped');
  }
}

export async function setKillStage(): Promise<KillStage> {
  const world = await startWorld({ proxied: true });
  const stage = new KillStage(world);
  await world.startOperator();
  return stage;
}

function fileOf(manifests: readonly Manifest[]): Record<string, string> {
  return { 'all.yaml': manifests.map((manifest) => JSON.stringify(manifest)).join('\n---\n') };
}
