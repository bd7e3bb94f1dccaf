import type { Cluster, Reflector, ServedKind } from './cluster.ts';
import type { JsonObject } from '../model/json.ts';
import { objectAt } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import { labelsOf, refOf } from '../model/object.ts';
import type { FoundSecret } from '../model/ports.ts';

export const secretKind: ServedKind = {
  group: '',
  kind: 'Secret',
  apiVersion: 'v1',
  resource: 'secrets',
  namespaced: true,
  verbs: ['get', 'list', 'watch'],
};

export interface WatchedSecret extends FoundSecret {
  readonly labels: JsonObject;
}

export interface SecretWatchOptions {
  readonly cluster: Pick<Cluster, 'reflect'>;
  readonly selection: {
    readonly namespace: string;
    readonly labelSelector?: string;
    readonly fieldSelector?: string;
  };
  /** Asks the server for the same Secrets. Throws ApiError. */
  readonly ask: () => Promise<readonly KubeObject[]>;
  /**
   * One of them was changed, created or deleted, or is selected no more, after an answer. A watch that was lost for long
   * tells all that are there.
   */
  readonly changed: (secret: { readonly namespace: string; readonly name: string }) => void;
}

/**
 * Some Secrets of a namespace, watched as soon as it is made.
 *
 * Guarantees: what was changed after an answer is told, also when it happened while the watch was lost.
 */
export class SecretWatch {
  readonly #options: SecretWatchOptions;
  readonly #known = new Map<string, WatchedSecret>();
  readonly #reflector: Reflector;
  /** Settled by the first list, or by the first failure. */
  readonly #first = Promise.withResolvers<undefined>();
  #asking: Promise<readonly WatchedSecret[]> | undefined;
  #hasAnswered = false;
  /** Names of what moved while the list was not complete. */
  readonly #untold = new Set<string>();

  constructor(options: SecretWatchOptions) {
    this.#options = options;
    this.#reflector = options.cluster.reflect({
      ...options.selection,
      kind: secretKind,
      metadataOnly: false,
      listener: {
        synced: () => {
          this.#first.resolve(undefined);
          this.#tell();
        },
        interrupted: () => this.#first.resolve(undefined),
        changed: (object) => {
          this.#known.set(refOf(object).name, watchedSecret(object));
          this.#moved(object);
        },
        deleted: (object) => {
          this.#known.delete(refOf(object).name);
          this.#moved(object);
        },
      },
    });
  }

  /** By name; the buffers are shared: do not write. Throws ApiError when it cannot be said. */
  async all(): Promise<readonly WatchedSecret[]> {
    await this.#first.promise;
    this.#hasAnswered = true;
    if (this.#reflector.complete) return byName([...this.#known.values()]);
    // The watch cannot say; the server can, or tells why not. Questions at the same time share the answer.
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined));
    return await this.#asking;
  }

  stop(): void {
    this.#reflector.stop();
    this.#first.resolve(undefined);
  }

  async #ask(): Promise<readonly WatchedSecret[]> {
    return byName((await this.#options.ask()).map(watchedSecret));
  }

  #moved(object: KubeObject): void {
    this.#untold.add(refOf(object).name);
    if (this.#reflector.complete) this.#tell();
  }

  #tell(): void {
    const names = [...this.#untold];
    this.#untold.clear();
    if (!this.#hasAnswered) return;
    const { namespace } = this.#options.selection;
    for (const name of names) this.#options.changed({ namespace, name });
  }
}

function watchedSecret(object: KubeObject): WatchedSecret {
  const { namespace, name } = refOf(object);
  const data = Object.entries(objectAt(object, 'data')).map(([key, value]) => [
    key,
    Buffer.from(typeof value === 'string' ? value : '', 'base64'),
  ]);
  return { namespace, name, labels: labelsOf(object), data: Object.fromEntries(data) as FoundSecret['data'] };
}

function byName(secrets: readonly WatchedSecret[]): readonly WatchedSecret[] {
  return secrets.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
