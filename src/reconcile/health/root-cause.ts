import { describeCauses, findCauses, logsWorthReading } from '../../health/health.ts';
import type { SurroundingsCluster } from '../../live/live.ts';
import { hasSurroundings, readSurroundings } from '../../live/live.ts';
import { ApiError } from '../../model/api-error.ts';
import type { ApplicationKey } from '../../model/installation.ts';
import type { Ref, RefKey } from '../../model/object.ts';
import { describeRef, refKey } from '../../model/object.ts';
import type { Clock } from '../../model/ports.ts';
import type { Surroundings } from '../../model/root-cause.ts';
import type { Telemetry } from '../../model/telemetry.ts';
import type { Standing } from './progress.ts';

/** How root causes are looked for. */
export interface CauseOptions {
  /** Whether last lines of logs may be read and told. */
  readonly logLines: boolean;
  /** Removes what may be a secret from a line of a log, and cuts it. */
  readonly maskLine: (line: string) => string;
}

export interface CausesPorts {
  readonly cluster: SurroundingsCluster;
  readonly clock: Clock;
  readonly telemetry: Pick<Telemetry, 'debug'>;
  readonly causes: CauseOptions;
}

/** A verdict that a cause is looked for. */
export interface Suffering {
  readonly ref: Ref;
  readonly standing: Standing;
  /** Degraded, by its own words or because its time is up. */
  readonly isDegraded: boolean;
}

interface Known {
  readonly sign: string;
  readonly looks: number;
  readonly text: string;
}

/** When an object that progresses is looked at: later only if nothing was found before. */
const looksAtMs = [30_000, 120_000] as const;
/** After all others: the object is degraded. */
const lastLook = looksAtMs.length + 1;

/** Looks in a row per Application, and how long it takes until one more is allowed. */
const burst = 10;
const refillMs = 10_000;
/** A look that takes longer is given up: the verdict is told without it. */
const patienceMs = 5_000;

interface Allowance {
  readonly left: number;
  readonly at: number;
}

/**
 * Root causes of objects, looked for when a verdict turns, and kept while it stands.
 *
 * Guarantees: a verdict that does not change costs no request after its last look; an Application may look ten times in
 * a row, then once in ten seconds. What cannot be read leaves the verdict as it is.
 */
export class RootCauses {
  readonly #ports: CausesPorts;
  readonly #known = new Map<ApplicationKey, Map<RefKey, Known>>();
  readonly #allowances = new Map<ApplicationKey, Allowance>();

  constructor(ports: CausesPorts) {
    this.#ports = ports;
  }

  /** Looks where it is time to; what is not given is forgotten. Never throws. */
  async look(key: ApplicationKey, all: readonly Suffering[], signal: AbortSignal): Promise<void> {
    const before = this.#known.get(key);
    const kept = new Map<RefKey, Known>();
    const due: Suffering[] = [];
    for (const one of all.filter(({ ref }) => hasSurroundings(ref))) {
      const known = before?.get(refKey(one.ref));
      const current = known?.sign === one.standing.sign ? known : undefined;
      if (current !== undefined) kept.set(refKey(one.ref), current);
      if (isDue(one, current) && this.#mayLook(key)) due.push(one);
    }
    this.#known.set(key, kept);
    await Promise.all(due.map((one) => this.#lookAt(key, one, signal)));
  }

  /** What was found for this verdict; empty when nothing was, or nobody looked yet. */
  textOf(key: ApplicationKey, { ref, standing }: Suffering): string {
    const known = this.#known.get(key)?.get(refKey(ref));
    return known?.sign === standing.sign ? known.text : '';
  }

  /** Milliseconds until there is a reason to look; undefined when there will be none while the verdict stands. */
  dueInMs(key: ApplicationKey, one: Suffering): number | undefined {
    if (!hasSurroundings(one.ref)) return undefined;
    const known = this.#known.get(key)?.get(refKey(one.ref));
    const current = known?.sign === one.standing.sign ? known : undefined;
    if (isDue(one, current)) return refillMs;
    const next = looksAtMs.find((at, look) => at > one.standing.ageMs && mayFollow(current, look + 1));
    return next === undefined || one.isDegraded ? undefined : next - one.standing.ageMs;
  }

  forget(key: ApplicationKey): void {
    this.#known.delete(key);
    this.#allowances.delete(key);
  }

  #mayLook(key: ApplicationKey): boolean {
    const now = this.#ports.clock.monotonic();
    const { left, at } = this.#allowances.get(key) ?? { left: burst, at: now };
    const gained = Math.floor((now - at) / refillMs);
    const present = Math.min(burst, left + gained);
    if (present === 0) return false;
    this.#allowances.set(key, { left: present - 1, at: present === burst ? now : at + gained * refillMs });
    return true;
  }

  async #lookAt(key: ApplicationKey, one: Suffering, signal: AbortSignal): Promise<void> {
    const text = await this.#read(one.ref, signal);
    if (text === undefined) return;
    this.#known.get(key)?.set(refKey(one.ref), { sign: one.standing.sign, looks: lookOf(one), text });
  }

  /** undefined: the cluster did not answer. */
  async #read(ref: Ref, outer: AbortSignal): Promise<string | undefined> {
    const { cluster, clock, telemetry, causes } = this.#ports;
    const patience = new AbortController();
    const cancel = clock.after(patienceMs, () => patience.abort(new Error('took too long')));
    const signal = AbortSignal.any([outer, patience.signal]);
    const logsOf = (around: Surroundings) => (causes.logLines ? logsWorthReading(around) : []);
    try {
      const around = await readSurroundings(ref, { cluster, signal, logsOf });
      return around === undefined ? '' : describeCauses(findCauses(masked(around, causes)));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      telemetry.debug({ object: describeRef(ref), why: error.message }, 'its root cause cannot be looked for');
      return error.kind === 'forbidden' ? '' : undefined;
    } finally {
      cancel();
    }
  }
}

/** How many looks would be done with, were one made now. */
function lookOf({ standing, isDegraded }: Suffering): number {
  return isDegraded ? lastLook : looksAtMs.filter((at) => at <= standing.ageMs).length;
}

function isDue(one: Suffering, known: Known | undefined): boolean {
  return mayFollow(known, lookOf(one));
}

/** Once something is found, only the last look is made again. */
function mayFollow(known: Known | undefined, look: number): boolean {
  if (known === undefined) return look > 0;
  return look > known.looks && (known.text === '' || look === lastLook);
}

function masked(around: Surroundings, { maskLine }: CauseOptions): Surroundings {
  const lastLines = new Map([...around.lastLines].map(([key, line]) => [key, maskLine(line)]));
  return { ...around, lastLines };
}
