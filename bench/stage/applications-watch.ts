import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../../tools/control-plane/control-plane.ts';
import { eventually } from '../../tools/eventually.ts';
import type { ApplicationJson } from '../../tools/world.ts';
import { applications, isSynced } from '../../tools/world.ts';

const retryMs = 100;
/** Longer than anything takes; only something broken reaches it. */
const withinMs = 30 * 60_000;

/** The Applications as a watch shows them, so that waiting for a thousand costs the API server next to nothing. */
export class ApplicationsWatch implements AsyncDisposable {
  readonly #latest = new Map<string, ApplicationJson>();
  readonly #changedAt = new Map<string, number>();
  readonly #abort = new AbortController();
  readonly #ended: Promise<void>;

  constructor(api: ApiClient) {
    this.#ended = this.#follow(api);
  }

  get all(): readonly ApplicationJson[] {
    return [...this.#latest.values()];
  }

  /** Resolves with the monotonic time in milliseconds at which the last of them was told to be so. */
  async untilEach(
    what: string,
    names: readonly string[],
    holds: (app: ApplicationJson) => boolean = isDone,
  ): Promise<number> {
    const open = new Set(names);
    const settle = (): boolean => {
      for (const name of open) {
        const app = this.#latest.get(name);
        if (app === undefined || !holds(app)) return false;
        open.delete(name);
      }
      return true;
    };
    await eventually(`${names.length} Applications to be ${what}`, settle, { every: 10, within: withinMs }).catch(
      (cause: unknown) => {
        const [first = ''] = open;
        const status = JSON.stringify(this.#latest.get(first)?.status);
        throw new Error(`${open.size} are not ${what}, among them ${first}: ${status}`, { cause });
      },
    );
    return Math.max(...names.map((name) => this.#changedAt.get(name) ?? 0));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#ended;
  }

  /** A watch that the server ends is opened again and tells everything anew. */
  async #follow(api: ApiClient): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      await this.#collect(api).catch(() => undefined);
      await sleep(retryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #collect(api: ApiClient): Promise<void> {
    for await (const { type, object } of api.watch(`${applications}?watch=true`, this.#abort.signal))
      if (type === 'ADDED' || type === 'MODIFIED') this.#note(object as ApplicationJson);
  }

  #note(app: ApplicationJson): void {
    const { name, resourceVersion } = app.metadata;
    if (this.#latest.get(name)?.metadata.resourceVersion === resourceVersion) return;
    this.#latest.set(name, app);
    this.#changedAt.set(name, performance.now());
  }
}

/** In sync and ready, and the sync that led there has told its result. */
function isDone({ status = {} }: ApplicationJson): boolean {
  return isSynced(status) && status.operationState?.phase === 'Succeeded';
}
