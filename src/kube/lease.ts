import type { ApiClient } from './client.ts';
import { objectIn } from './answers.ts';
import { errorOfFailure } from './errors.ts';
import type { KubeTelemetry } from './kube-telemetry.ts';
import { durationMsOf, heldBy, holderOf, leases, newLease, released } from './lease-record.ts';
import { collectionPath, objectPath, query } from './paths.ts';
import { wait } from '../model/wait.ts';
import { ApiError } from '../model/api-error.ts';
import { encodeJson } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import { resourceVersionOf } from '../model/object.ts';
import type { Clock, Random } from '../model/ports.ts';

export interface LeaseOptions {
  readonly namespace: string;
  readonly name: string;
  /** Name of the pod: a container restarted in it takes its own Lease back at once. */
  readonly holder: string;
  /** Field manager. */
  readonly manager: string;
  /** After so long without a renewal others may take it; whole seconds. */
  readonly durationMs: number;
  /** Nothing is sent later than this after the last renewal; less than `durationMs`. */
  readonly renewDeadlineMs: number;
  /** Between two tries to take it, or to renew it once that has failed. Who has it renews it half as often. */
  readonly retryMs: number;
  /** Called at every change, also on stop. */
  readonly changed?: (isLeader: boolean) => void;
}

export interface LeaseParts {
  readonly client: Pick<ApiClient, 'call' | 'abortInFlight' | 'drained'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: KubeTelemetry;
}

/** Who may write. */
export interface Lease extends AsyncDisposable {
  /** True from taking the Lease until its loss was noticed. */
  readonly isLeader: boolean;
  /** Exact at any moment: asked right before each request. */
  mayWrite(): boolean;
  /** Resolves when the Lease is held; rejects with the signal's reason. */
  acquired(signal?: AbortSignal): Promise<void>;
}

/**
 * Competes for a Lease until it is disposed, which gives it back.
 *
 * Guarantees: two processes never may write at the same time as long as their monotonic clocks run equally fast to
 * within `durationMs` / `renewDeadlineMs`; wall clocks do not matter. After a loss it competes again.
 */
export function holdLease(parts: LeaseParts, options: LeaseOptions): Lease {
  const lease = new KubeLease(parts, options);
  lease.start();
  return lease;
}

const verbs = { GET: 'get', POST: 'create', PUT: 'patch' } as const;

class KubeLease implements Lease {
  readonly #parts: LeaseParts;
  readonly #options: LeaseOptions;
  readonly #stop = new AbortController();
  readonly #waiting = new Set<() => void>();
  /** The Lease as the server last answered it. */
  #seen: KubeObject | undefined;
  /** Monotonic time at which we first saw `#seen` as it is. */
  #seenAt = 0;
  /** Monotonic time at which the last successful renewal was sent; undefined: not ours. */
  #renewedAt: number | undefined;
  #isLeader = false;
  #cancelDeadline: (() => void) | undefined;
  #running: Promise<void> = Promise.resolve();
  #failures = 0;

  constructor(parts: LeaseParts, options: LeaseOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  get isLeader(): boolean {
    return this.#isLeader;
  }

  mayWrite(): boolean {
    return !this.#stop.signal.aborted && this.#holds();
  }

  acquired(signal?: AbortSignal): Promise<void> {
    if (this.mayWrite()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const refuse = () => {
        this.#waiting.delete(grant);
        reject(errorOfFailure(signal?.reason, 'given up while waiting for the Lease'));
      };
      const grant = () => {
        signal?.removeEventListener('abort', refuse);
        resolve();
      };
      if (signal?.aborted === true) {
        refuse();
        return;
      }
      signal?.addEventListener('abort', refuse, { once: true });
      this.#waiting.add(grant);
    });
  }

