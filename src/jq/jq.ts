import { shortHash } from '../model/hash.ts';
import type { JsonValue } from '../model/json.ts';
import { encodeJson } from '../model/json.ts';
import type { Clock, Jq, JqAnswer } from '../model/ports.ts';
import { createJqThread } from './jq-thread.ts';

/** Answers that are remembered; the one that was asked for longest ago goes first. */
const mostKnown = 2_000;

/** jq for ignore rules. The thread is started by the first question; disposing ends it. */
export function createJq(clock: Clock): Jq & AsyncDisposable {
  return new RememberedJq(createJqThread(clock));
}

/** The same expression on the same documents is evaluated once. */
class RememberedJq implements Jq, AsyncDisposable {
  readonly #thread: ReturnType<typeof createJqThread>;
  readonly #known = new Map<string, JqAnswer>();

  constructor(thread: ReturnType<typeof createJqThread>) {
    this.#thread = thread;
  }

  async pathsIn(expression: string, documents: readonly JsonValue[]): Promise<JqAnswer> {
    const text = encodeJson(documents);
    const key = shortHash(`${expression}\n${text}`);
    const known = this.#known.get(key) ?? (await this.#thread.ask({ expression, documents: text }));
    this.#known.delete(key);
    // What took too long may be faster when the machine has less to do.
    if (known.kind !== 'failed') this.#known.set(key, known);
    if (this.#known.size > mostKnown) this.#known.delete(this.#known.keys().next().value ?? '');
    return known;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#thread[Symbol.asyncDispose]();
  }
}
