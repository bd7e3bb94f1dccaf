import type { KnownApplication, ResourceStatus } from '../../model/application.ts';
import type { Health, ObjectHealth } from '../../model/health.ts';
import type { ApplicationKey } from '../../model/installation.ts';
import type { Ref, RefKey } from '../../model/object.ts';
import { refKey } from '../../model/object.ts';
import type { Clock } from '../../model/ports.ts';

/** How long a verdict on an object stands. */
export interface Standing {
  /** Of what was seen; another one is progress. */
  readonly sign: string;
  /** Milliseconds since 1970, whole seconds. */
  readonly since: number;
  readonly ageMs: number;
}

interface Seen {
  readonly sign: string;
  readonly since: number;
  /** Monotonic, may lie before the start of this process. */
  readonly sinceMonotonic: number;
}

/**
 * Since when objects that progress, or are degraded, say the same of themselves.
 *
 * Guarantees: time goes on after a restart, from what status says. Caveats: an object that status does not list, because
 * too many are not healthy, starts anew.
 */
export class Progress {
  readonly #clock: Clock;
  readonly #seen = new Map<ApplicationKey, Map<RefKey, Seen>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Replaces what is known of the objects of the Application; undefined for those that are neither. */
  observe(
    app: Pick<KnownApplication, 'key' | 'status'>,
    objects: readonly ObjectHealth[],
    generationOf: (ref: Ref) => number,
  ): readonly (Standing | undefined)[] {
    const before = this.#seen.get(app.key);
    const after = new Map<RefKey, Seen>();
    const standings = objects.map((object) => {
      if (object.status !== 'Progressing' && object.status !== 'Degraded') return undefined;
      const id = refKey(object.ref);
      const sign = `${object.status} ${generationOf(object.ref)} ${object.message}`;
      const known = before?.get(id);
      const seen =
        known?.sign === sign ? known : this.#begin(sign, known === undefined ? recalled(app, object) : undefined);
      after.set(id, seen);
      return { sign, since: seen.since, ageMs: this.#clock.monotonic() - seen.sinceMonotonic };
    });
    this.#seen.set(app.key, after);
    return standings;
  }

  /** How long an object has said the same of itself, as far as the last look knew; 0 when it knew nothing of it. */
  ageMs(key: ApplicationKey, ref: Ref): number {
    const seen = this.#seen.get(key)?.get(refKey(ref));
    return seen === undefined ? 0 : this.#clock.monotonic() - seen.sinceMonotonic;
  }

  forget(key: ApplicationKey): void {
    this.#seen.delete(key);
  }

  #begin(sign: string, recalledAt: number | undefined): Seen {
    const now = this.#clock.now();
    const since = Math.min(now, recalledAt ?? now);
    return { sign, since: Math.floor(since / 1000) * 1000, sinceMonotonic: this.#clock.monotonic() - (now - since) };
  }
}

/** What another process wrote about the same verdict. */
function recalled({ status }: Pick<KnownApplication, 'status'>, { ref, ...health }: ObjectHealth): number | undefined {
  const row = status.resources?.find((one) => isOf(one, ref));
  if (row?.health?.since === undefined || !saysTheSame(row.health, health)) return undefined;
  const since = Date.parse(row.health.since);
  return Number.isFinite(since) ? since : undefined;
}

function isOf(row: ResourceStatus, ref: Ref): boolean {
  return row.kind === ref.kind && row.name === ref.name && row.namespace === ref.namespace && row.group === ref.group;
}

/** Cause and deadline are written around the object's own words. */
function saysTheSame(written: Health, said: Health): boolean {
  const isSame = written.status === said.status || (written.status === 'Degraded' && said.status === 'Progressing');
  return isSame && written.message.includes(said.message);
}
