import type { TakenFields } from '../../apply/apply.ts';
import type { Application, DriftEntry } from '../../model/application.ts';
import { refInStatus } from '../../model/application.ts';
import type { ConflictRule } from '../../model/differences.ts';
import { describeRate } from '../../model/fight.ts';
import type { ApplicationKey } from '../../model/installation.ts';
import type { Ref, RefKey } from '../../model/object.ts';
import { refKey } from '../../model/object.ts';
import type { Clock } from '../../model/ports.ts';
import type { Contest, Fight, Rules } from './contest.ts';
import { afterRound, calmInMs, isAtRest, newContest } from './contest.ts';
import type { ContestedFields } from './suggestion.ts';
import { ruleFor, suggestionFor } from './suggestion.ts';

/** What a look at an object found. */
export interface Look {
  readonly ref: Ref;
  /** What others had taken and was put back. */
  readonly taken: readonly TakenFields[];
  /** Paths that stay as others have them. */
  readonly left: readonly string[];
}

export interface FightNews {
  readonly kind: 'began' | 'ended';
  readonly key: ApplicationKey;
  readonly entry: DriftEntry;
}

/** Who takes what of one object. */
interface Ring {
  readonly key: ApplicationKey;
  readonly ref: Ref;
  rules: Rules;
  readonly contests: Map<string, Contest>;
  /** Drift entries of the fights, by contest. */
  readonly shown: Map<string, DriftEntry>;
  cancel: (() => void) | undefined;
}

/**
 * Who takes the fields of our objects again and again, and what is done about it.
 *
 * Guarantees: what is remembered is bounded by what was taken lately; a fight ends by itself when nothing was taken for
 * a while; each fight is told once when it begins and once when it ends.
 * Caveats: a restart forgets it all: a fight that goes on is told anew.
 */
export class Fights implements Disposable {
  readonly #clock: Clock;
  readonly #tell: (news: FightNews) => void;
  readonly #rings = new Map<RefKey, Ring>();
  readonly #fighting = new Map<ApplicationKey, Set<Ring>>();
  #sweepAt = 1000;

