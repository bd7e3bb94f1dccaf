import type { Clock } from '../../model/ports.ts';
import type { Unanswered } from '../../thread/thread.ts';
import { Thread } from '../../thread/thread.ts';
import { failed, scriptLimits, type ScriptOutcome, type ScriptRequest } from './protocol.ts';

export type ScriptThread = Thread<ScriptRequest, ScriptOutcome>;

const { wallMs } = scriptLimits;
/** Of JavaScript's own heap, beside the virtual machine's memory. */
const heapMegabytes = 64;

/** Runs health scripts one after the other; one that takes more than it may ends the thread. */
export function createScriptThread(clock: Clock): ScriptThread {
  return new Thread<ScriptRequest, ScriptOutcome>({
    clock,
    entry: [import.meta.url, '../lua-worker-main'],
    worker: { env: {}, resourceLimits: { maxOldGenerationSizeMb: heapMegabytes } },
    wallMs,
    unanswered: ({ name }, about) => failed(`${name}: ${describe(about)}`, about.why !== 'stopped'),
    isSpent: (outcome) => outcome.kind === 'failed' && outcome.spent,
  });
}

function describe({ why, error }: Unanswered): string {
  switch (why) {
    case 'late':
      return `takes longer than ${wallMs / 1000} s`;
    case 'ended':
      return error instanceof Error ? error.message : 'its thread ended';
    case 'stopped':
      return 'was not run, the operator is stopping';
  }
}
