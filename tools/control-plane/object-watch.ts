import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../eventually.ts';
import type { ApiClient, WatchEvent } from './api-client.ts';

const RETRY_MS = 100;

/** One state of an object, with the monotonic time in milliseconds at which its event arrived. */
export interface Sighting<T> {
  readonly at: number;
  readonly deleted: boolean;
  readonly object: T;
}

/** Follows one object by a watch and remembers every state of it. */
export class ObjectWatch<T> implements AsyncDisposable {
  readonly #name: string;
  readonly #sightings: Sighting<T>[] = [];
  readonly #abort = new AbortController();
  #ended: Promise<void> = Promise.resolve();
  /** Why the watch does not stand at present. */
  #failure: unknown;

  constructor(name: string) {
    this.#name = name;
  }

  /** The newest state; undefined before the first and after a deletion. */
  get latest(): T | undefined {
    const newest = this.#sightings.at(-1);
    return newest?.deleted === false ? newest.object : undefined;
  }

  /** To be given to {@link first}: what has been seen up to now does not count. */
  get now(): number {
    return this.#sightings.length;
  }

  follow(events: (signal: AbortSignal) => AsyncIterable<WatchEvent>): void {
    this.#ended = this.#collect(events);
  }

  /** The first sighting from a position on that is as wanted, and the position after it. */
  async first(
    what: string,
    from: number,
    wanted: (sighting: Sighting<T>) => boolean,
  ): Promise<Sighting<T> & { readonly next: number }> {
    const find = () => {
      const index = this.#sightings.findIndex((sighting, position) => position >= from && wanted(sighting));
      const found = this.#sightings[index];
      if (found !== undefined) return { ...found, next: index + 1 };
      if (this.#failure !== undefined) throw new Error('the watch does not stand', { cause: this.#failure });
      return undefined;
    };
    return eventually(`${this.#name}: ${what}`, find, { every: 5 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#ended;
  }

  /**
   * A watch that ends or is refused (a kind that was just defined is not served at once) is opened again; the same state
   * told twice does no harm.
   */
  async #collect(events: (signal: AbortSignal) => AsyncIterable<WatchEvent>): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        for await (const event of events(signal)) this.#note(event);
      } catch (error) {
        this.#failure = error;
        await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  #note({ type, object }: WatchEvent): void {
    if (type === 'BOOKMARK' || type === 'ERROR') return;
    this.#failure = undefined;
    this.#sightings.push({ at: performance.now(), deleted: type === 'DELETED', object: object as T });
  }
}

/** `collection` is the path of the list that holds the object. */
export function watchObject<T>(api: ApiClient, collection: string, name: string): ObjectWatch<T> {
  const watch = new ObjectWatch<T>(`${collection}/${name}`);
  const query = new URLSearchParams({ watch: 'true', fieldSelector: `metadata.name=${name}` }).toString();
  watch.follow((signal) => api.watch(`${collection}?${query}`, signal));
  return watch;
}
