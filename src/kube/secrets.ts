import type { Cluster } from './cluster.ts';
import { secretKind, SecretWatch } from './secret-watch.ts';
import type { Clock, SecretData } from '../model/ports.ts';

/** Secrets by name, each watched from its first use on: a change is known at once, an unchanged one costs nothing. */
export interface SecretReader extends Disposable {
  /** undefined: there is no such Secret. Throws ApiError when that cannot be said. The buffers are shared: do not write. */
  get(namespace: string, name: string): Promise<SecretData | undefined>;
  /** Called when a watched Secret was changed, created or deleted. Returns the way to unsubscribe. */
  onChange(listener: (namespace: string, name: string) => void): () => void;
}

/** A Secret that nobody asked for in so long is no longer watched; asking for it watches it again. */
const unusedMs = 24 * 3_600_000;

interface Watched {
  readonly watch: SecretWatch;
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
    const watched = this.#watched.get(key) ?? { watch: this.#watch(namespace, name), usedAt: 0 };
    this.#watched.set(key, watched);
    watched.usedAt = this.#clock.monotonic();
    const [secret] = await watched.watch.all();
    return secret?.data;
  }

  onChange(listener: (namespace: string, name: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  [Symbol.dispose](): void {
    for (const { watch } of this.#watched.values()) watch.stop();
    this.#watched.clear();
  }

  #watch(namespace: string, name: string): SecretWatch {
    return new SecretWatch({
      cluster: this.#cluster,
      selection: { namespace, fieldSelector: `metadata.name=${name}` },
      ask: async () => {
        const object = await this.#cluster.read({ ...secretKind, namespace, name }, {});
        return object === undefined ? [] : [object];
      },
      changed: () => {
        for (const listener of this.#listeners) listener(namespace, name);
      },
    });
  }

  #release(): void {
    const oldest = this.#clock.monotonic() - unusedMs;
    for (const [key, { watch, usedAt }] of this.#watched) {
      if (usedAt >= oldest) continue;
      watch.stop();
      this.#watched.delete(key);
    }
  }
}
