import type { Application } from '../../model/application.ts';
import type { ApplicationKey } from '../../model/installation.ts';
import type { Clock, Random } from '../../model/ports.ts';

/** How thoroughly the next run has to look. */
export interface Ask {
  /** Poll the remote now; `hard`: render anew, too. */
  readonly refresh?: 'normal' | 'hard';
  /** Compare every object by its body. */
  readonly full: boolean;
}

/** What users and the audit ask of the next run of an Application. */
export class Asks {
  readonly #clock: Clock;
  readonly #random: Random;
  /** Of the run that goes on: it began as a full comparison. */
  readonly #comparing = new Set<ApplicationKey>();
  /** By which the objects of an Application were compared last. */
  readonly #rules = new Map<ApplicationKey, string>();
  readonly #auditAt = new Map<ApplicationKey, { readonly everyMs: number; readonly at: number }>();
  /** Whose bodies are read, or were, for the comparison that is asked for. */
  readonly #reading = new Set<ApplicationKey>();
  readonly #look: (key: ApplicationKey) => void;

  /** `look` has an Application looked at now. */
  constructor(clock: Clock, random: Random, look: (key: ApplicationKey) => void) {
    this.#clock = clock;
    this.#random = random;
    this.#look = look;
  }

  of(app: Application): Ask {
    const refresh = refreshAsked(app);
    const full = refresh === 'hard' || this.msToAudit(app) === 0;
    return refresh === undefined ? { full } : { refresh, full };
  }

  /** What the run that begins now has to do: whether it was a full comparison is decided here and not again at its end. */
  begin(app: Application): Ask {
    const asked = this.of(app);
    const ask = { ...asked, full: this.#isRuledAnew(app) || asked.full };
    if (ask.full) this.#comparing.add(app.key);
    else this.#comparing.delete(app.key);
    return ask;
  }

  /** Rules that changed may be about objects that nothing else gives a reason to look at. */
  #isRuledAnew({ key, spec }: Application): boolean {
    const { ignoreDifferences, conflicts, syncOptions } = spec;
    const rules = JSON.stringify([ignoreDifferences, conflicts, syncOptions.respectIgnoreDifferences]);
    const before = this.#rules.get(key) ?? rules;
    this.#rules.set(key, rules);
    return before !== rules;
  }

  /** Milliseconds until the next full comparison; undefined: the audit is off. The first is spread over one period. */
  msToAudit(app: Application): number | undefined {
    const { auditMs } = app.spec.drift;
    if (auditMs === 0) return undefined;
    const known = this.#auditAt.get(app.key);
    if (known?.everyMs === auditMs) return Math.max(0, known.at - this.#clock.monotonic());
    const first = auditMs * (0.5 + 0.5 * this.#random());
    this.#auditAt.set(app.key, { everyMs: auditMs, at: this.#clock.monotonic() + first });
    return first;
  }

  /** The bodies of the Application are being read. */
  reads({ key }: Application): void {
    this.#reading.add(key);
  }

  /**
   * Milliseconds until the bodies of `other` are asked for, if they may as well be read together with those of `app`: those
   * of an audit up to half a period early, but for who is looked at on request only what is asked for by now.
   */
  msToTakeAlong(other: Application, app: Application): number | undefined {
    if (this.#reading.has(other.key)) return undefined;
    const ms = this.of(other).full ? 0 : this.msToAudit(other);
    const early = this.msToAudit(app) === 0 ? other.spec.drift.auditMs / 2 : 0;
    return ms !== undefined && ms <= early ? ms : undefined;
  }

  /** Its comparison comes now, for its bodies are being read together with those of another. */
  takeAlong(other: Application): void {
    this.reads(other);
    if (this.of(other).full) return;
    const { auditMs } = other.spec.drift;
    this.#auditAt.set(other.key, { everyMs: auditMs, at: this.#clock.monotonic() });
    this.#look(other.key);
  }

  /** A run went through: if it was a full comparison, the next one is a period away. */
  compared(app: Application): void {
    if (!this.#comparing.delete(app.key)) return;
    this.#reading.delete(app.key);
    const { auditMs } = app.spec.drift;
    this.#auditAt.set(app.key, { everyMs: auditMs, at: this.#clock.monotonic() + auditMs });
  }

  forget(key: ApplicationKey): void {
    this.#rules.delete(key);
    this.#auditAt.delete(key);
    this.#comparing.delete(key);
    this.#reading.delete(key);
  }
}

/** The annotation in both spellings; it is removed when done. */
export const refreshAnnotations = ['evenkeel.dev/refresh', 'argocd.argoproj.io/refresh'];

function refreshAsked(app: Application): 'normal' | 'hard' | undefined {
  const value = refreshAnnotations.map((name) => app.annotations[name]).find((found) => found !== undefined);
  if (value === undefined) return undefined;
  return value === 'hard' ? 'hard' : 'normal';
}
