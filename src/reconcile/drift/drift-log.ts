import { isDeepStrictEqual } from 'node:util';
import type { DriftEntry } from '../../model/application.ts';
import { refInStatus } from '../../model/application.ts';
import type { Yielded } from '../../model/differences.ts';
import type { ApplicationKey } from '../../model/installation.ts';
import type { FieldWriter } from '../../model/live.ts';
import type { Ref } from '../../model/object.ts';
import type { Clock } from '../../model/ports.ts';

export interface DriftFound {
  readonly ref: Ref;
  readonly fields: readonly string[];
  /** undefined: removed by unknown. */
  readonly by: FieldWriter | undefined;
  readonly healed: boolean;
  /** Part of a fight: one entry stands for all of the same fields. */
  readonly again?: boolean;
}

/** What of an object stays as its owner has it. */
interface Left {
  readonly ref: Ref;
  readonly yielded: readonly Yielded[];
}

const kept = 20;
const coalesceMs = 5_000;

interface Flush {
  /** Monotonic time at which the last write began, or ended when it has. */
  writtenAt: number;
  cancel: (() => void) | undefined;
}

/**
 * Who changed what, per Application. The first entry is written at once, then at most one status write per Application
 * in five seconds.
 */
export class DriftLog {
  readonly #clock: Clock;
  readonly #entries = new Map<ApplicationKey, readonly DriftEntry[]>();
  readonly #flushes = new Map<ApplicationKey, Flush>();
  readonly #write: (key: ApplicationKey) => Promise<readonly DriftEntry[] | undefined>;

  /**
   * `write` is asked to write the status of an Application, drift included, resolves with the drift that status has then,
   * and never rejects.
   */
  constructor(clock: Clock, write: (key: ApplicationKey) => Promise<readonly DriftEntry[] | undefined>) {
    this.#clock = clock;
    this.#write = write;
  }

  /** Newest first, at most 20; open ones before healed ones. Falls back to what status had before a restart. */
  entries(key: ApplicationKey, inStatus: readonly DriftEntry[] | undefined): readonly DriftEntry[] {
    return this.#entries.get(key) ?? inStatus ?? [];
  }

  add(key: ApplicationKey, found: DriftFound, inStatus: readonly DriftEntry[] | undefined): void {
    const now = new Date(this.#clock.now()).toISOString();
    const present = this.entries(key, inStatus);
    const open = present.find((other) => isOpen(other, found.ref));
    const entry = entryOf(found, open?.since ?? now, now);
    if (open !== undefined && isSame(open, entry)) return;
    const former = open ?? (found.again === true ? present.find((other) => isRepeated(other, entry)) : undefined);
    this.#entries.set(key, [entry, ...present.filter((other) => other !== former)].sort(openFirst).slice(0, kept));
    this.#schedule(key);
  }

  /** The object is as it should be, whoever made it so: what stands open for it is healed. */
  healed(key: ApplicationKey, ref: Ref, inStatus: readonly DriftEntry[] | undefined): void {
    const present = this.entries(key, inStatus);
    if (!present.some((entry) => isOpen(entry, ref))) return;
    const now = new Date(this.#clock.now()).toISOString();
    const entries = present.map((entry) => (isOpen(entry, ref) ? { ...entry, healed: now } : entry));
    this.#entries.set(key, entries.sort(openFirst));
    this.#schedule(key);
  }

  /** What of an object was seen to be left to others; nothing: what stood of it is over. */
  yields(key: ApplicationKey, left: Left, inStatus: readonly DriftEntry[] | undefined): void {
    const present = this.entries(key, inStatus);
    const before = present.find((entry) => isOf(entry, left.ref) && entry.yielded !== undefined);
    const now = new Date(this.#clock.now()).toISOString();
    const entry = yieldedEntry(left, before?.since ?? now);
    if (before === undefined ? entry === undefined : isDeepStrictEqual(before, entry)) return;
    const others = present.filter((other) => other !== before);
    this.#entries.set(key, [...(entry === undefined ? [] : [entry]), ...others].sort(openFirst).slice(0, kept));
    this.#schedule(key);
  }

  /** What is said beside the entries has changed. */
  changed(key: ApplicationKey): void {
    this.#schedule(key);
  }

  forget(key: ApplicationKey): void {
    this.#flushes.get(key)?.cancel?.();
    this.#flushes.delete(key);
    this.#entries.delete(key);
  }

  #schedule(key: ApplicationKey): void {
    const flush = this.#flushes.get(key) ?? { writtenAt: Number.NEGATIVE_INFINITY, cancel: undefined };
    this.#flushes.set(key, flush);
    if (flush.cancel !== undefined) return;
    const waitMs = flush.writtenAt + coalesceMs - this.#clock.monotonic();
    if (waitMs <= 0) this.#flush(key, flush);
    else
      flush.cancel = this.#clock.after(waitMs, () => {
        flush.cancel = undefined;
        this.#schedule(key);
      });
  }

  /** For the server the five seconds begin when it has the write, which may be long after it was sent. */
  #flush(key: ApplicationKey, flush: Flush): void {
    flush.writtenAt = this.#clock.monotonic();
    void this.#write(key).then((inStatus) => {
      flush.writtenAt = this.#clock.monotonic();
      // Once in memory is enough.
      if (inStatus !== undefined && isDeepStrictEqual(this.#entries.get(key), inStatus))
        this.#entries.set(key, inStatus);
    });
  }
}

function entryOf({ ref, fields, by, healed }: DriftFound, since: string, now: string): DriftEntry {
  return {
    ...refInStatus(ref),
    fields: fields.slice(0, 20),
    manager: by?.manager ?? '',
    operation: by?.operation ?? '',
    since,
    ...(healed ? { healed: now } : {}),
  };
}

function isOf(entry: DriftEntry, ref: Ref): boolean {
  return (
    entry.kind === ref.kind && entry.name === ref.name && entry.namespace === ref.namespace && entry.group === ref.group
  );
}

/** Differs, and is to be put right. */
function isOpen(entry: DriftEntry, ref: Ref): boolean {
  return isOf(entry, ref) && entry.healed === undefined && entry.yielded === undefined;
}

function yieldedEntry({ ref, yielded }: Left, since: string): DriftEntry | undefined {
  const [first] = yielded;
  if (first === undefined) return undefined;
  return {
    ...refInStatus(ref),
    fields: yielded.map(({ path }) => path).slice(0, 20),
    manager: first.manager,
    operation: '',
    since,
    yielded: first.why,
  };
}

function isSame(a: DriftEntry, b: DriftEntry): boolean {
  return a.healed === b.healed && isByTheSame(a, b);
}

function isRepeated(a: DriftEntry, b: DriftEntry): boolean {
  return isOf(a, b) && a.yielded === undefined && isByTheSame(a, b);
}

function isByTheSame(a: DriftEntry, b: DriftEntry): boolean {
  return a.manager === b.manager && a.fields.join() === b.fields.join();
}

function openFirst(a: DriftEntry, b: DriftEntry): number {
  return Number(a.healed !== undefined) - Number(b.healed !== undefined);
}
