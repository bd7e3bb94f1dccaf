import { setImmediate } from 'node:timers/promises';
import { acceptJson, acceptMetadata, acceptMetadataList, asKind, pageIn, pageSize } from './answers.ts';
import { BackOff } from './back-off.ts';
import type { ApiClient } from './client.ts';
import type { Reflector, ReflectorSpec } from './cluster.ts';
import { errorOfFailure } from './errors.ts';
import { KnownObjects } from './known-objects.ts';
import type { KubeTelemetry } from './kube-telemetry.ts';
import { collectionPath, query } from './paths.ts';
import { wait } from '../model/wait.ts';
import { watch } from './watch.ts';
import type { WatchEvent } from './watch.ts';
import { ApiError } from '../model/api-error.ts';
import { resourceVersionOf } from '../model/object.ts';
import type { KubeObject } from '../model/object.ts';
import type { Clock, Random } from '../model/ports.ts';

export interface ReflectorParts {
  readonly client: Pick<ApiClient, 'call' | 'open'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: KubeTelemetry;
  /** Shared by all reflectors of a server: whether it refused to send initial events. */
  readonly watchList: { refused: boolean };
  /** Aborted when the connection to the server is given up: stops every reflector. */
  readonly closed: AbortSignal;
}

/** The server sends a bookmark a minute; two missed and a half. */
const idleLimitMs = 150_000;
/** A server that does not know initial events ignores the wish for them, and says nothing. */
const initialLimitMs = 30_000;
/** A watch that ends sooner was not ended by its time-out. */
const hurryMs = 1_000;
const notLeaderPauseMs = 500;
/** Events, some milliseconds of work, after which the event loop turns, however fast they come. */
const mostAtOnce = 100;

export function startReflector(parts: ReflectorParts, spec: ReflectorSpec): Reflector {
  const reflector = new HttpReflector(parts, spec);
  if (parts.closed.aborted) reflector.stop();
  else parts.closed.addEventListener('abort', reflector.stop);
  void reflector.run();
  return reflector;
}

/**
 * List and watch of one kind.
 *
 * Guarantees: errors never end it, only `stop` does; at most two tries a second; after a cut it goes on where it was
 * while the server still knows that place, else it lists again and tells the deletions it missed.
 */
class HttpReflector implements Reflector {
  readonly #parts: ReflectorParts;
  readonly #spec: ReflectorSpec;
  readonly #known: KnownObjects;
  readonly #backOff: BackOff;
  readonly #stop = new AbortController();
  #stream: AbortController | undefined;
  /** Where to go on; undefined: list first. */
  #resourceVersion: string | undefined;
  #synced = false;
  /** Since when there has been no stream though there should be. */
  #lostAt: number | undefined;
  /** The initial events of this kind are listed instead: the server ignored the wish for them. */
  #listsFirst = false;
  /** Lists that took so long that the server forgot their place. */
  #expiredLists = 0;
  #openedAt = 0;

  constructor(parts: ReflectorParts, spec: ReflectorSpec) {
    this.#parts = parts;
    this.#spec = spec;
    this.#known = new KnownObjects(spec.kind);
    this.#backOff = new BackOff(parts.random);
  }

  get complete(): boolean {
    return this.#synced && !this.#lostForLong();
  }

