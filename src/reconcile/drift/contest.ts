import type { FightPolicy } from '../../model/fight.ts';
import type { FieldWriter } from '../../model/live.ts';

/** A writer that takes the same fields of one object so often that it is a fight. */
export interface Fight {
  readonly fields: readonly string[];
  /** Takes per window of the policy when it began. */
  readonly rate: number;
  /** How often the fields were put back since. */
  readonly tries: number;
  /** Monotonic milliseconds before which the fields are not put back, by an action that waits. */
  readonly nextTryAt: number;
  /** The writer has the fields now: nothing decays before that has ended. */
  readonly stands: boolean;
  /** The writer takes the fields though they were to be left to it: no rule yields to it. */
  readonly insists: boolean;
}

/** How often a field was taken lately. */
interface Level {
  readonly field: string;
  readonly level: number;
}

/** What one writer takes of one object: a counter for each field, which decays by itself. A value; nothing here waits. */
export interface Contest {
  /** As one of its writes named it. */
  readonly writer: FieldWriter;
  /** As of `at`. A storm makes thousands of contests of one field each: a Map for each would be most of what they take. */
  readonly levels: readonly Level[];
  readonly at: number;
  /** Since the counters were at rest. */
  readonly began: number;
  readonly takes: number;
  readonly fight?: Fight;
}

/** What a look at the object found, as far as it is about the writer. */
export interface Round {
  readonly now: number;
  /** Fields that the writer had taken and that were put back. */
  readonly taken: readonly string[];
  /** Fields that stay as others have them, whoever they are. */
  readonly left: readonly string[];
}

export interface Rules extends FightPolicy {
  /** Least time between two corrections of the object. */
  readonly minIntervalMs: number;
}

/** Fields that are counted; more of one object are put back without being counted. */
const mostFields = 128;
/** A counter below this says nothing any more. */
const rest = 0.05;
const longestBackOffMs = 300_000;
const longestTruceMs = 3_600_000;

export function newContest(writer: FieldWriter, now: number): Contest {
  return { writer, levels: [], at: now, began: now, takes: 0 };
}

/** The contest after a look. Each take counts once: when it was put back, or when a fight is seen to stand again. */
export function afterRound(contest: Contest, round: Round, rules: Rules): Contest {
  const { fight } = contest;
  const left = fight === undefined ? [] : fight.fields.filter((field) => round.left.includes(field));
  const fields = fight?.stands === true ? [] : [...new Set([...round.taken, ...left])];
  const counted = count(contest, fields, round.now, rules);
  const fought = counted.fight ?? beginning(counted, round.now, rules);
  if (fought === undefined) return counted;
  const isPutBack = left.length === 0 && fought.fields.some((field) => round.taken.includes(field));
  const next = isPutBack ? triedAgain(fought, round, rules) : fought;
  return { ...counted, fight: { ...next, fields: fieldsOf(counted, next, rules), stands: left.length > 0 } };
}

/** The counters at this time. */
function levelsAt({ levels, at, fight }: Contest, now: number, { windowMs }: FightPolicy): readonly Level[] {
  if (fight?.stands === true) return levels;
  const decay = Math.exp(-(now - at) / windowMs);
  return levels.map(({ field, level }) => ({ field, level: level * decay }));
}

function count(contest: Contest, fields: readonly string[], now: number, rules: FightPolicy): Contest {
  const before = levelsAt(contest, now, rules).filter(({ level }) => level >= rest);
  const again = before.map((counter) => (fields.includes(counter.field) ? raised(counter, rules) : counter));
  const known = new Set(before.map(({ field }) => field));
  const fresh = fields.filter((field) => !known.has(field)).map((field) => raised({ field, level: 0 }, rules));
  const { takes, began } = before.length === 0 ? { takes: 0, began: now } : contest;
  const levels = [...again, ...fresh].slice(0, mostFields);
  return { ...contest, levels, at: now, began, takes: takes + (fields.length > 0 ? 1 : 0) };
}

function raised({ field, level }: Level, { limit }: FightPolicy): Level {
  return { field, level: Math.min(limit, level + 1) };
}

function beginning(
  { levels, takes, began }: Contest,
  now: number,
  { limit, windowMs }: FightPolicy,
): Fight | undefined {
  const fields = levels.filter(({ level }) => level >= limit).map(({ field }) => field);
  if (fields.length === 0) return undefined;
  const rate = takes < 2 || now === began ? takes : ((takes - 1) * windowMs) / (now - began);
  return { fields, rate, tries: 0, nextTryAt: now, stands: false, insists: false };
}

function fieldsOf({ levels }: Contest, { fields }: Fight, { limit }: FightPolicy): readonly string[] {
  const joined = levels.filter(({ field, level }) => level >= limit && !fields.includes(field));
  return joined.length === 0 ? fields : [...fields, ...joined.map(({ field }) => field)];
}

function triedAgain(fight: Fight, { now }: Round, rules: Rules): Fight {
  const tries = fight.tries + 1;
  const insists = rules.action === 'Yield' && fight.tries > 0 && now < fight.nextTryAt;
  return { ...fight, tries, nextTryAt: now + waitMs(tries, rules), insists };
}

/** Doubles with each try. Corrections back off from their least interval; a truce lasts for a window at first. */
function waitMs(tries: number, { action, minIntervalMs, windowMs }: Rules): number {
  if (action === 'Yield') return Math.min(longestTruceMs, windowMs * 2 ** (tries - 1));
  return Math.min(longestBackOffMs, Math.max(100, minIntervalMs) * 2 ** tries);
}

/** Milliseconds until the fight has ended if nothing is taken any more; undefined: not while the writer has the fields. */
export function calmInMs(contest: Contest, now: number, rules: FightPolicy): number | undefined {
  if (contest.fight?.stands === true) return undefined;
  const highest = Math.max(...levelsAt(contest, now, rules).map(({ level }) => level));
  // From the threshold down to this it takes one window.
  const calm = rules.limit / Math.E;
  return highest <= calm ? 0 : Math.ceil(rules.windowMs * Math.log(highest / calm));
}

/** True when nothing of it is worth being remembered. */
export function isAtRest(contest: Contest, now: number, rules: FightPolicy): boolean {
  if (contest.fight !== undefined) return false;
  return levelsAt(contest, now, rules).every(({ level }) => level < rest);
}
