import type { Cluster, Events, ObjectEvent } from './cluster.ts';
import { errorOfFailure } from './errors.ts';
import type { KubeTelemetry } from './kube-telemetry.ts';
import { microTime } from './micro-time.ts';
import { sha256Hex } from '../model/hash.ts';
import type { JsonObject } from '../model/json.ts';
import type { KubeObject, Target } from '../model/object.ts';
import type { Clock } from '../model/ports.ts';

export interface EventsOptions {
  readonly cluster: Pick<Cluster, 'create' | 'merge'>;
  readonly clock: Clock;
  readonly telemetry: KubeTelemetry;
  /** Field manager and reporting controller. */
  readonly manager: string;
  /** Reporting instance: the pod. */
  readonly instance: string;
}

export interface EventEmitter extends Events, AsyncDisposable {
  /** Resolves when what was emitted was sent or dropped. */
  flushed(): Promise<void>;
}

/** An equal event within this time belongs to the series of the one before. */
const seriesMs = 600_000;
/** A series is counted here and written at most so often. */
const seriesWriteMs = 60_000;
/** Remembered series, and events waiting to be sent. */
const mostSeries = 2_000;
const mostWaiting = 500;
/** Per second, and at once after a silence. */
const perSecond = 5;
const burst = 50;

const longestNote = 1_000;
const longestName = 200;

interface Series {
  readonly target: Target;
  readonly startedAt: number;
  count: number;
  lastAt: number;
  writtenAt: number;
  waiting: boolean;
}

export function createEvents(options: EventsOptions): EventEmitter {
  return new ClusterEvents(options);
}

/**
 * Writes Events of events.k8s.io/v1.
 *
 * Guarantees: never throws and never blocks; at most five requests a second in the long run, and none without an
 * `emit`. What does not fit, and what the server refuses, is dropped: an Event is a courtesy, status is the truth.
 */
class ClusterEvents implements EventEmitter {
  readonly #options: EventsOptions;
  readonly #series = new Map<string, Series>();
  readonly #waiting: (() => Promise<unknown>)[] = [];
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #tokens = burst;
  #tokensAt: number;

  constructor(options: EventsOptions) {
    this.#options = options;
    this.#tokensAt = options.clock.monotonic();
  }

  emit(event: ObjectEvent): void {
    if (this.#stop.signal.aborted) return;
    const { regarding, type, reason, note } = event;
    const key = sha256Hex([regarding.uid, regarding.name, type, reason, note].join('|')).slice(0, 16);
    const now = this.#options.clock.monotonic();
    const series = this.#series.get(key);
    if (series === undefined || now - series.lastAt > seriesMs) this.#begin(key, event, now);
    else this.#count(series, now);
  }

  async flushed(): Promise<void> {
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#waiting.length = 0;
    await this.#running;
  }

  #begin(key: string, event: ObjectEvent, now: number): void {
    const { clock, manager } = this.#options;
    const object = this.#eventObject(event, `${key}${clock.now().toString(16)}`);
    const { name, namespace } = object.metadata;
    const target = { group, kind: 'Event', apiVersion, namespace, name };
    this.#series.delete(key);
    this.#series.set(key, { target, startedAt: now, count: 1, lastAt: now, writtenAt: now, waiting: false });
    for (const oldest of this.#series.keys()) if (this.#series.size > mostSeries) this.#series.delete(oldest);
    const { signal } = this.#stop;
    this.#send(() => this.#options.cluster.create(object, { manager, signal }));
  }

  #count(series: Series, now: number): void {
    series.count += 1;
    series.lastAt = now;
    if (series.waiting || now - series.writtenAt < seriesWriteMs) return;
    series.waiting = true;
    this.#send(() => this.#writeSeries(series));
  }

  #writeSeries(series: Series): Promise<unknown> {
    const { clock, cluster, manager } = this.#options;
    series.waiting = false;
    series.writtenAt = clock.monotonic();
    const patch = { series: { count: series.count, lastObservedTime: microTime(clock.now()) } };
    return cluster.merge(series.target, patch, { manager, signal: this.#stop.signal });
  }

  #send(request: () => Promise<unknown>): void {
    if (!this.#takeToken() || this.#waiting.length >= mostWaiting) {
      this.#options.telemetry.debug({}, 'an event was dropped: too many');
      return;
    }
    this.#waiting.push(request);
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    for (let request = this.#waiting.shift(); request !== undefined; request = this.#waiting.shift()) {
      try {
        await request();
      } catch (error) {
        const { kind, message } = errorOfFailure(error, 'an event could not be written');
        this.#options.telemetry.debug({ reason: kind, message }, 'an event was dropped');
      }
    }
  }

  #takeToken(): boolean {
    const now = this.#options.clock.monotonic();
    this.#tokens = Math.min(burst, this.#tokens + ((now - this.#tokensAt) / 1000) * perSecond);
    this.#tokensAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  #eventObject(event: ObjectEvent, suffix: string): KubeObject & { metadata: { name: string; namespace: string } } {
    const { regarding, type, reason, action, note } = event;
    const { manager, instance, clock } = this.#options;
    const { namespace, name, kind, uid } = regarding;
    const where: JsonObject = namespace === '' ? {} : { namespace };
    const own = {
      name: `${name.slice(0, longestName)}.${suffix}`,
      namespace: namespace === '' ? 'default' : namespace,
    };
    return {
      apiVersion,
      kind: 'Event',
      metadata: own,
      eventTime: microTime(clock.now()),
      regarding: { apiVersion: regarding.apiVersion, kind, name, uid, ...where },
      type,
      reason,
      action,
      note: note.length > longestNote ? `${note.slice(0, longestNote)}…` : note,
      reportingController: manager,
      reportingInstance: instance,
    };
  }
}

const group = 'events.k8s.io';
const apiVersion = 'events.k8s.io/v1';
