import { rfc3339 } from './duration.ts';
import type { HookPhase, Release } from './hook.ts';
import type { Retry } from './errors.ts';
import type { Ref } from './object.ts';
import { refKey } from './object.ts';
import type { Reason } from './reasons.ts';

/** An Application may have so many hooks: what became of each stands in its status. */
export const mostHooks = 100;

export type HookState = 'Running' | 'Succeeded' | 'Failed';

/** What the result of a sync says of a hook: the phase in which it ran, and what became of it. */
export interface HookInResult {
  readonly hookType: HookPhase;
  readonly hookPhase: HookState;
  readonly syncPhase: HookPhase;
}

/** What is known of a hook that a run has begun. */
export interface HookRow extends Ref {
  readonly phase: HookPhase;
  readonly state: HookState;
  readonly message: string;
}

/**
 * One try of a sync with hooks, as the status keeps it: it is written before the first hook is created, so that after a
 * restart what has run, or runs, is found again and not run twice.
 */
export interface HookRun {
  /** RFC 3339; with the revision the name of the run. */
  readonly startedAt: string;
  /** From 1. */
  readonly attempt: number;
  readonly revision: string;
  readonly digest: string;
  readonly release: Release;
  readonly hooks: readonly HookRow[];
  /** Why the try has failed; its SyncFail hooks run until `endedAt` stands. A try that ended without it has succeeded. */
  readonly failure?: { readonly reason: Reason; readonly message: string; readonly retry: Exclude<Retry, 'backoff'> };
  readonly endedAt?: string;
}

/**
 * When the run that follows another one begins, RFC 3339 with whole seconds: now, or a second after the other: two runs
 * that began in one second would take each other's hooks for their own.
 */
export function startAfter(before: Pick<HookRun, 'startedAt'> | undefined, now: number): string {
  const next = before === undefined ? Number.NEGATIVE_INFINITY : Date.parse(before.startedAt) + 1000;
  return rfc3339(Math.max(now, next));
}

/** The value of the annotation by which a hook in the cluster tells for which run it was created. */
export function runMark(run: HookRun, phase: HookPhase): string {
  return `${unixStart(run)}-${shortRevision(run)}-${phase}`;
}

/** The name of a hook whose manifest has `generateName`: the same for every look of one run. */
export function generatedName(prefix: string, run: HookRun, phase: HookPhase): string {
  return `${prefix}${shortRevision(run)}-${phase.toLowerCase()}-${unixStart(run)}`;
}

/** Whether `name` may have been generated, by whichever run. */
export function isGeneratedName(name: string, prefix: string): boolean {
  return name.startsWith(prefix) && /^[a-z0-9]{0,7}-[a-z]+-[0-9]+$/.test(name.slice(prefix.length));
}

function unixStart({ startedAt }: HookRun): number {
  return Math.floor(Date.parse(startedAt) / 1000);
}

/** Of several sources the first; versions of charts have characters that names have not. */
function shortRevision({ revision }: HookRun): string {
  return revision
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
    .slice(0, 7);
}

export function rowOf(run: HookRun, ref: Ref, phase: HookPhase): HookRow | undefined {
  const key = refKey(ref);
  return run.hooks.find((row) => row.phase === phase && refKey(row) === key);
}