  start(): void {
    this.#running = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stop.signal.aborted) return this.#running;
    this.#stop.abort();
    await this.#running;
    if (this.#holds()) await this.#release();
    this.#lose();
  }

  #holds(): boolean {
    if (this.#renewedAt === undefined) return false;
    return this.#parts.clock.monotonic() < this.#renewedAt + this.#options.renewDeadlineMs;
  }

  async #run(): Promise<void> {
    const { clock, random } = this.#parts;
    while (!this.#stop.signal.aborted) {
      const began = clock.monotonic();
      const pause = await this.#try();
      const due = this.#dueMs(began) * (1 + random() * 0.2);
      await wait(clock, Math.max(pause, due), this.#stop.signal);
    }
  }

  /** Milliseconds from now to the next try. One that failed slowly is repeated sooner, or the deadline would pass. */
  #dueMs(began: number): number {
    const { retryMs, renewDeadlineMs } = this.#options;
    if (this.#renewedAt !== undefined && this.#renewedAt >= began) return Math.min(2 * retryMs, renewDeadlineMs / 2);
    return Math.max(0, began + retryMs - this.#parts.clock.monotonic());
  }

  /** One try to take or renew; milliseconds that the server wants us to stay away at least. */
  async #try(): Promise<number> {
    try {
      await this.#takeOrRenew();
      this.#failures = 0;
      this.#parts.telemetry.connectionRestored({ target: 'lease' });
      return 0;
    } catch (thrown) {
      const error = errorOfFailure(thrown, 'the Lease could not be renewed');
      // Somebody else wrote it: what we knew is worth nothing.
      if (error.kind === 'conflict' || error.kind === 'exists' || error.kind === 'notFound') this.#seen = undefined;
      else this.#tellFailure(error);
      return error.retryAfterMs ?? 0;
    }
  }

  async #takeOrRenew(): Promise<void> {
    const known = this.#renewedAt === undefined ? undefined : this.#seen;
    const lease = known ?? (await this.#read());
    if (this.#stop.signal.aborted) return;
    const sentAt = this.#parts.clock.monotonic();
    if (lease === undefined) this.#won(await this.#create(), sentAt);
    else if (this.#mayTake(lease)) this.#won(await this.#take(lease), sentAt);
    else this.#lose();
  }

  /** Free, ours, or not renewed for as long as its holder asked for, by our own clock. */
  #mayTake(lease: KubeObject): boolean {
    const now = this.#parts.clock.monotonic();
    if (this.#seen === undefined || resourceVersionOf(this.#seen) !== resourceVersionOf(lease)) this.#seenAt = now;
    this.#seen = lease;
    const holder = holderOf(lease);
    if (holder === '' || holder === this.#options.holder) return true;
    return now - this.#seenAt > durationMsOf(lease);
  }

  #won(lease: KubeObject, sentAt: number): void {
    const { clock, telemetry } = this.#parts;
    this.#seen = lease;
    this.#renewedAt = sentAt;
    this.#cancelDeadline?.();
    const left = Math.max(0, sentAt + this.#options.renewDeadlineMs - clock.monotonic());
    this.#cancelDeadline = clock.after(left, () => this.#lose());
    if (this.#isLeader) return;
    this.#isLeader = true;
    telemetry.leadership(true);
    this.#options.changed?.(true);
    for (const grant of this.#waiting) grant();
    this.#waiting.clear();
  }

  #lose(): void {
    this.#cancelDeadline?.();
    this.#renewedAt = undefined;
    if (!this.#isLeader) return;
    this.#isLeader = false;
    this.#parts.client.abortInFlight('the Lease was lost while the request was on its way');
    this.#parts.telemetry.leadership(false);
    this.#options.changed?.(false);
  }

  /** What is on its way is waited for, as long as the Lease is ours anyway. */
  async #release(): Promise<void> {
    const lease = this.#seen;
    const { client, clock } = this.#parts;
    if (lease === undefined) return;
    // A timer that nobody waits for any more would keep the process from ending.
    const drained = new AbortController();
    const enough = wait(clock, this.#options.renewDeadlineMs / 2, drained.signal);
    await Promise.race([client.drained(), enough]);
    drained.abort();
    await this.#update(released(lease, clock.now())).catch((error: unknown) => {
      this.#tellFailure(errorOfFailure(error, 'the Lease could not be given back'));
    });
  }

  async #read(): Promise<KubeObject | undefined> {
    try {
      return await this.#send('GET');
    } catch (error) {
      if (error instanceof ApiError && error.kind === 'notFound') return undefined;
      throw error;
    }
  }

  #create(): Promise<KubeObject> {
    return this.#send('POST', newLease(this.#options, { ...this.#options, now: this.#parts.clock.now() }));
  }

  #take(lease: KubeObject): Promise<KubeObject> {
    return this.#update(heldBy(lease, { ...this.#options, now: this.#parts.clock.now() }));
  }

  #update(lease: KubeObject): Promise<KubeObject> {
    return this.#send('PUT', lease);
  }

  async #send(method: 'GET' | 'POST' | 'PUT', body?: KubeObject): Promise<KubeObject> {
    const { namespace, manager, renewDeadlineMs } = this.#options;
    const path = method === 'POST' ? collectionPath(leases, namespace) : objectPath(leases, this.#options);
    const answer = await this.#parts.client.call({
      verb: verbs[method],
      method,
      path: path + query({ fieldManager: method === 'GET' ? undefined : manager }),
      headers: { accept: 'application/json', 'content-type': 'application/json' },
      priority: 'lease',
      timeoutMs: renewDeadlineMs / 3,
      ...(body === undefined ? {} : { body: encodeJson(body) }),
    });
    return objectIn(answer);
  }

  #tellFailure({ kind: reason, message }: ApiError): void {
    this.#failures += 1;
    this.#parts.telemetry.connectionFailure({ target: 'lease', reason, message, attempt: this.#failures });
  }
}
