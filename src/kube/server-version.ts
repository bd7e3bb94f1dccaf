import type { ApiClient } from './client.ts';
import { stringAt } from '../model/json.ts';

/** Reads `/version`. Throws ApiError. */
export async function readServerVersion(client: Pick<ApiClient, 'call'>): Promise<string | undefined> {
  const { body } = await client.call({ verb: 'get', method: 'GET', path: '/version', headers: {} });
  return stringAt(body, 'gitVersion');
}

/**
 * The version of the API server, as it said last.
 *
 * Guarantees: a look that fails leaves what is known; looks that are asked for at the same time are one.
 */
export class ServerVersion {
  readonly #read: () => Promise<string | undefined>;
  #known: string | undefined;
  #running: Promise<void> | undefined;

  constructor(read: () => Promise<string | undefined>) {
    this.#read = read;
  }

  /** As `v1.36.3`; undefined: not read yet. */
  get known(): string | undefined {
    return this.#known;
  }

  refresh(): Promise<void> {
    this.#running ??= this.#look().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #look(): Promise<void> {
    // When the server is back the watches say so, and that is the time to ask again.
    this.#known = (await this.#read().catch(() => undefined)) ?? this.#known;
  }
}
