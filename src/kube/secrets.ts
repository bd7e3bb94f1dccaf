import type { Cluster, Reflector, ServedKind } from './cluster.ts';
import type { JsonObject } from '../model/json.ts';
import { objectAt } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import type { Clock } from '../model/ports.ts';

export type SecretData = Readonly<Record<string, Buffer>>;

/** Secrets by name, each watched from its first use on: a change is known at once, an unchanged one costs nothing. */
export interface SecretReader extends Disposable {
  /** undefined: there is no such Secret. Throws ApiError when that cannot be said. The buffers are shared: do not write. */
  get(namespace: string, name: string): Promise<SecretData | undefined>;
  /** Called when a watched Secret was changed, created or deleted. Returns the way to unsubscribe. */
  onChange(listener: (namespace: string, name: string) => void): () => void;
}

const secretKind: ServedKind = {
  group: '',
  kind: 'Secret',
  apiVersion: 'v1',
  resource: 'secrets',
  namespaced: true,
  verbs: ['get', 'list', 'watch'],
};

/** A Secret that nobody asked for in so long is no longer watched; asking for it watches it again. */
const unusedMs = 24 * 3_600_000;

interface Watched {
  readonly reflector: Reflector;
  /** Settled by the first list, or by the first failure. */
  readonly first: Promise<unknown>;
  data: SecretData | undefined;
  usedAt: number;
}

export function createSecretReader(cluster: Pick<Cluster, 'read' | 'reflect'>, clock: Clock): SecretReader {
  return new WatchedSecrets(cluster, clock);
}

class WatchedSecrets implements SecretReader {
  readonly #cluster: Pick<Cluster, 'read' | 'reflect'>;
  readonly #clock: Clock;
  readonly #watched = new Map<string, Watched>();
  readonly #listeners = new Set<(namespace: string, name: string) => void>();

  constructor(cluster: Pick<Cluster, 'read' | 'reflect'>, clock: Clock) {
    this.#cluster = cluster;
    this.#clock = clock;
  }

  async get(namespace: string, name: string): Promise<SecretData | undefined> {
    this.#release();
    const key = `${namespace}/${name}`;
    const watched = this.#watched.get(key) ?? this.#watch(namespace, name);
    this.#watched.set(key, watched);
    watched.usedAt = this.#clock.monotonic();
    await watched.first;
    if (watched.reflector.complete) return watched.data;
    // The watch cannot say; a read can, or tells why not.
    const object = await this.#cluster.read({ ...secretKind, namespace, name }, {});
    return object === undefined ? undefined : dataOf(object);
  }

  onChange(listener: (namespace: string, name: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  [Symbol.dispose](): void {
    for (const { reflector } of this.#watched.values()) reflector.stop();
    this.#watched.clear();
  }

  #watch(namespace: string, name: string): Watched {
    const { promise: first, resolve } = Promise.withResolvers<undefined>();
    const set = (data: SecretData | undefined) => {
      watched.data = data;
      if (watched.reflector.complete) for (const listener of this.#listeners) listener(namespace, name);
    };
    const reflector = this.#cluster.reflect({
      kind: secretKind,
      metadataOnly: false,
      namespace,
      fieldSelector: `metadata.name=${name}`,
      listener: {
        synced: () => resolve(undefined),
        interrupted: () => resolve(undefined),
        changed: (object) => set(dataOf(object)),
        deleted: () => set(undefined),
      },
    });
    const watched: Watched = { reflector, first, data: undefined, usedAt: 0 };
    return watched;
  }

  #release(): void {
    const oldest = this.#clock.monotonic() - unusedMs;
    for (const [key, { reflector, usedAt }] of this.#watched) {
      if (usedAt >= oldest) continue;
      reflector.stop();
      this.#watched.delete(key);
    }
  }
}

function dataOf(secret: KubeObject): SecretData {
  const data: JsonObject = objectAt(secret, 'data');
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(typeof value === 'string' ? value : '', 'base64')]),
  );
}
