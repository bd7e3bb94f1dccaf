import { ApiError } from '../model/api-error.ts';
import type { Clock } from '../model/ports.ts';

/** `lease` before `urgent` before `normal`; each has a connection that the lower ones cannot take. */
export type GatePriority = 'lease' | 'urgent' | 'normal';

const priorities: readonly GatePriority[] = ['lease', 'urgent', 'normal'];

interface Waiter {
  readonly since: number;
  admit(): void;
  refuse(error: ApiError): void;
}

export interface GateOptions {
  readonly clock: Clock;
  /** Connections for urgent requests; normal ones may use one less, the Lease has one more. */
  readonly connections: number;
  /** Milliseconds that a request waits at a closed gate before it fails. */
  readonly patienceMs?: number;
}

/** Between two tries of a server that is out: two a second, all callers together. */
const probeEveryMs = 500;
/** Failures of the server itself in a row, whoever asked, after which it counts as out. */
const mostFaults = 5;

/**
 * Who may send now.
 *
 * Guarantees: a more urgent request never waits behind a less urgent one; after a Retry-After nothing but the Lease is
 * sent before its end; while no connection can be made, or every answer is an error of the server, all callers together
 * try twice a second, and the rest wait or fail, so that an outage is never met by a storm.
 * Assumptions: `leave` is called exactly once for each `enter` that resolved.
 */
export class Gate {
  readonly #clock: Clock;
  readonly #patienceMs: number;
  readonly #limits: Readonly<Record<'urgent' | 'normal', number>>;
  readonly #waiting: Readonly<Record<GatePriority, Set<Waiter>>> = {
    lease: new Set(),
    urgent: new Set(),
    normal: new Set(),
  };
  #inUse = 0;
  #leaseInUse = 0;
  #pausedUntil = 0;
  #faults = 0;
  #outage: { readonly why: string; nextProbeAt: number; probing: boolean } | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor({ clock, connections, patienceMs = 10_000 }: GateOptions) {
    this.#clock = clock;
    this.#patienceMs = patienceMs;
    this.#limits = { urgent: connections, normal: Math.max(1, connections - 1) };
  }

  /** Milliseconds until the end of a Retry-After; 0 when there is none. */
  get pausedForMs(): number {
    return Math.max(0, this.#pausedUntil - this.#clock.monotonic());
  }

  /** Waits for a turn. Rejects with `throttled`, `unavailable`, or when the signal is aborted. */
  enter(priority: GatePriority, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const queue = this.#waiting[priority];
      const forget = () => {
        queue.delete(waiter);
        signal.removeEventListener('abort', give);
      };
      const give = () => {
        forget();
        reject(new ApiError('given up while waiting for a connection', { kind: 'unavailable', status: 0 }));
      };
      const waiter: Waiter = {
        since: this.#clock.monotonic(),
        admit: () => {
          forget();
          resolve();
        },
        refuse: (error) => {
          forget();
          reject(error);
        },
      };
      if (signal.aborted) {
        give();
        return;
      }
      signal.addEventListener('abort', give);
      queue.add(waiter);
      this.#pump();
    });
  }

  leave(priority: GatePriority): void {
    if (priority === 'lease') this.#leaseInUse -= 1;
    else this.#inUse -= 1;
    if (priority !== 'lease' && this.#outage !== undefined) this.#outage.probing = false;
    this.#pump();
  }

  /** Nothing but the Lease is sent for so long. */
  pauseFor(ms: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#clock.monotonic() + ms);
    this.#pump();
  }

  /** The server answered, whatever it said. That it renews a Lease does not mean that it can do more. */
  answered(priority: GatePriority): void {
    if (priority === 'lease' && this.#faults >= mostFaults) return;
    this.#faults = 0;
    if (this.#outage === undefined) return;
    this.#outage = undefined;
    this.#pump();
  }

  /** The server answered that it failed (5xx), or not in time. */
  faulted(why: string): void {
    this.#faults += 1;
    if (this.#faults >= mostFaults) this.#close(`the API server fails all requests: ${why}`);
  }

  /** No connection could be made, or it was lost before an answer. */
  failed(why: string): void {
    this.#close(`the API server cannot be reached: ${why}`);
  }

  #close(why: string): void {
    this.#outage = { why, nextProbeAt: this.#clock.monotonic() + probeEveryMs, probing: false };
    this.#pump();
  }

  #pump(): void {
    this.#refuseImpatient();
    for (const priority of priorities) {
      for (const waiter of this.#waiting[priority]) {
        if (!this.#admits(priority)) break;
        if (priority === 'lease') this.#leaseInUse += 1;
        else this.#inUse += 1;
        waiter.admit();
      }
    }
    this.#setTimer();
  }

  #admits(priority: GatePriority): boolean {
    if (priority === 'lease') return this.#leaseInUse === 0;
    if (this.#inUse >= this.#limits[priority]) return false;
    if (this.pausedForMs > 0) return false;
    const outage = this.#outage;
    if (outage === undefined) return true;
    if (outage.probing || outage.nextProbeAt > this.#clock.monotonic()) return false;
    outage.probing = true;
    outage.nextProbeAt = this.#clock.monotonic() + probeEveryMs;
    return true;
  }

  /** Whoever would wait in vain is told now, with the time when to come back. */
  #refuseImpatient(): void {
    const error = this.#closedFor();
    if (error === undefined) return;
    const oldest = this.#clock.monotonic() - this.#patienceMs;
    for (const waiter of [...this.#waiting.urgent, ...this.#waiting.normal]) {
      if (error.kind === 'throttled' || waiter.since <= oldest) waiter.refuse(error);
    }
  }

  #closedFor(): ApiError | undefined {
    const ms = this.pausedForMs;
    if (ms > this.#patienceMs) {
      const seconds = Math.ceil(ms / 1000);
      const message = `the API server asked for a pause of ${seconds} more seconds`;
      return new ApiError(message, { kind: 'throttled', status: 429, retryAfterMs: ms });
    }
    if (this.#outage === undefined) return undefined;
    return new ApiError(this.#outage.why, { kind: 'unavailable', status: 0 });
  }

  #setTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#waiting.urgent.size + this.#waiting.normal.size === 0) return;
    const paused = this.pausedForMs;
    if (paused > 0) this.#cancelTimer = this.#clock.after(paused, () => this.#pump());
    else if (this.#outage !== undefined) this.#cancelTimer = this.#clock.after(probeEveryMs, () => this.#pump());
  }
}
