import { mark, normalise } from '../../src/diff/diff.ts';
import type { Application } from '../../src/model/application.ts';
import type { Desired, DesiredObject } from '../../src/model/desired.ts';
import { nothingDesired } from '../../src/model/desired.ts';
import { sha256Hex, shortHash } from '../../src/model/hash.ts';
import type { Hook } from '../../src/model/hook.ts';
import type { ApplicationKey } from '../../src/model/installation.ts';
import { installationNamed } from '../../src/model/installation.ts';
import { canonicalJson } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { refOf } from '../../src/model/object.ts';
import type { LoadRequest, Source } from '../../src/source/source.ts';
import { turnOfLive } from '../../src/model/turn.ts';

export const installation = installationNamed('');

/** What Git has: for each commit the objects of every Application, by its name. */
export class Repository {
  /** Artefacts, which a restart of the operator finds again. */
  readonly artefacts = new Map<string, Desired>();
  /** Loading for an Application of this name fails. */
  readonly failures = new Map<string, Error>();
  /** Of Applications, by name, at every commit. */
  readonly hooks = new Map<string, readonly { readonly object: KubeObject; readonly hook: Hook }[]>();
  /** What the last look came to of Applications, by name, that do not see every commit at once. */
  readonly seen = new Map<string, string>();
  readonly #commits: { readonly revision: string; readonly trees: ReadonlyMap<string, readonly KubeObject[]> }[] = [];
  readonly #listeners = new Set<() => void>();

  get newest(): string {
    return this.#commits.at(-1)?.revision ?? '';
  }

  newestSeenBy(name: string): string {
    return this.seen.get(name) ?? this.newest;
  }

  /** Replaces the objects of the named Applications; gives the revision. */
  commit(trees: Readonly<Record<string, readonly KubeObject[]>>): string {
    const revision = sha256Hex(String(this.#commits.length)).slice(0, 40);
    const before = this.#commits.at(-1)?.trees ?? new Map<string, readonly KubeObject[]>();
    this.#commits.push({ revision, trees: new Map([...before, ...Object.entries(trees)]) });
    for (const listener of this.#listeners) listener();
    return revision;
  }

  /** The commit of this number has other objects by now, as a chart that is published again. */
  rewrite(index: number, trees: Readonly<Record<string, readonly KubeObject[]>>): void {
    const { revision } = this.#commits[index] ?? { revision: '' };
    this.#commits[index] = { revision, trees: new Map(Object.entries(trees)) };
  }

  onCommit(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  render(app: Application, revision: string): Desired {
    const failure = this.failures.get(app.name);
    if (failure !== undefined) throw failure;
    const trees = this.#commits.find((commit) => commit.revision === revision)?.trees;
    const objects = (trees?.get(app.name) ?? []).map((object) => desiredFrom(object, app.key));
    const digest = sha256Hex(objects.map(({ ref, hash }) => canonicalJson([{ ...ref }, hash])).join());
    const hooks = (this.hooks.get(app.name) ?? []).map(({ object, hook }) => ({
      ...desiredFrom(object, app.key),
      hook,
    }));
    const desired = { ...nothingDesired, revision, digest, objects, hooks, sourceTypes: ['Directory' as const] };
    this.artefacts.set(digest, desired);
    return desired;
  }
}

/** As `source/` hands objects over: normalised and marked. */
export function desiredFrom(object: KubeObject, key: ApplicationKey): DesiredObject {
  const body = mark(normalise(object), { key, installation });
  const hash = shortHash(canonicalJson(body));
  const origin = { file: 'deploy.yaml', document: 1, line: 1 };
  const turn = turnOfLive(body, installation);
  return { ref: refOf(body), apiVersion: body.apiVersion, hash, origin, ...turn, body: () => body };
}

/** `source/` without Git, over a repository in memory. */
export class StubSource implements Source {
  readonly artefacts: Source['artefacts'];
  /** What was asked for, oldest first. */
  readonly loads: LoadRequest[] = [];
  readonly #repository: Repository;
  readonly #followed = new Set<ApplicationKey>();
  readonly #listeners = new Set<(key: ApplicationKey) => void>();
  readonly #stop: () => void;

  constructor(repository: Repository) {
    this.#repository = repository;
    this.artefacts = {
      open: (digest) => Promise.resolve(repository.artefacts.get(digest)),
      keep: () => undefined,
    };
    this.#stop = repository.onCommit(() => {
      for (const key of this.#followed) for (const listener of this.#listeners) listener(key);
    });
  }

  follow(app: Application): void {
    this.#followed.add(app.key);
  }

  unfollow(key: ApplicationKey): void {
    this.#followed.delete(key);
  }

  isFollowed(key: ApplicationKey): boolean {
    return this.#followed.has(key);
  }

  onNews(listener: (key: ApplicationKey) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  pushed(): void {
    // Every commit is known at once.
  }

  async load(app: Application, ask: LoadRequest, signal: AbortSignal): Promise<Desired> {
    signal.throwIfAborted();
    this.loads.push(ask);
    await Promise.resolve();
    const [asked = ''] = ask.revisions ?? [];
    return this.#repository.render(app, asked === '' ? this.#repository.newestSeenBy(app.name) : asked);
  }

  newestRevision(key: ApplicationKey): string | undefined {
    return this.#followed.has(key) ? this.#repository.newestSeenBy(nameOf(key)) : undefined;
  }

  isOutOfSight(): boolean {
    return false;
  }

  async lookAtOthers(key: ApplicationKey): Promise<void> {
    await Promise.resolve();
    for (const other of this.#followed) {
      if (other === key || !this.#repository.seen.delete(nameOf(other))) continue;
      for (const listener of this.#listeners) listener(other);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
    return Promise.resolve();
  }
}

function nameOf(key: ApplicationKey): string {
  return key.slice(key.indexOf('/') + 1);
}
