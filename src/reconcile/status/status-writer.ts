import type { Application, KnownApplication } from '../../model/application.ts';
import { rfc3339 } from '../../model/duration.ts';
import { OperatorError } from '../../model/errors.ts';
import type { HookRun } from '../../model/hook-run.ts';
import type { ApplicationKey } from '../../model/installation.ts';
import type { Ref, RefKey } from '../../model/object.ts';
import { refKey } from '../../model/object.ts';
import type { Clock } from '../../model/ports.ts';
import type { RecordEntry } from '../../model/record.ts';
import { withClaims } from '../../model/record.ts';
import type { Applications, StatusUpdate } from '../applications/applications.ts';
import { statusOfRunning } from './status.ts';

/** Objects that are about to be created anew, and the write that announces them. */
interface Announcement {
  readonly creations: Ref[];
  readonly isWritten: Promise<boolean>;
}

/** Sees the newest state; undefined = nothing to write. */
export type MakeUpdate = (current: KnownApplication) => StatusUpdate | undefined;

/**
 * Writes status one after the other per Application, each made from the answer to the one before.
 *
 * Guarantees: an entry that a correction changed, or that could not be written, reaches the record with the next write,
 * whoever makes it; nothing is created for an Application that is gone.
 */
export class StatusWriter {
  readonly #applications: Applications;
  readonly #clock: Clock;
  readonly #last = new Map<ApplicationKey, Promise<unknown>>();
  readonly #corrected = new Map<ApplicationKey, Map<RefKey, RecordEntry>>();
  /** Not sent yet. */
  readonly #announced = new Map<ApplicationKey, Announcement>();

  constructor(applications: Applications, clock: Clock) {
    this.#applications = applications;
    this.#clock = clock;
  }

  now(): string {
    return rfc3339(this.#clock.now());
  }

  /**
   * Announces creations on the record, together with the running operation, and with the try of a sync with hooks that
   * begins: it has to be known before the first hook is created. Throws OperatorError (step `claim`).
   */
  async claim(app: Application, creations: readonly Ref[], revision: string, run?: HookRun): Promise<void> {
    const begins = run !== undefined && run !== app.status.operationState?.hookRun;
    if (creations.length === 0 && !begins) return;
    this.#forgetUids(app.key, creations);
    // Names of hooks tell when the operation began.
    const now = begins ? run.startedAt : this.now();
    const isWritten = await this.update(app.key, 'claim', ({ status, record = app.record }) => ({
      status: statusOfRunning({ ...app, status }, { revision, run }, now),
      record: withClaims(record, creations),
    }));
    if (!isWritten) throw isGone(app);
  }

  /**
   * Announces that an object which is gone is about to be created anew, beside the runs of the Application. What comes
   * while another write is on its way goes into one. Throws OperatorError (step `claim`).
   */
  async announce(app: Application, creation: Ref): Promise<void> {
    this.#forgetUids(app.key, [creation]);
    const announcement = this.#announced.get(app.key) ?? this.#announcement(app);
    announcement.creations.push(creation);
    if (!(await announcement.isWritten)) throw isGone(app);
  }

  /** What a correction has left is gone by now, and its uid must not come after the claim. */
  #forgetUids(key: ApplicationKey, creations: readonly Ref[]): void {
    const entries = this.#corrected.get(key);
    for (const ref of creations) {
      const entry = entries?.get(refKey(ref));
      if (entry !== undefined) entries?.set(refKey(ref), { ...entry, uid: '', fp: '' });
    }
  }

  #announcement({ key, record: atFirst }: Application): Announcement {
    const creations: Ref[] = [];
    const isWritten = this.update(key, 'claim', ({ status, record = atFirst }) => {
      this.#announced.delete(key);
      return { status, record: withClaims(record, creations) };
    }).finally(() => {
      if (this.#announced.get(key) === announcement) this.#announced.delete(key);
    });
    const announcement = { creations, isWritten };
    this.#announced.set(key, announcement);
    return announcement;
  }

  /** False: there is no such Application any more. Throws OperatorError. */
  async update(key: ApplicationKey, step: 'claim' | 'status', make: MakeUpdate): Promise<boolean> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const write = before.then(() => this.#write(key, step, make));
    const settled = write.catch(() => undefined);
    this.#last.set(key, settled);
    return write.finally(() => {
      if (this.#last.get(key) === settled) this.#last.delete(key);
    });
  }

  /** An object was written: its entry goes on record with the next write, also if that one fails with the one after it. */
  corrected(key: ApplicationKey, entry: RecordEntry): void {
    const entries = this.#corrected.get(key) ?? new Map<RefKey, RecordEntry>();
    this.#corrected.set(key, entries.set(refKey(entry.ref), entry));
  }

  /** An entry of the record as the next write will have it. */
  newest(key: ApplicationKey, entry: RecordEntry): RecordEntry {
    return this.#corrected.get(key)?.get(refKey(entry.ref)) ?? entry;
  }

  forget(key: ApplicationKey): void {
    this.#corrected.delete(key);
  }

  async #write(key: ApplicationKey, step: 'claim' | 'status', make: MakeUpdate): Promise<boolean> {
    const stored = this.#applications.known(key)?.app;
    if (stored === undefined) return false;
    const corrected = new Map(this.#corrected.get(key));
    const current = corrected.size === 0 ? stored : withCorrections(stored, corrected);
    const update = make(current);
    if (update === undefined) return true;
    const record = recordOf(update, { stored, current, corrected });
    const isWritten = await this.#applications.write(
      key,
      { status: update.status, ...(record === undefined ? {} : { record }) },
      step,
    );
    this.#recorded(key, corrected);
    return isWritten;
  }

  /** What came in while the write was on its way is for the next one. */
  #recorded(key: ApplicationKey, corrected: ReadonlyMap<RefKey, RecordEntry>): void {
    const entries = this.#corrected.get(key);
    for (const [ref, entry] of corrected) if (entries?.get(ref) === entry) entries.delete(ref);
    if (entries?.size === 0) this.#corrected.delete(key);
  }
}

interface Corrections {
  readonly stored: KnownApplication;
  readonly current: KnownApplication;
  readonly corrected: ReadonlyMap<RefKey, RecordEntry>;
}

function withCorrections(app: KnownApplication, corrected: Corrections['corrected']): KnownApplication {
  if (app.record === undefined) return app;
  return { ...app, record: app.record.map((entry) => corrected.get(refKey(entry.ref)) ?? entry) };
}

/** An update that was made from what stood before a correction must not bring the former entry back. */
function recordOf(
  { record }: StatusUpdate,
  { stored, current, corrected }: Corrections,
): readonly RecordEntry[] | undefined {
  if (corrected.size === 0) return record;
  const former = new Map(stored.record?.map((entry) => [refKey(entry.ref), entry]));
  return (record ?? current.record)?.map((entry) => {
    const newer = corrected.get(refKey(entry.ref));
    const before = former.get(refKey(entry.ref));
    if (newer === undefined || entry.uid !== before?.uid) return entry;
    return entry.uid !== newer.uid || entry.fp === before.fp ? newer : entry;
  });
}

/** Its objects would be nobody's. */
function isGone(app: Application): OperatorError {
  const message = `Application ${app.namespace}/${app.name} is gone: nothing is created for it`;
  return new OperatorError(message, { step: 'claim', reason: 'Terminating', retry: 'never' });
}
