import type { Kinds } from '../kube/cluster.ts';
import type { ApplicationKey } from '../model/installation.ts';
import type { KubeObject, Ref, RefKey } from '../model/object.ts';
import { refKey, resourceVersionOf } from '../model/object.ts';
import type { Clock } from '../model/ports.ts';
import { wait } from '../model/wait.ts';
import type { Answers, BodiesPorts, BodyWanted } from './bodies.ts';
import { listBodies } from './bodies.ts';
import type { ObjectIndex } from './object-index.ts';

/** An Application that is going to ask for all of its bodies. */
export interface Upcoming {
  readonly key: ApplicationKey;
  /** Without apiVersion: as the cluster prefers it. */
  readonly objects: readonly { readonly ref: Ref; readonly apiVersion?: string | undefined }[];
}

/** Who is going to ask, with no more objects than there is room for; each is named once. */
export type AskUpcoming = (room: number) => readonly Upcoming[];

export interface ReadAheadPorts extends BodiesPorts {
  readonly index: ObjectIndex;
  readonly clock: Clock;
}

interface Ahead {
  readonly object: KubeObject;
  /** Monotonic milliseconds. */
  readonly readAt: number;
}

/** As many as a page of a list has. */
const mostAhead = 500;
const keptMs = 60_000;
/** Between the beginnings of two lists: one that came at once would be for whoever asks next, and for nobody else. */
const apartMs = 500;

/**
 * Bodies for full comparisons: one list of a kind is shared by all Applications that ask for its bodies at about the
 * same time.
 *
 * Guarantees: one list at a time, half a second after the one before; a body is handed out once, and only while it is
 * what the watch showed last; no more than a page of them is held for others, none for longer than two minutes.
 */
export class ReadAhead implements Disposable {
  readonly #ports: ReadAheadPorts;
  readonly #ahead = new Map<RefKey, Ahead>();
  #last: Promise<unknown> = Promise.resolve();
  /** Monotonic milliseconds. */
  #listedAt = Number.NEGATIVE_INFINITY;
  #cancelSweep: (() => void) | undefined;

  constructor(ports: ReadAheadPorts) {
    this.#ports = ports;
  }

  /** What it lacks is to be read by name. */
  async read(
    wanted: readonly BodyWanted[],
    { key, upcoming = nobody }: { readonly key: ApplicationKey; readonly upcoming?: AskUpcoming },
    signal: AbortSignal,
  ): Promise<Answers> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const before = this.#last;
    this.#last = promise;
    await before;
    try {
      const answers = this.#take(wanted);
      const missing = wanted.filter(({ id }) => !answers.has(id));
      if (missing.length === 0) return answers;
      await this.#apart(signal);
      const listed = await this.#list(missing, { key, others: upcoming(mostAhead - this.#ahead.size) }, signal);
      return new Map([...answers, ...listed]);
    } finally {
      resolve(undefined);
    }
  }

  /** Who asks meanwhile is among the others that are asked for. */
  async #apart(signal: AbortSignal): Promise<void> {
    const { clock } = this.#ports;
    const leftMs = this.#listedAt + apartMs - clock.monotonic();
    if (leftMs > 0) await wait(clock, leftMs, signal);
    signal.throwIfAborted();
    this.#listedAt = clock.monotonic();
  }

  #take(wanted: readonly BodyWanted[]): Answers {
    const answers: Answers = new Map();
    for (const { id, kind } of wanted) {
      const object = this.#ahead.get(id)?.object;
      if (object === undefined) continue;
      this.#ahead.delete(id);
      const shown = this.#ports.index.get(id)?.seen?.observation.resourceVersion;
      if (shown === resourceVersionOf(object) && object.apiVersion === kind.apiVersion)
        answers.set(id, { state: 'body', object });
    }
    return answers;
  }

  async #list(
    wanted: readonly BodyWanted[],
    { key, others }: { readonly key: ApplicationKey; readonly others: readonly Upcoming[] },
    signal: AbortSignal,
  ): Promise<Answers> {
    const own = new Set(wanted.map(({ id }) => id));
    const more = others.flatMap((other) => bodiesOf(other, this.#ports.cluster.kinds)).filter(({ id }) => !own.has(id));
    const keys = [key, ...others.map((other) => other.key)];
    const answers = await listBodies([...wanted, ...more], keys, this.#ports, signal);
    const readAt = this.#ports.clock.monotonic();
    for (const { id } of more) {
      const answer = answers.get(id);
      answers.delete(id);
      if (answer?.state === 'body') this.#ahead.set(id, { object: answer.object, readAt });
    }
    this.#sweepLater();
    return answers;
  }

  /** Who did not come for them has them read anew. */
  #sweepLater(): void {
    if (this.#ahead.size === 0) return;
    const { clock } = this.#ports;
    this.#cancelSweep ??= clock.after(keptMs, () => {
      this.#cancelSweep = undefined;
      for (const [id, { readAt }] of this.#ahead) if (clock.monotonic() - readAt >= keptMs) this.#ahead.delete(id);
      this.#sweepLater();
    });
  }

  [Symbol.dispose](): void {
    this.#cancelSweep?.();
    this.#ahead.clear();
  }
}

const nobody: AskUpcoming = () => [];

function bodiesOf({ objects }: Upcoming, kinds: Kinds): BodyWanted[] {
  return objects.flatMap(({ ref, apiVersion }) => {
    const served = kinds.find(ref, apiVersion);
    return served.state === 'served' ? [{ id: refKey(ref), ref, kind: served.kind }] : [];
  });
}
