import type { Application, KnownApplication } from '../model/application.ts';
import type { ApplicationKey } from '../model/installation.ts';
import type { Ref, RefKey } from '../model/object.ts';
import { refKey } from '../model/object.ts';
import type { Clock } from '../model/ports.ts';
import type { RecordEntry } from '../model/record.ts';
import { sortEntries } from '../model/record.ts';
import type { Applications, StatusUpdate } from './applications.ts';
import { statusOfRunning } from './status.ts';

/** Sees the newest state; undefined = nothing to write. */
export type MakeUpdate = (current: KnownApplication) => StatusUpdate | undefined;

/**
 * Writes status one after the other per Application, each made from the answer to the one before.
 *
 * Guarantees: corrections that gave an object a new uid reach the record with the next write, whoever makes it.
 */
export class StatusWriter {
  readonly #applications: Applications;
  readonly #clock: Clock;
  readonly #last = new Map<ApplicationKey, Promise<unknown>>();
  readonly #corrected = new Map<ApplicationKey, Map<RefKey, RecordEntry>>();

  constructor(applications: Applications, clock: Clock) {
    this.#applications = applications;
    this.#clock = clock;
  }

  now(): string {
    return new Date(this.#clock.now()).toISOString().replace(/\.[0-9]+Z$/, 'Z');
  }

  /** Announces creations on the record, together with the running operation. Throws OperatorError (step `claim`). */
  async claim(app: Application, creations: readonly Ref[], revision: string): Promise<void> {
    if (creations.length === 0) return;
    const claims = creations.map((ref): RecordEntry => ({ ref, uid: '', desired: '', fp: '' }));
    await this.update(app.key, 'claim', ({ status, record = app.record }) => ({
      status: statusOfRunning({ ...app, status }, revision, this.now()),
      record: sortEntries([...record, ...claims.filter(({ ref }) => !isRecorded(record, ref))]),
    }));
  }

  /** Throws OperatorError. */
  async update(key: ApplicationKey, step: 'claim' | 'status', make: MakeUpdate): Promise<void> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const write = before.then(() => this.#write(key, step, make));
    const settled = write.catch(() => undefined);
    this.#last.set(key, settled);
    await write.finally(() => {
      if (this.#last.get(key) === settled) this.#last.delete(key);
    });
  }

  /** An object was created anew by a correction: its entry goes on record with the next write. */
  corrected(key: ApplicationKey, entry: RecordEntry): void {
    const entries = this.#corrected.get(key) ?? new Map<RefKey, RecordEntry>();
    this.#corrected.set(key, entries.set(refKey(entry.ref), entry));
  }

  async #write(key: ApplicationKey, step: 'claim' | 'status', make: MakeUpdate): Promise<void> {
    const current = this.#applications.known(key)?.app;
    if (current === undefined) return;
    const corrected = this.#corrected.get(key) ?? new Map<RefKey, RecordEntry>();
    const record = current.record?.map((entry) => corrected.get(refKey(entry.ref)) ?? entry);
    const update = make(record === undefined ? current : { ...current, record });
    if (update === undefined) return;
    await this.#applications.write(key, update, step);
    if (this.#corrected.get(key) === corrected) this.#corrected.delete(key);
  }
}

function isRecorded(record: readonly RecordEntry[], ref: Ref): boolean {
  const key = refKey(ref);
  return record.some((entry) => refKey(entry.ref) === key);
}
