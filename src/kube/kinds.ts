import type { KindAnswer, Kinds } from './cluster.ts';
import type { DiscoveryDocument, GroupVersion } from './discovery.ts';
import { isTransient } from '../model/api-error.ts';
import { errorOfFailure } from './errors.ts';
import { groupOf } from '../model/object.ts';
import type { GroupKind } from '../model/object.ts';

type Root = '/api' | '/apis';

/** What is known of CustomResourceDefinitions and APIServices. */
export interface Definitions {
  /** Both lists are complete: a group that is in neither does not exist. */
  readonly complete: boolean;
  hasGroup(group: string): boolean;
  /** `apps/v1` */
  hasVersion(apiVersion: string): boolean;
}

const noDefinitions: Definitions = { complete: false, hasGroup: () => true, hasVersion: () => true };

/** Reads one document, given the last one; throws ApiError. */
export type Discover = (root: Root, last: DiscoveryDocument | undefined) => Promise<DiscoveryDocument>;

/**
 * Discovery, kept in memory.
 *
 * Guarantees: what was served stays served while a look fails (its requests fail for themselves); nothing is `gone`
 * unless the newest look of its group succeeded.
 */
export class DiscoveredKinds implements Kinds {
  readonly #discover: Discover;
  readonly #documents = new Map<Root, DiscoveryDocument>();
  readonly #failures = new Map<Root, string>();
  readonly #listeners = new Set<() => void>();
  #definitions = noDefinitions;
  #running: Promise<void> | undefined;
  #lastAnswers = '';
  /** Of the documents as they are. */
  #apiVersions: readonly string[] | undefined;

  constructor(discover: Discover) {
    this.#discover = discover;
  }

  /** True while an answer may change without a definition's event: something is stale, or the last look failed. */
  get unsettled(): boolean {
    return this.failing || this.#allVersions().some((version) => version.stale);
  }

  get failing(): boolean {
    return this.#failures.size > 0;
  }

  find({ group, kind }: GroupKind, apiVersion?: string): KindAnswer {
    const root: Root = group === '' ? '/api' : '/apis';
    const failure = this.#failures.get(root);
    const document = this.#documents.get(root);
    if (document === undefined) return { state: 'unknown', why: failure ?? 'discovery was not read yet' };
    const all = document.groups.get(group) ?? [];
    const versions = apiVersion === undefined ? all : all.filter((version) => version.apiVersion === apiVersion);
    const served = versions.find((version) => !version.stale && version.kinds.has(kind))?.kinds.get(kind);
    if (served !== undefined) return { state: 'served', kind: served };
    if (failure !== undefined) return { state: 'unknown', why: failure };
    return this.#missing(versions.length > 0 ? versions : all, { group, apiVersion, listed: versions.length > 0 });
  }

  /** All that is served, as `apps/v1` and `apps/v1/Deployment`, sorted; undefined until all of discovery was read. */
  apiVersions(): readonly string[] | undefined {
    if (!this.#documents.has('/api') || !this.#documents.has('/apis')) return undefined;
    this.#apiVersions ??= this.#allVersions()
      .flatMap(({ apiVersion, kinds }) => [apiVersion, ...[...kinds.keys()].map((kind) => `${apiVersion}/${kind}`)])
      .sort();
    return this.#apiVersions;
  }

  refresh(): Promise<void> {
    this.#running ??= this.#look().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether any version of the group lists the plural name. */
  lists(group: string, resource: string): boolean {
    const versions = this.#documents.get(group === '' ? '/api' : '/apis')?.groups.get(group) ?? [];
    return versions.some((version) => version.kinds.values().some((kind) => kind.resource === resource));
  }

  /** Called when what is known of definitions has changed. */
  define(definitions: Definitions): void {
    this.#definitions = definitions;
    this.#tell();
  }

  #missing(
    versions: readonly GroupVersion[],
    asked: { group: string; apiVersion: string | undefined; listed: boolean },
  ): KindAnswer {
    const stale = versions.find((version) => version.stale);
    if (stale !== undefined) return { state: 'unknown', why: `discovery of ${stale.apiVersion} is stale` };
    if (asked.listed) return { state: 'gone' };
    if (!this.#definitions.complete) {
      return { state: 'unknown', why: 'CustomResourceDefinitions and APIServices are not listed yet' };
    }
    const { group, apiVersion } = asked;
    const defined =
      apiVersion !== undefined && versions.length > 0
        ? this.#definitions.hasVersion(apiVersion)
        : this.#definitions.hasGroup(group);
    return defined
      ? { state: 'unknown', why: `${apiVersion ?? group} is defined but not served yet` }
      : { state: 'gone' };
  }

  async #look(): Promise<void> {
    await Promise.all([this.#read('/api'), this.#read('/apis')]);
    this.#apiVersions = undefined;
    this.#tell();
  }

  async #read(root: Root): Promise<void> {
    try {
      this.#documents.set(root, await this.#discover(root, this.#documents.get(root)));
      this.#failures.delete(root);
    } catch (thrown) {
      const error = errorOfFailure(thrown, 'discovery failed');
      this.#failures.set(root, isTransient(error) ? error.message : `discovery is refused: ${error.message}`);
    }
  }

  #tell(): void {
    const answers = this.#answers();
    if (answers === this.#lastAnswers) return;
    this.#lastAnswers = answers;
    for (const listener of this.#listeners) listener();
  }

  /** Equal text ⇔ equal answers to every question. */
  #answers(): string {
    const versions = this.#allVersions().map((version) => {
      const kinds = [...version.kinds.values()].map((kind) => JSON.stringify(kind));
      return `${version.apiVersion} ${version.stale} ${kinds.join(',')}`;
    });
    const groups = [...new Set(this.#allVersions().map((version) => groupOf(version.apiVersion)))];
    const undecided = groups.filter((group) => this.#definitions.hasGroup(group));
    return [...versions, ...undecided, this.#definitions.complete, ...this.#failures.values()].join('\n');
  }

  #allVersions(): GroupVersion[] {
    return [...this.#documents.values()].flatMap((document) => [...document.groups.values()].flat());
  }
}
