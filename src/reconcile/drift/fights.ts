import { isDeepStrictEqual } from 'node:util';
import type { TakenFields } from '../../apply/apply.ts';
import type { Application, ApplicationSpec, DriftEntry } from '../../model/application.ts';
import { refInStatus } from '../../model/application.ts';
import type { ConflictRule } from '../../model/differences.ts';
import type { FightPolicy } from '../../model/fight.ts';
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

/** One writer against us. */
interface Side {
  readonly contest: Contest;
  /** The drift entry of the fight. */
  readonly shown?: DriftEntry;
}

/** Who takes what of one object. */
interface Ring {
  readonly key: ApplicationKey;
  readonly ref: Ref;
  drift: ApplicationSpec['drift'];
  /** One for each writer. */
  sides: readonly Side[];
  cancel: (() => void) | undefined;
}

/** Between two looks for what is not worth being remembered any more. */
const sweepMs = 60_000;

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
  #cancelSweep: (() => void) | undefined;
  #latest: Contest | undefined;

  constructor(clock: Clock, tell: (news: FightNews) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  looked(app: Application, look: Look): void {
    const now = this.#clock.monotonic();
    const known = this.#known(app, look.ref);
    if (known === undefined && look.taken.length === 0) return;
    const ring = known ?? this.#enter(app, look.ref);
    ring.drift = app.spec.drift;
    const rules = rulesOf(ring);
    const contests = ring.sides.map(({ contest }) => contest);
    const strangers = look.taken.filter(({ writer }) => !contests.some((contest) => isBy(contest, writer)));
    const all = [...contests, ...strangers.map(({ writer }) => newContest(writer, now))];
    const after = all.map((contest) => {
      const taken = look.taken.find(({ writer }) => isBy(contest, writer))?.fields ?? [];
      return this.#shared(afterRound(contest, { now, taken, left: look.left }, rules));
    });
    this.#settle(ring, after);
    this.#await(ring);
  }

  /** Milliseconds for which the object is not put right; 0: now. */
  holdsMs(ref: Ref): number {
    const ring = this.#rings.get(refKey(ref));
    if (ring === undefined) return 0;
    const holding = fightsIn(ring).filter((fight) => holds(fight, ring.drift.fight));
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
    const ring = this.#rings.get(refKey(ref));
    return ring !== undefined && shownIn(ring).length > 0;
  }

  /** The Application with the rules that leave fields to others while a truce lasts. */
  withTruces(app: Application): Application {
    if (app.spec.drift.fight.action !== 'Yield') return app;
    const truces = [...(this.#fighting.get(app.key) ?? [])].flatMap((ring) => this.#trucesIn(ring));
    if (truces.length === 0) return app;
    const { conflicts } = app.spec;
    return { ...app, spec: { ...app.spec, conflicts: { ...conflicts, rules: [...truces, ...conflicts.rules] } } };
  }

  #trucesIn({ ref, sides }: Ring): ConflictRule[] {
    const now = this.#clock.monotonic();
    return sides.flatMap(({ contest: { writer, fight } }) => {
      if (fight === undefined || fight.insists || now >= fight.nextTryAt) return [];
      return [ruleFor({ ref, writer, fields: fight.fields })];
    });
  }

  /** One entry for each fight of the Application that goes on. */
  of(key: ApplicationKey): readonly DriftEntry[] {
    return [...(this.#fighting.get(key) ?? [])].flatMap(shownIn);
  }

  /** Nobody cares for the object any more. */
  drop(ref: Ref): void {
    const ring = this.#rings.get(refKey(ref));
    if (ring === undefined) return;
    ring.cancel?.();
    this.#settle(ring, []);
    this.#rings.delete(refKey(ref));
  }

  forget(key: ApplicationKey): void {
    for (const ring of this.#rings.values()) if (ring.key === key) this.drop(ring.ref);
  }

  [Symbol.dispose](): void {
    for (const { cancel } of this.#rings.values()) cancel?.();
    this.#cancelSweep?.();
    this.#rings.clear();
  }

  /** What another Application was fought for is of no use to this one. */
  #known({ key }: Application, ref: Ref): Ring | undefined {
    const ring = this.#rings.get(refKey(ref));
    if (ring === undefined || ring.key === key) return ring;
    this.drop(ref);
    return undefined;
  }

  #enter({ key, spec: { drift } }: Application, ref: Ref): Ring {
    const ring: Ring = { key, ref, drift, sides: [], cancel: undefined };
    this.#rings.set(refKey(ref), ring);
    this.#sweepLater();
    return ring;
  }

  /** A storm does the same to thousands of objects: what is equal in the contest before is not kept twice. */
  #shared(contest: Contest): Contest {
    const { writer, levels } = this.#latest ?? contest;
    this.#latest = {
      ...contest,
      writer: isBy(contest, writer) ? writer : contest.writer,
      levels: isDeepStrictEqual(contest.levels, levels) ? levels : contest.levels,
    };
    return this.#latest;
  }

  #sweepLater(): void {
    if (this.#rings.size === 0 || this.#cancelSweep !== undefined) return;
    this.#cancelSweep = this.#clock.after(sweepMs, () => {
      this.#cancelSweep = undefined;
      const now = this.#clock.monotonic();
      for (const [id, ring] of this.#rings)
        if (ring.sides.every(({ contest }) => isAtRest(contest, now, ring.drift.fight))) this.#rings.delete(id);
      this.#sweepLater();
    });
  }

  /** From now on these are the contests; what of them is a fight, and is none any more, is told. */
  #settle(ring: Ring, contests: readonly Contest[]): void {
    const before = shownIn(ring);
    ring.sides = contests.map((contest) => this.#sideOf(ring, contest));
    const after = shownIn(ring);
    this.#file(ring);
    const { key } = ring;
    for (const entry of after) if (!before.includes(entry)) this.#tell({ kind: 'began', key, entry });
    for (const entry of before) if (!after.includes(entry)) this.#tell({ kind: 'ended', key, entry });
  }

  #sideOf(ring: Ring, contest: Contest): Side {
    if (contest.fight === undefined) return { contest };
    const { shown } = ring.sides.find((side) => isBy(side.contest, contest.writer)) ?? {};
    return { contest, shown: shown ?? this.#entryOf(ring, contest, contest.fight) };
  }

  #file(ring: Ring): void {
    const rings = this.#fighting.get(ring.key) ?? new Set();
    if (shownIn(ring).length > 0) rings.add(ring);
    else rings.delete(ring);
    if (rings.size > 0) this.#fighting.set(ring.key, rings);
    else this.#fighting.delete(ring.key);
  }

  #entryOf({ ref, drift }: Ring, { writer }: Contest, { fields, rate }: Fight): DriftEntry {
    const { manager, operation, subresource } = writer;
    const { windowMs, action } = drift.fight;
    const since = new Date(this.#clock.now()).toISOString();
    const contested: ContestedFields = { ref, writer, fields };
    const fight = { since, rate: describeRate(rate, windowMs), action, subresource };
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
    const rules = ring.drift.fight;
    const contests = ring.sides.map(({ contest }) => contest);
    const left = contests.filter((contest) => contest.fight === undefined || calmInMs(contest, now, rules) !== 0);
    if (left.length < contests.length) this.#settle(ring, left);
    if (left.length === 0) this.#rings.delete(refKey(ring.ref));
    const waits = left
      .filter(({ fight }) => fight !== undefined)
      .map((contest) => calmInMs(contest, now, rules))
      .filter((ms) => ms !== undefined);
    if (waits.length > 0) ring.cancel = this.#clock.after(Math.min(...waits), () => this.#await(ring));
  }
}

function rulesOf({ drift }: Ring): Rules {
  return { ...drift.fight, minIntervalMs: drift.minIntervalMs };
}

function isBy({ writer }: Contest, other: TakenFields['writer']): boolean {
  return (
    writer.manager === other.manager && writer.operation === other.operation && writer.subresource === other.subresource
  );
}

function shownIn({ sides }: Ring): DriftEntry[] {
  return sides.flatMap(({ shown }) => (shown === undefined ? [] : [shown]));
}

function fightsIn({ sides }: Ring): Fight[] {
  return sides.flatMap(({ contest: { fight } }) => (fight === undefined ? [] : [fight]));
}

/** Whether corrections of the object wait for the next try. */
function holds({ insists }: Fight, { action }: FightPolicy): boolean {
  return action === 'BackOff' || (action === 'Yield' && insists);
}