  readonly stop = (): void => {
    this.#parts.closed.removeEventListener('abort', this.stop);
    this.#stop.abort();
    this.#stream?.abort();
    if (this.#lostAt !== undefined) this.#parts.telemetry.connectionEnded(this.#connection());
  };

  async run(): Promise<void> {
    while (!this.#stopped()) {
      if (this.#lostForLong()) this.#forgetPlace();
      const error = await this.#follow();
      if (this.#stopped()) return;
      if (error === undefined) this.#backOff.reset();
      else await wait(this.#parts.clock, this.#pauseAfter(error), this.#stop.signal);
    }
  }

  /** One stream, from its opening to its end; undefined when it ended as it should. */
  async #follow(): Promise<ApiError | undefined> {
    this.#openedAt = Number.POSITIVE_INFINITY;
    this.#stream = new AbortController();
    try {
      if (this.#resourceVersion === undefined && this.#mustList()) await this.#list();
      await this.#watch(this.#stream);
      if (this.#lived() >= hurryMs) return undefined;
      return new ApiError('the watch was closed in a hurry', { kind: 'unavailable', status: 200 });
    } catch (thrown) {
      return errorOfFailure(thrown, 'the watch failed');
    } finally {
      this.#stream.abort();
    }
  }

  async #list(): Promise<void> {
    const { kind, namespace, labelSelector, fieldSelector, metadataOnly } = this.#spec;
    const headers = metadataOnly ? acceptMetadataList : acceptJson;
    // A list that expires between its pages again and again is asked for in one piece.
    const limit = this.#expiredLists < 2 ? String(pageSize) : undefined;
    this.#known.beginList();
    let token: string | undefined;
    let resourceVersion: string;
    do {
      const path = collectionPath(kind, namespace) + query({ limit, labelSelector, fieldSelector, continue: token });
      const { signal } = this.#stop;
      const { body } = await this.#parts.client.call({ verb: 'list', method: 'GET', path, headers, signal });
      const page = pageIn(body, kind);
      for (const object of page.items) this.#change(object);
      ({ next: token, resourceVersion } = page);
    } while (token !== undefined);
    this.#finishList(resourceVersion);
  }

  async #watch(controller: AbortController): Promise<void> {
    const request = {
      path: this.#watchPath(),
      headers: this.#spec.metadataOnly ? acceptMetadata : acceptJson,
      opened: () => this.#opened(),
      idleMs: () => (this.#resourceVersion === undefined ? initialLimitMs : idleLimitMs),
    };
    let taken = 0;
    for await (const events of watch(this.#parts, request, controller)) {
      for (const event of events) this.#take(event);
      taken += events.length;
      if (taken < mostAtOnce) continue;
      taken = 0;
      await setImmediate();
    }
  }

  #watchPath(): string {
    const { kind, namespace, labelSelector, fieldSelector } = this.#spec;
    const begins = this.#resourceVersion === undefined;
    if (begins) this.#known.beginList();
    const initial = begins ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' } : {};
    return (
      collectionPath(kind, namespace) +
      query({
        watch: 'true',
        allowWatchBookmarks: 'true',
        timeoutSeconds: String(300 + Math.floor(this.#parts.random() * 300)),
        resourceVersion: this.#resourceVersion,
        labelSelector,
        fieldSelector,
        ...initial,
      })
    );
  }

  #opened(): void {
    this.#openedAt = this.#parts.clock.monotonic();
    this.#parts.telemetry.connectionRestored(this.#connection());
    if (this.#resourceVersion !== undefined) this.#restored();
  }

  #take(event: WatchEvent): void {
    if (event.type === 'bookmark') {
      if (event.initialEnd) this.#finishList(event.resourceVersion);
      else if (this.#resourceVersion !== undefined) this.#resourceVersion = event.resourceVersion;
      return;
    }
    const object = asKind(event.object, this.#spec.kind);
    if (event.type === 'changed') this.#change(object);
    else this.#delete(object);
    if (this.#resourceVersion !== undefined) this.#resourceVersion = resourceVersionOf(object);
  }

  #change(object: KubeObject): void {
    const former = this.#known.see(object);
    if (former !== undefined) this.#tell((listener) => listener.deleted(former));
    this.#tell((listener) => listener.changed(object));
  }

  #delete(object: KubeObject): void {
    this.#known.forget(object);
    this.#tell((listener) => listener.deleted(object));
  }

  #finishList(resourceVersion: string): void {
    for (const gone of this.#known.missing()) this.#tell((listener) => listener.deleted(gone));
    this.#resourceVersion = resourceVersion;
    this.#expiredLists = 0;
    const first = !this.#synced;
    this.#synced = true;
    if (first && this.#lostAt === undefined) this.#tell((listener) => listener.synced());
    this.#restored();
  }

  /** The end of an episode; a resumed stream brings what was missed right after this. */
  #restored(): void {
    if (this.#lostAt === undefined) return;
    this.#lostAt = undefined;
    this.#tell((listener) => listener.synced());
  }

  #pauseAfter(error: ApiError): number {
    this.#reactTo(error);
    if (this.#lostAt === undefined) {
      this.#lostAt = this.#parts.clock.monotonic();
      this.#tell((listener) => listener.interrupted(error.message));
    }
    if (error.kind === 'notLeader') return notLeaderPauseMs;
    if (this.#lived() >= hurryMs) this.#backOff.reset();
    const pause = this.#backOff.next(error, this.#lived() >= 0);
    const { kind: reason, message } = error;
    const attempt = this.#backOff.failures;
    this.#parts.telemetry.connectionFailure({ ...this.#connection(), reason, message, attempt });
    return pause;
  }

  #reactTo(error: ApiError): void {
    const began = this.#resourceVersion === undefined;
    if (error.kind === 'gone') {
      if (began) this.#expiredLists += 1;
      this.#resourceVersion = undefined;
    }
    if (error.kind === 'notServed') this.#forgetPlace();
    if (!began || this.#mustList()) return;
    if (error.kind === 'invalid' && /sendInitialEvents|resourceVersionMatch/.test(error.message)) {
      this.#parts.watchList.refused = true;
    }
    if (this.#lived() >= initialLimitMs) this.#listsFirst = true;
  }

  #mustList(): boolean {
    return this.#listsFirst || this.#parts.watchList.refused;
  }

  /** What is known no longer counts as complete; the next try lists. */
  #forgetPlace(): void {
    this.#resourceVersion = undefined;
    this.#synced = false;
  }

  #lostForLong(): boolean {
    return this.#lostAt !== undefined && this.#parts.clock.monotonic() - this.#lostAt > idleLimitMs;
  }

  #stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Milliseconds of the present stream; negative when it was never opened. */
  #lived(): number {
    return this.#parts.clock.monotonic() - this.#openedAt;
  }

  #connection(): { target: 'watch'; name: string } {
    const { group, kind } = this.#spec.kind;
    return { target: 'watch', name: group === '' ? kind : `${kind}.${group}` };
  }

  /** A listener that throws must not look like a lost stream. */
  #tell(call: (listener: ReflectorSpec['listener']) => void): void {
    if (this.#stopped()) return;
    try {
      call(this.#spec.listener);
    } catch (error) {
      this.#parts.telemetry.bug(error, { reflector: this.#connection().name });
    }
  }
}
