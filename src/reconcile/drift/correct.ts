import type { Correction, CorrectionInput } from '../../apply/apply.ts';
import { correctObject } from '../../apply/apply.ts';
import type { Application } from '../../model/application.ts';
import { isSuspended } from '../../model/application.ts';
import { OperatorError } from '../../model/errors.ts';
import { isSameHealth } from '../../model/health.ts';
import type { ApplicationKey } from '../../model/installation.ts';
import type { Suspect } from '../../model/live.ts';
import type { Ref, RefKey } from '../../model/object.ts';
import { refKey } from '../../model/object.ts';
import type { RecordEntry } from '../../model/record.ts';
import { isHookEntry } from '../../model/record.ts';
import { appliedBody } from './applied-body.ts';
import { contextOf } from '../context.ts';
import type { DriftFound } from './drift-log.ts';
import type { Look } from './fights.ts';
import { Intervals } from './intervals.ts';
import type { Ports } from '../ports.ts';
import { PutOff } from './put-off.ts';
import { Vanishings } from './vanishings.ts';

/** Corrections at the same time: they share the API server with the syncs. */
const atOnce = 8;

/** A controller has by then seen what a correction wrote, and its health told by an event. */
const healthNewsMs = 1_000;

/** Nothing is created whose creation could not be announced; the ordered plan does not create it for every Application. */
const announcedAgainMs = 5_000;

/** Has the whole Application compared: for what must not be done out of order, and to tell how it is. */
export interface Resync {
  now(key: ApplicationKey): void;
  after(key: ApplicationKey, delayMs: number): void;
}

/** `unsettled`: the ordered plan has to see to the object. */
type Next = 'settled' | 'unsettled';

type Seen<K extends Correction['kind']> = Extract<Correction, { kind: K }>;

interface Lane {
  /** The newest suspicion that came while the object was being looked at. */
  next: Suspect | undefined;
}

/**
 * The second lane: puts single objects back as they were applied, past the queue.
 *
 * Guarantees: one look at an object at a time, and none is lost: a suspicion that still stands after it leads to one more;
 * two writes to an object are `drift.minInterval` apart; an object that a running sync is about to write waits for that
 * write only, and one that somebody fights over until its next try. Needs no timer for the first correction of an object.
 */
export class Corrector {
  readonly #ports: Ports;
  readonly #resync: Resync;
  readonly #signal: AbortSignal;
  readonly #lanes = new Map<RefKey, Lane>();
  readonly #intervals: Intervals;
  readonly #putOff: PutOff;
  readonly #waiting: Suspect[] = [];
  readonly #vanishings: Vanishings;
  #running = 0;

  constructor(ports: Ports, resync: Resync, signal: AbortSignal) {
    this.#ports = ports;
    this.#resync = resync;
    this.#signal = signal;
    this.#intervals = new Intervals(ports.clock);
    this.#putOff = new PutOff(ports.clock, (suspect) => this.take(suspect), signal);
    this.#vanishings = new Vanishings(ports);
  }

