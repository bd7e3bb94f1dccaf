import type { Correction, CorrectionInput } from '../../apply/apply.ts';
import { correctObject } from '../../apply/apply.ts';
import type { Application } from '../../model/application.ts';
import { isSuspended } from '../../model/application.ts';
import type { Yielded } from '../../model/differences.ts';
import { OperatorError } from '../../model/errors.ts';
import type { ApplicationKey } from '../../model/installation.ts';
import type { Suspect } from '../../model/live.ts';
import type { Ref, RefKey } from '../../model/object.ts';
import { refKey } from '../../model/object.ts';
import { isHookEntry } from '../../model/record.ts';
import { appliedBody } from './applied-body.ts';
import { contextOf } from '../context.ts';
import type { Ports } from '../ports.ts';
import { Vanishings } from './vanishings.ts';

/** Corrections at the same time: they share the API server with the syncs. */
const atOnce = 8;

/** `unsettled`: the ordered plan has to see to the object. */
type Seen = 'settled' | 'unsettled';

interface Lane {
  /** The newest suspicion that came while the object was being looked at. */
  next: Suspect | undefined;
}

/**
 * The second lane: puts single objects back as they were applied, past the queue.
 *
 * Guarantees: one look at an object at a time, and none is lost: a suspicion that still stands after it leads to one more;
 * two corrections of an object are `drift.minInterval` apart; an object that a running sync is about to write waits for
 * that write only. Needs no timer for the first correction of an object.
 */
export class Corrector {
  readonly #ports: Ports;
  readonly #resync: (key: ApplicationKey) => void;
  readonly #signal: AbortSignal;
  readonly #lanes = new Map<RefKey, Lane>();
  readonly #correctedAt = new Map<RefKey, number>();
  readonly #waiting: Suspect[] = [];
  readonly #vanishings: Vanishings;
  #running = 0;

  /** `resync` has the whole Application compared: for what must not be done out of order. */
  constructor(ports: Ports, resync: (key: ApplicationKey) => void, signal: AbortSignal) {
    this.#ports = ports;
    this.#resync = resync;
    this.#signal = signal;
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
      void this.#look(suspect).then((seen) => {
        this.#running -= 1;
        this.#release(suspect.ref);
        // After the release: while it is being corrected, the plan leaves the object alone.
        if (seen === 'unsettled') this.#resync(suspect.key);
        this.#pump();
      });
    }
  }

  #release(ref: Ref): void {
    const next = this.#lanes.get(refKey(ref))?.next;
    this.#lanes.delete(refKey(ref));
    this.#ports.pending.endCorrection(ref);
    // What came while it was being looked at is mostly what the look has found.
    if (next !== undefined && this.#ports.live.suspected(ref)) this.take(next);
  }

  async #look(suspect: Suspect): Promise<Seen> {
    try {
      return await this.#correct(suspect);
    } catch (error) {
      if (this.#signal.aborted) return 'settled';
      // The plan of the Application meets the same object in order, and reports what keeps it from being corrected.
      if (!(error instanceof OperatorError)) this.#ports.telemetry.bug(error, { application: suspect.key });
      return 'unsettled';
    }
  }

  async #correct(suspect: Suspect): Promise<Seen> {
    const { key, ref } = suspect;
    const parsed = this.#ports.applications.known(key);
    if (parsed?.kind !== 'valid' || parsed.app.deleting || isSuspended(parsed.app, this.#ports.clock.now()))
      return 'settled';
    const { app } = parsed;
    const recorded = app.record.find((entry) => refKey(entry.ref) === refKey(ref));
    if (recorded === undefined || this.#isHeldBack(suspect, app)) return 'settled';
    if (isHookEntry(recorded)) return suspect.why === 'left' ? 'unsettled' : 'settled';
    const body = await appliedBody(app, recorded, this.#ports, this.#signal);
    if (body === undefined) return 'unsettled';
    const mayRecreate = (): Promise<boolean> => this.#vanishings.mayRecreate(app, ref);
    const input = { ref, body, desiredHash: recorded.desired, recorded, suspect, mode: modeOf(app), mayRecreate };
    return this.#settle(suspect, app, input);
  }

  /** True when the suspicion was put off. */
  #isHeldBack(suspect: Suspect, app: Application): boolean {
    const { pending, clock } = this.#ports;
    // A sync that was cut off leaves objects that are newer than their record: only a look at Git tells them from drift.
    if (!pending.hasRun(app.key) || pending.has(app.key, suspect.ref)) {
      pending.whenDone(app.key, () => this.take(suspect));
      return true;
    }
    const since = clock.monotonic() - (this.#correctedAt.get(refKey(suspect.ref)) ?? Number.NEGATIVE_INFINITY);
    if (since >= app.spec.drift.minIntervalMs) return false;
    clock.after(app.spec.drift.minIntervalMs - since, () => this.take(suspect));
    return true;
  }

  async #settle(suspect: Suspect, app: Application, input: CorrectionInput): Promise<Seen> {
    const context = { ...contextOf(app, this.#ports, this.#signal), priority: 'urgent' as const };
    const correction = await correctObject(input, context);
    switch (correction.kind) {
      case 'unchanged':
      case 'shared':
        this.#tellYielded(suspect, app, correction);
        this.#ports.drift.healed(app.key, suspect.ref, app.status.drift);
        return 'settled';
      case 'corrected':
        this.#tellYielded(suspect, app, correction);
        this.#tell(suspect, app, { fields: correction.fields, by: correction.by, healed: true });
        return 'settled';
      case 'recreated':
        this.#ports.status.corrected(app.key, correction.entry);
        this.#tell(suspect, app, { fields: [], by: undefined, healed: true });
        return 'settled';
      case 'detected':
        this.#tell(suspect, app, { fields: correction.fields, by: correction.by, healed: false });
        return 'unsettled';
      case 'vanished':
      case 'terminating':
        return 'unsettled';
      case 'failed':
        throw correction.error;
    }
  }

  #tellYielded({ ref }: Suspect, app: Application, { yielded }: { readonly yielded: readonly Yielded[] }): void {
    this.#ports.drift.yields(app.key, { ref, yielded }, app.status.drift);
  }

  #tell(suspect: Suspect, app: Application, drift: { fields: readonly string[]; by: DriftBy; healed: boolean }): void {
    const ports = this.#ports;
    const latencyMs = ports.clock.monotonic() - suspect.seenAt;
    const event = { key: app.key, ref: suspect.ref, manager: drift.by?.manager ?? '', fields: drift.fields, latencyMs };
    ports.telemetry.driftDetected(event);
    if (drift.healed) {
      this.#correctedAt.set(refKey(suspect.ref), ports.clock.monotonic());
      ports.telemetry.driftCorrected(event);
    }
    ports.drift.add(app.key, { ref: suspect.ref, ...drift }, app.status.drift);
  }
}

type DriftBy = Extract<Correction, { kind: 'corrected' }>['by'];

/** Repairs where correction is immediate: by automation, or because the Application says so itself. */
function modeOf(app: Application): 'repair' | 'detect' {
  const { correction, explicit } = app.spec.drift;
  return correction === 'Immediate' && (app.spec.automated !== undefined || explicit) ? 'repair' : 'detect';
}