  constructor(clock: Clock, tell: (news: FightNews) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  looked(app: Application, look: Look): void {
    const now = this.#clock.monotonic();
    const known = this.#known(app, look.ref);
    if (known === undefined && look.taken.length === 0) return;
    const ring = known ?? this.#enter(app, look.ref, now);
    ring.rules = rulesOf(app);
    for (const { writer } of look.taken)
      if (!ring.contests.has(nameOf(writer))) ring.contests.set(nameOf(writer), newContest(writer, now));
    for (const [name, contest] of ring.contests) {
      const taken = look.taken.find(({ writer }) => nameOf(writer) === name)?.fields ?? [];
      ring.contests.set(name, afterRound(contest, { now, taken, left: look.left }, ring.rules));
    }
    this.#announce(ring);
    this.#await(ring);
  }

  /** Milliseconds for which the object is not put right; 0: now. */
  holdsMs(ref: Ref): number {
    const ring = this.#rings.get(refKey(ref));
    if (ring === undefined) return 0;
    const holding = fightsIn(ring).filter((fight) => holds(fight, ring.rules));
    return Math.max(0, ...holding.map(({ nextTryAt }) => nextTryAt - this.#clock.monotonic()));
  }

  /** Milliseconds until what others have now is tried to be put back; undefined: no fight stands. */
  nextTryMs(ref: Ref): number | undefined {
    const ring = this.#rings.get(refKey(ref));
    const standing = ring === undefined ? [] : fightsIn(ring).filter(({ stands }) => stands);
    if (standing.length === 0) return undefined;
    return Math.max(0, Math.min(...standing.map(({ nextTryAt }) => nextTryAt - this.#clock.monotonic())));
  }

  isFought(ref: Ref): boolean {
    return (this.#rings.get(refKey(ref))?.shown.size ?? 0) > 0;
  }

  /** The Application with the rules that leave fields to others while a truce lasts. */
  withTruces(app: Application): Application {
    if (app.spec.drift.fight.action !== 'Yield') return app;
    const truces = [...(this.#fighting.get(app.key) ?? [])].flatMap((ring) => this.#trucesIn(ring));
    if (truces.length === 0) return app;
    const { conflicts } = app.spec;
    return { ...app, spec: { ...app.spec, conflicts: { ...conflicts, rules: [...truces, ...conflicts.rules] } } };
  }

  #trucesIn({ ref, contests }: Ring): ConflictRule[] {
    const now = this.#clock.monotonic();
    return [...contests.values()].flatMap(({ writer, fight }) => {
      if (fight === undefined || fight.insists || now >= fight.nextTryAt) return [];
      return [ruleFor({ ref, writer, fields: fight.fields })];
    });
  }

  /** One entry for each fight of the Application that goes on. */
  of(key: ApplicationKey): readonly DriftEntry[] {
    return [...(this.#fighting.get(key) ?? [])].flatMap(({ shown }) => [...shown.values()]);
  }

  /** Nobody cares for the object any more. */
  drop(ref: Ref): void {
    const ring = this.#rings.get(refKey(ref));
    if (ring === undefined) return;
    ring.cancel?.();
    ring.contests.clear();
    this.#announce(ring);
    this.#rings.delete(refKey(ref));
  }

  forget(key: ApplicationKey): void {
    for (const ring of this.#rings.values()) if (ring.key === key) this.drop(ring.ref);
  }

  [Symbol.dispose](): void {
    for (const { cancel } of this.#rings.values()) cancel?.();
    this.#rings.clear();
  }

  /** What another Application was fought for is of no use to this one. */
  #known({ key }: Application, ref: Ref): Ring | undefined {
    const ring = this.#rings.get(refKey(ref));
    if (ring === undefined || ring.key === key) return ring;
    this.drop(ref);
    return undefined;
  }

  #enter(app: Application, ref: Ref, now: number): Ring {
    this.#sweep(now);
    const rules = rulesOf(app);
    const ring: Ring = { key: app.key, ref, rules, contests: new Map(), shown: new Map(), cancel: undefined };
    this.#rings.set(refKey(ref), ring);
    return ring;
  }

  #sweep(now: number): void {
    if (this.#rings.size < this.#sweepAt) return;
    for (const [id, { contests, rules }] of this.#rings)
      if ([...contests.values()].every((contest) => isAtRest(contest, now, rules))) this.#rings.delete(id);
    this.#sweepAt = Math.max(1000, 2 * this.#rings.size);
  }

  #announce(ring: Ring): void {
    const { key, contests, shown } = ring;
    for (const [name, contest] of contests) {
      if (contest.fight === undefined || shown.has(name)) continue;
      const entry = this.#entryOf(ring, contest, contest.fight);
      shown.set(name, entry);
      this.#file(ring);
      this.#tell({ kind: 'began', key, entry });
    }
    for (const [name, entry] of shown) {
      if (contests.get(name)?.fight !== undefined) continue;
      shown.delete(name);
      this.#file(ring);
      this.#tell({ kind: 'ended', key, entry });
    }
  }

  #file(ring: Ring): void {
    const rings = this.#fighting.get(ring.key) ?? new Set();
    if (ring.shown.size > 0) rings.add(ring);
    else rings.delete(ring);
    if (rings.size > 0) this.#fighting.set(ring.key, rings);
    else this.#fighting.delete(ring.key);
  }

  #entryOf({ ref, rules }: Ring, { writer }: Contest, { fields, rate }: Fight): DriftEntry {
    const { manager, operation, subresource } = writer;
    const since = new Date(this.#clock.now()).toISOString();
    const contested: ContestedFields = { ref, writer, fields };
    const fight = { since, rate: describeRate(rate, rules.windowMs), action: rules.action, subresource };
    return {
      ...refInStatus(ref),
      fields: fields.slice(0, 20),
      manager,
      operation,
      since,
      fight: { ...fight, suggestion: suggestionFor(contested) },
    };
  }

  /** Looks again when the fights may have ended; while a writer has the fields, a look comes first. */
  #await(ring: Ring): void {
    ring.cancel?.();
    ring.cancel = undefined;
    const now = this.#clock.monotonic();
    for (const [name, contest] of ring.contests)
      if (contest.fight !== undefined && calmInMs(contest, now, ring.rules) === 0) ring.contests.delete(name);
    this.#announce(ring);
    if (ring.contests.size === 0) this.#rings.delete(refKey(ring.ref));
    const waits = [...ring.contests.values()]
      .filter(({ fight }) => fight !== undefined)
      .map((contest) => calmInMs(contest, now, ring.rules))
      .filter((ms) => ms !== undefined);
    if (waits.length > 0) ring.cancel = this.#clock.after(Math.min(...waits), () => this.#await(ring));
  }
}

function rulesOf({ spec: { drift } }: Application): Rules {
  return { ...drift.fight, minIntervalMs: drift.minIntervalMs };
}

function nameOf({ manager, operation, subresource }: TakenFields['writer']): string {
  return `${manager}|${operation}|${subresource}`;
}

function fightsIn({ contests }: Ring): Fight[] {
  return [...contests.values()].flatMap(({ fight }) => (fight === undefined ? [] : [fight]));
}

/** Whether corrections of the object wait for the next try. */
function holds({ insists }: Fight, { action }: Rules): boolean {
  return action === 'BackOff' || (action === 'Yield' && insists);
}
