import type { ApiClient } from './client.ts';
import { errorOfEvent } from './errors.ts';
import { linesOf } from './lines.ts';
import { ApiError } from '../model/api-error.ts';
import type { JsonObject, JsonValue } from '../model/json.ts';
import { decodeJson, objectAt, stringAt } from '../model/json.ts';
import type { Clock } from '../model/ports.ts';

/** One line of a watch. */
export type WatchEvent =
  | { readonly type: 'changed' | 'deleted'; readonly object: JsonObject }
  /** `initialEnd`: everything that was there when the watch began has been told. */
  | { readonly type: 'bookmark'; readonly resourceVersion: string; readonly initialEnd: boolean };

export interface WatchRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Called when the server has accepted, before the first event. */
  readonly opened: () => void;
  /** Milliseconds without a byte after which the connection counts as dead; asked anew at each check. */
  readonly idleMs: () => number;
}

/** Bounds the memory of one line; the server takes no request beyond 3 MiB. */
const longestLineBytes = 32 * 1024 ** 2;

/** Events of one watch request, in batches as they arrive; ends when the server ends it. Throws ApiError. */
export async function* watch(
  parts: { readonly client: Pick<ApiClient, 'open'>; readonly clock: Clock },
  request: WatchRequest,
  controller: AbortController,
): AsyncGenerator<WatchEvent[]> {
  const { clock, client } = parts;
  const idle = new IdleGuard(clock, request.idleMs, (ms) => {
    const message = `nothing came for ${Math.round(ms / 1000)} s`;
    controller.abort(new ApiError(message, { kind: 'unavailable', status: 0 }));
  });
  try {
    const { path, headers } = request;
    const stream = await client.open({ verb: 'watch', method: 'GET', path, headers }, controller.signal);
    request.opened();
    for await (const lines of linesOf(idle.guard(stream.chunks), longestLineBytes)) yield lines.map(readEvent);
  } finally {
    idle.stop();
  }
}

/** Notices that nothing comes, with one timer at a time however much comes. */
class IdleGuard {
  readonly #clock: Clock;
  readonly #limitMs: () => number;
  readonly #expired: (ms: number) => void;
  #lastAt: number;
  #cancel: () => void;

  constructor(clock: Clock, limitMs: () => number, expired: (ms: number) => void) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#expired = expired;
    this.#lastAt = clock.monotonic();
    this.#cancel = clock.after(limitMs(), () => this.#check());
  }

  async *guard(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      this.#lastAt = this.#clock.monotonic();
      yield chunk;
    }
  }

  stop(): void {
    this.#cancel();
  }

  #check(): void {
    const idleMs = this.#clock.monotonic() - this.#lastAt;
    const left = this.#limitMs() - idleMs;
    if (left <= 0) this.#expired(idleMs);
    else this.#cancel = this.#clock.after(left, () => this.#check());
  }
}

function readEvent(line: string): WatchEvent {
  const event = decodeLine(line);
  const object = objectAt(event, 'object');
  const type = stringAt(event, 'type');
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
      return { type: 'changed', object };
    case 'DELETED':
      return { type: 'deleted', object };
    case 'BOOKMARK':
      return readBookmark(object);
    case 'ERROR':
      throw errorOfEvent(object);
    default:
      throw new ApiError(`a watch sent an event of unknown type ${type ?? ''}`, { kind: 'unavailable', status: 200 });
  }
}

function readBookmark(object: JsonObject): WatchEvent {
  const resourceVersion = stringAt(objectAt(object, 'metadata'), 'resourceVersion') ?? '';
  const annotations = objectAt(objectAt(object, 'metadata'), 'annotations');
  return { type: 'bookmark', resourceVersion, initialEnd: annotations['k8s.io/initial-events-end'] === 'true' };
}

function decodeLine(line: string): JsonValue {
  try {
    return decodeJson(line);
  } catch (cause) {
    throw new ApiError('a line of a watch is no JSON', { kind: 'unavailable', status: 200, cause });
  }
}
