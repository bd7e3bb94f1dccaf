import type { Cluster, ListPage, ServedKind } from '../kube/cluster.ts';
import { ApiError } from '../model/api-error.ts';
import type { ApplicationKey, Installation } from '../model/installation.ts';
import { marksOf } from '../model/installation.ts';
import type { LiveAnswer } from '../model/live.ts';
import type { Ref, RefKey } from '../model/object.ts';
import { refKey, refOf } from '../model/object.ts';
import { eachBounded } from './bounded.ts';

/** An object whose body is needed, and the route to read it at. */
export interface BodyWanted {
  readonly id: RefKey;
  readonly ref: Ref;
  readonly kind: ServedKind;
}

export interface BodiesPorts {
  readonly cluster: Pick<Cluster, 'kinds' | 'read' | 'list'>;
  readonly installation: Installation;
  /** Reads by name at the same time. */
  readonly concurrency: number;
}

export type Answers = Map<RefKey, LiveAnswer>;

/**
 * Reads every object by name. The first one goes alone: when the server is down or overloaded one attempt is enough to
 * know, and the others are answered without a request.
 */
export async function readBodies(
  wanted: readonly BodyWanted[],
  ports: BodiesPorts,
  signal: AbortSignal,
): Promise<Answers> {
  const answers: Answers = new Map();
  let refusal: LiveAnswer | undefined;
  const read = async (one: BodyWanted): Promise<void> => {
    const answer = refusal ?? (await readBody(one, ports, signal, (why) => (refusal ??= why)));
    answers.set(one.id, answer);
  };
  const [first, ...rest] = wanted;
  if (first === undefined) return answers;
  await read(first);
  await eachBounded(rest, ports.concurrency, read);
  return answers;
}

async function readBody(
  { ref, kind }: BodyWanted,
  { cluster }: BodiesPorts,
  signal: AbortSignal,
  refuseAll: (answer: LiveAnswer) => void,
): Promise<LiveAnswer> {
  try {
    const object = await cluster.read({ ...ref, apiVersion: kind.apiVersion }, { signal });
    return object === undefined ? { state: 'absent' } : { state: 'body', object };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ApiError)) throw error;
    const state = error.kind === 'forbidden' ? 'forbidden' : 'unknown';
    const answer: LiveAnswer = { state, why: error.message };
    if (concernsAll(error)) refuseAll(answer);
    return answer;
  }
}

/** True when no other request would fare better at present. */
function concernsAll({ kind, status }: ApiError): boolean {
  if (kind === 'unavailable') return status === 0;
  return kind === 'throttled' || kind === 'unauthorized' || kind === 'notLeader';
}

/** From this many objects of one kind on a page of a list is cheaper than reading each. */
const worthListing = 8;

/**
 * Reads the bodies of the objects of some Applications by pages of label-selected lists, where a kind has many of them.
 * What a list lacks, or a list that failed, is left to be read by name.
 */
export async function listBodies(
  wanted: readonly BodyWanted[],
  keys: readonly ApplicationKey[],
  ports: BodiesPorts,
  signal: AbortSignal,
): Promise<Answers> {
  const answers: Answers = new Map();
  const byKind = Map.groupBy(wanted, ({ kind }) => `${kind.apiVersion}/${kind.resource}`);
  const labelSelector = selectorOf(keys, ports.installation);
  for (const [first, ...others] of byKind.values()) {
    if (first === undefined || others.length + 1 < worthListing) continue;
    const ids = new Set([first, ...others].map(({ id }) => id));
    const pages = ports.cluster.list(first.kind, { labelSelector, signal });
    const failure = await collectBodies(pages, ids, answers).catch(apiErrorOf);
    signal.throwIfAborted();
    if (failure !== undefined && concernsAll(failure)) return answers;
  }
  return answers;
}

function selectorOf(keys: readonly ApplicationKey[], installation: Installation): string {
  const marks = keys.map((key) => marksOf(installation, key).partOf);
  return `${installation.partOfLabel} in (${marks.join(',')})`;
}

async function collectBodies(
  pages: AsyncIterable<ListPage>,
  ids: ReadonlySet<RefKey>,
  answers: Answers,
): Promise<undefined> {
  for await (const page of pages) {
    for (const object of page.items) {
      const id = refKey(refOf(object));
      if (ids.has(id)) answers.set(id, { state: 'body', object });
    }
  }
}

function apiErrorOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  throw error;
}
