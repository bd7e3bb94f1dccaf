import type { ApiClient } from '../../tools/control-plane/control-plane.ts';

/** As much of an object as workloads look at. */
export interface TappedObject {
  readonly metadata: { readonly namespace?: string; readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: { readonly ports?: readonly { readonly port: number }[] };
}

interface Wait {
  readonly holds: (object: TappedObject) => boolean;
  readonly resolve: (at: number) => void;
}

const withinMs = 120_000;

/** One watch on a collection, from now on, that tells when an object is as somebody waits for. */
export class ObjectTap implements AsyncDisposable {
  readonly #abort = new AbortController();
  readonly #waits = new Set<Wait>();
  readonly #ended: Promise<unknown>;
  #failure: unknown;

  constructor(api: ApiClient, path: string) {
    this.#ended = this.#follow(api, path).catch((error: unknown) => (this.#failure = error));
  }

  /** The monotonic time in milliseconds at which an event after this call showed such an object. */
  async when(what: string, holds: (object: TappedObject) => boolean, patienceMs = withinMs): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const wait = { holds, resolve };
    this.#waits.add(wait);
    const timer = setTimeout(() => reject(new Error(`no event showed ${what}`, { cause: this.#failure })), patienceMs);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waits.delete(wait);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#ended;
  }

  async #follow(api: ApiClient, path: string): Promise<void> {
    for await (const { type, object } of api.watch(path, this.#abort.signal)) {
      if (type !== 'ADDED' && type !== 'MODIFIED') continue;
      const at = performance.now();
      for (const { holds, resolve } of this.#waits) if (holds(object as TappedObject)) resolve(at);
    }
  }
}

/** Starts at the present state of the collection, without telling it. */
export async function tapCollection(api: ApiClient, path: string): Promise<ObjectTap> {
  const list = (await api.must({ path: `${path}?limit=1` })) as { metadata: { resourceVersion: string } };
  const query = new URLSearchParams({ watch: 'true', resourceVersion: list.metadata.resourceVersion });
  return new ObjectTap(api, `${path}?${query.toString()}`);
}
