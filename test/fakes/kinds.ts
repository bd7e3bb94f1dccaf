import type { KindAnswer, Kinds, ServedKind } from '../../src/kube/cluster.ts';
import type { JsonValue } from '../../src/model/json.ts';
import { arrayAt, isJsonObject, objectAt, stringAt } from '../../src/model/json.ts';
import type { GroupKind, KubeObject } from '../../src/model/object.ts';
import { groupKindKey } from '../../src/model/object.ts';
import { builtInKinds } from './schema.ts';

/** Discovery that the test decides: everything not served is `gone`, unless it is in doubt. */
export class FakeKinds implements Kinds {
  readonly #served = new Map<string, ServedKind[]>();
  readonly #doubts = new Map<string, string>();
  readonly #listeners = new Set<() => void>();
  /** Looks that were asked for. */
  refreshes = 0;

  constructor() {
    for (const kind of builtInKinds()) this.#add(kind);
  }

  find(kind: GroupKind, apiVersion?: string): KindAnswer {
    const why = this.#doubts.get(groupKindKey(kind));
    if (why !== undefined) return { state: 'unknown', why };
    const versions = this.#served.get(groupKindKey(kind)) ?? [];
    const served = versions.find((version) => apiVersion === undefined || version.apiVersion === apiVersion);
    return served === undefined ? { state: 'gone' } : { state: 'served', kind: served };
  }

  refresh(): Promise<void> {
    this.refreshes += 1;
    return Promise.resolve();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Adds a kind, or a version of one; the first version is the preferred one. */
  serve(kind: ServedKind): void {
    this.#add(kind);
    this.#tell();
  }

  /** From now on `gone`. */
  withdraw(kind: GroupKind): void {
    this.#served.delete(groupKindKey(kind));
    this.#tell();
  }

  /** From now on `unknown`, until `trust`. */
  doubt(kind: GroupKind, why = 'discovery is stale'): void {
    this.#doubts.set(groupKindKey(kind), why);
    this.#tell();
  }

  trust(kind: GroupKind): void {
    this.#doubts.delete(groupKindKey(kind));
    this.#tell();
  }

  /** Serves what a CustomResourceDefinition says. */
  define(crd: KubeObject): void {
    const spec = objectAt(crd, 'spec');
    const names = objectAt(spec, 'names');
    for (const version of arrayAt(spec, 'versions').filter(isServed)) {
      const group = stringAt(spec, 'group') ?? '';
      this.#add({
        group,
        kind: stringAt(names, 'kind') ?? '',
        apiVersion: `${group}/${stringAt(version, 'name') ?? ''}`,
        resource: stringAt(names, 'plural') ?? '',
        namespaced: stringAt(spec, 'scope') === 'Namespaced',
        verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
      });
    }
    this.#tell();
  }

  #add(kind: ServedKind): void {
    const key = groupKindKey(kind);
    const others = (this.#served.get(key) ?? []).filter(({ apiVersion }) => apiVersion !== kind.apiVersion);
    this.#served.set(key, [...others, kind]);
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

function isServed(version: JsonValue): boolean {
  return isJsonObject(version) && version['served'] !== false;
}
