import type { Kinds } from '../kube/cluster.ts';
import type { ApplicationKey } from '../model/installation.ts';
import type { LiveAnswer } from '../model/live.ts';
import type { Ref, RefKey } from '../model/object.ts';
import { groupKindKey, refKey } from '../model/object.ts';
import type { RecordEntry } from '../model/record.ts';
import type { BodiesPorts, BodyWanted } from './bodies.ts';
import { listBodies, readBodies } from './bodies.ts';
import type { Entry, ObjectIndex } from './object-index.ts';
import type { AskUpcoming, ReadAhead } from './read-ahead.ts';
import type { Reclaimers } from './reclaimers.ts';
import { suspicion } from './suspicion.ts';
import type { Watches } from './watches.ts';

/** An object that Git wants, as much of it as is needed to tell whether it is in sync. */
export interface Wanted {
  readonly ref: Ref;
  readonly apiVersion: string;
  readonly hash: string;
}

export interface LiveQuestion {
  readonly key: ApplicationKey;
  readonly wanted: readonly Wanted[];
  readonly recorded: readonly RecordEntry[];
  /** Reads every body, also of what is in sync: a hard refresh, an audit. */
  readonly full?: boolean;
  /** Who else is going to ask for every body: they come by the same lists. Absent: nobody. */
  readonly upcoming?: AskUpcoming;
  /** Objects that are being put back as they were applied: they count as being so, and their bodies are not read. */
  readonly correcting?: (ref: Ref) => boolean;
}

export interface ReadPorts extends BodiesPorts {
  readonly index: ObjectIndex;
  readonly watches: Watches;
  readonly reclaimers: Reclaimers;
  readonly ahead: ReadAhead;
}

interface Asked {
  readonly id: RefKey;
  readonly ref: Ref;
  readonly wanted: Wanted | undefined;
  readonly recorded: RecordEntry | undefined;
}

/** What is known of every ref asked for; requests are made only for what memory cannot answer. */
export async function readLive(
  question: LiveQuestion,
  ports: ReadPorts,
  signal: AbortSignal,
): Promise<ReadonlyMap<RefKey, LiveAnswer>> {
  const asked = collect(question);
  await ports.watches.settled(signal, new Set(asked.map(({ ref }) => groupKindKey(ref))));
  const answers = new Map<RefKey, LiveAnswer>();
  const unanswered: BodyWanted[] = [];
  for (const one of asked) {
    const answer = answerFromMemory(one, question, ports);
    if ('state' in answer) answers.set(one.id, answer);
    else unanswered.push(answer);
  }
  if (question.full === true) addAll(answers, await ports.ahead.read(unanswered, question, signal));
  const byName = unanswered.filter(({ id }) => !answers.has(id));
  addAll(answers, await readBodies(byName, ports, signal));
  return answers;
}

/** The same for who looks once and follows nothing: every body is read. */
export async function readLiveOnce(
  question: LiveQuestion,
  ports: BodiesPorts,
  signal: AbortSignal,
): Promise<ReadonlyMap<RefKey, LiveAnswer>> {
  const routes = collect(question).map((asked) => [asked.id, routeOf(asked, ports.cluster.kinds)] as const);
  const known = new Map(routes.flatMap(([id, route]) => ('state' in route ? [[id, route] as const] : [])));
  const wanted = routes.flatMap(([, route]) => ('state' in route ? [] : [route]));
  const listed = await listBodies(wanted, [question.key], ports, signal);
  const byName = wanted.filter(({ id }) => !listed.has(id));
  return new Map([...known, ...listed, ...(await readBodies(byName, ports, signal))]);
}

function addAll(answers: Map<RefKey, LiveAnswer>, more: ReadonlyMap<RefKey, LiveAnswer>): void {
  for (const [id, answer] of more) answers.set(id, answer);
}

function collect({ wanted, recorded }: LiveQuestion): readonly Asked[] {
  const records = new Map(recorded.map((entry) => [refKey(entry.ref), entry]));
  const asked = new Map<RefKey, Asked>();
  for (const want of wanted) {
    const id = refKey(want.ref);
    asked.set(id, { id, ref: want.ref, wanted: want, recorded: records.get(id) });
  }
  for (const [id, entry] of records)
    if (!asked.has(id)) asked.set(id, { id, ref: entry.ref, wanted: undefined, recorded: entry });
  return [...asked.values()];
}

function answerFromMemory(asked: Asked, question: LiveQuestion, ports: ReadPorts): LiveAnswer | BodyWanted {
  const route = routeOf(asked, ports.cluster.kinds);
  if ('state' in route) {
    if (route.state === 'unknown') ports.watches.wakeWhenKnown(question.key, groupKindKey(asked.ref));
    return route;
  }
  const known = question.full === true ? undefined : fromIndex(asked, question, ports);
  return known ?? route;
}

/** Where the body is to be read; an answer when discovery says that there is none, or cannot say. */
function routeOf({ id, ref, wanted }: Asked, kinds: Kinds): LiveAnswer | BodyWanted {
  const served = kinds.find(ref, wanted?.apiVersion);
  if (served.state === 'gone') return { state: 'notServed' };
  return served.state === 'unknown' ? { state: 'unknown', why: served.why } : { id, ref, kind: served.kind };
}

/** undefined: only the body, or its proved absence, can tell. */
function fromIndex(
  { id, ref, wanted, recorded }: Asked,
  { key, correcting }: LiveQuestion,
  ports: ReadPorts,
): LiveAnswer | undefined {
  const kind = groupKindKey(ref);
  if (!ports.watches.isComplete(kind)) {
    ports.watches.wakeWhenKnown(key, kind);
    return undefined;
  }
  // Candidates for pruning need their body, and a recorded object may have lost its label only.
  if (wanted === undefined) return undefined;
  const entry = ports.index.get(id);
  if (recorded === undefined) return entry === undefined ? { state: 'absent' } : undefined;
  if (entry?.seen === undefined || recorded.uid !== entry.seen.observation.uid) return undefined;
  const counts = isAsApplied(entry, wanted.hash, ports.reclaimers) || isPutBack(entry, wanted.hash, correcting);
  return counts ? { state: 'inSync', observation: entry.seen.observation } : undefined;
}

/** The body with this hash was applied last, and nothing says that the object is not as that left it. */
function isAsApplied({ seen, expected }: Entry, desired: string, reclaimers: Reclaimers): boolean {
  if (seen === undefined || expected?.verified === undefined) return false;
  if (expected.desired !== desired || seen.observation.deleting) return false;
  return suspicion(seen, expected, reclaimers) === undefined;
}

/** Whatever it is like now, it is about to be what was applied last, which is what is wanted. */
function isPutBack({ ref, expected }: Entry, desired: string, correcting: LiveQuestion['correcting']): boolean {
  return expected?.desired === desired && correcting?.(ref) === true;
}