  take(suspect: Suspect): void {
    if (this.#signal.aborted) return;
    const lane = this.#lanes.get(refKey(suspect.ref));
    if (lane !== undefined) {
      lane.next = suspect;
      return;
    }
    this.#lanes.set(refKey(suspect.ref), { next: undefined });
    this.#ports.pending.beginCorrection(suspect.ref);
    this.#waiting.push(suspect);
    this.#pump();
  }

  #pump(): void {
    while (this.#running < atOnce) {
      const suspect = this.#waiting.shift();
      if (suspect === undefined) return;
      this.#running += 1;
      const { live } = this.#ports;
      const before = live.healthOf(suspect.ref);
      void this.#look(suspect).then((seen) => {
        this.#running -= 1;
        this.#release(suspect.ref);
        // After the release: while it is being corrected, the plan leaves the object alone.
        if (seen === 'unsettled') this.#resync.now(suspect.key);
        // The event of what was read or written is no news to the watch any more. What follows from a write is, mostly soon.
        else if (!isSameHealth(before, live.healthOf(suspect.ref))) this.#resync.after(suspect.key, healthNewsMs);
        this.#pump();
      });
    }
  }

  #release(ref: Ref): void {
    const next = this.#lanes.get(refKey(ref))?.next;
    this.#lanes.delete(refKey(ref));
    this.#ports.pending.endCorrection(ref);
    // What came while it was being looked at is mostly what the look has found.
    if (next !== undefined) this.#takeIfStill(next);
  }

  #takeIfStill(suspect: Suspect): void {
    if (this.#ports.live.suspected(suspect.ref)) this.take(suspect);
  }

  async #look(suspect: Suspect): Promise<Next> {
    try {
      return await this.#correct(suspect);
    } catch (error) {
      if (this.#signal.aborted) return 'settled';
      // The plan of the Application meets the same object in order, and reports what keeps it from being corrected.
      if (!(error instanceof OperatorError)) this.#ports.telemetry.bug(error, { application: suspect.key });
      else if (error.step === 'claim' && error.retry === 'backoff') this.#putOff.put(suspect, announcedAgainMs);
      return 'unsettled';
    }
  }

  async #correct(suspect: Suspect): Promise<Next> {
    const { key, ref } = suspect;
    const app = this.#served(key);
    const stored = app?.record.find((entry) => refKey(entry.ref) === refKey(ref));
    if (app === undefined || stored === undefined || this.#isHeldBack(suspect, app)) return 'settled';
    const recorded = this.#ports.status.newest(key, stored);
    if (isHookEntry(recorded)) return suspect.why === 'left' ? 'unsettled' : 'settled';
    const mode = this.#modeFor(suspect, app);
    if (mode === undefined) return 'settled';
    const body = await appliedBody(app, recorded, this.#ports, this.#signal);
    if (body === undefined) return 'unsettled';
    return this.#settle(suspect, app, {
      ref,
      body,
      desiredHash: recorded.desired,
      recorded,
      suspect,
      mode,
      mayRecreate: () => this.#vanishings.mayRecreate(app, ref),
      announce: () => this.#ports.status.announce(app, ref),
    });
  }

  #served(key: ApplicationKey): Application | undefined {
    const parsed = this.#ports.applications.known(key);
    if (parsed?.kind !== 'valid' || parsed.app.deleting) return undefined;
    return isSuspended(parsed.app, this.#ports.clock.now()) ? undefined : parsed.app;
  }

  /** What is fought over is only looked at before its next try, once; undefined: it was, and that is to come. */
  #modeFor(suspect: Suspect, app: Application): CorrectionInput['mode'] | undefined {
    const { fights } = this.#ports;
    const holdMs = isThere(suspect) ? fights.holdsMs(suspect.ref) : 0;
    if (holdMs === 0) return modeOf(app);
    this.#putOff.put(suspect, holdMs);
    return fights.nextTryMs(suspect.ref) === undefined ? 'detect' : undefined;
  }

  /** True when the suspicion was put off. */
  #isHeldBack(suspect: Suspect, app: Application): boolean {
    const { pending } = this.#ports;
    // A sync that was cut off leaves objects that are newer than their record: only a look at Git tells them from drift.
    if (!pending.hasRun(app.key) || pending.has(app.key, suspect.ref)) {
      pending.whenDone(app.key, () => this.#takeIfStill(suspect));
      return true;
    }
    const ms = this.#intervals.leftMs(refKey(suspect.ref));
    if (ms > 0) this.#putOff.put(suspect, ms);
    return ms > 0;
  }

  async #settle(suspect: Suspect, app: Application, input: CorrectionInput): Promise<Next> {
    const context = contextOf(app, this.#ports, this.#signal, { priority: 'urgent' });
    const correction = await correctObject(input, context);
    switch (correction.kind) {
      case 'unchanged':
      case 'shared':
      case 'corrected':
        this.#recognise(app, input.recorded, correction.entry);
        this.#asItShouldBe(suspect, app, correction);
        return 'settled';
      case 'recreated':
        this.#wrote(suspect.ref, app);
        this.#ports.status.corrected(app.key, correction.entry);
        this.#tell(suspect, app, { fields: [], by: undefined, healed: true });
        // Git has dropped it since, and the plan may have taken it for gone.
        return this.#ports.claims.isDropped(app.key, suspect.ref) ? 'unsettled' : 'settled';
      case 'detected':
        this.#detected(suspect, app, correction);
        return 'unsettled';
      case 'vanished':
      case 'terminating':
        return 'unsettled';
      case 'failed':
        throw correction.error;
    }
  }

  /** By its record a restart knows the object as this look has left it: no news of its own, the next status has it. */
  #recognise({ key }: Application, recorded: RecordEntry, entry: RecordEntry): void {
    if (entry.uid === recorded.uid && entry.fp !== recorded.fp) this.#ports.status.corrected(key, entry);
  }

  #wrote(ref: Ref, app: Application): void {
    this.#intervals.begin(refKey(ref), app.spec.drift.minIntervalMs);
  }

  /** What is left to others in a fight is tried to be put back some time. */
  #looked(suspect: Suspect, app: Application, look: Omit<Look, 'ref'>): void {
    const { ref } = suspect;
    this.#ports.fights.looked(app, { ref, ...look });
    const ms = this.#ports.fights.nextTryMs(ref);
    if (ms !== undefined && ms > 0) this.#putOff.put(suspect, ms);
  }

  #asItShouldBe(suspect: Suspect, app: Application, correction: Seen<'unchanged' | 'shared' | 'corrected'>): void {
    const { drift, overrides } = this.#ports;
    const { kind, yielded } = correction;
    // No news of its own: the next status has it.
    if (correction.overrides !== undefined) overrides.wrote(app.key, suspect.ref, correction.overrides);
    if (kind !== 'unchanged') this.#wrote(suspect.ref, app);
    drift.yields(app.key, { ref: suspect.ref, yielded }, app.status.drift);
    const left = yielded.filter(({ truce }) => truce).map(({ path }) => path);
    this.#looked(suspect, app, { taken: kind === 'corrected' ? correction.taken : [], left });
    if (kind === 'corrected') this.#tell(suspect, app, { ...correction, healed: true });
    else drift.healed(app.key, suspect.ref, app.status.drift);
  }

  /** Where nothing is put back there is no fight. */
  #detected(suspect: Suspect, app: Application, correction: Seen<'detected'>): void {
    if (modeOf(app) === 'detect') this.#ports.fights.drop(suspect.ref);
    else this.#looked(suspect, app, { taken: [], left: correction.fields });
    this.#tell(suspect, app, { ...correction, healed: false });
  }

  #tell(suspect: Suspect, app: Application, { fields, by, healed }: Omit<DriftFound, 'ref'>): void {
    const ports = this.#ports;
    const latencyMs = ports.clock.monotonic() - suspect.seenAt;
    const event = { key: app.key, ref: suspect.ref, manager: by?.manager ?? '', fields, latencyMs };
    ports.telemetry.driftDetected(event);
    if (healed) ports.telemetry.driftCorrected(event);
    const again = ports.fights.isFought(suspect.ref);
    ports.drift.add(app.key, { ref: suspect.ref, fields, by, healed, again }, app.status.drift);
  }
}

/** An object that is gone is not waited for because of its fields. */
function isThere({ why }: Suspect): boolean {
  return why !== 'left' && why !== 'recreated';
}

/** Repairs where correction is immediate: by automation, or because the Application says so itself. */
function modeOf(app: Application): 'repair' | 'detect' {
  const { correction, explicit } = app.spec.drift;
  return correction === 'Immediate' && (app.spec.automated !== undefined || explicit) ? 'repair' : 'detect';
}
