import type { Clock, JqAnswer } from '../model/ports.ts';
import type { Unanswered } from '../thread/thread.ts';
import { Thread } from '../thread/thread.ts';
import type { JqRequest } from './protocol.ts';

/** One evaluation may take so long. */
const wallMs = 1_000;

/** Runs jq, one evaluation after the other. */
export function createJqThread(clock: Clock): Thread<JqRequest, JqAnswer> {
  return new Thread<JqRequest, JqAnswer>({
    clock,
    entry: [import.meta.url, './jq-worker-main'],
    // What jq prints is nobody's business: it may be of a Secret.
    worker: { env: {}, stdout: true, stderr: true },
    wallMs,
    unanswered: (_, { why }) => ({ kind: 'failed', message: messages[why] }),
  });
}

const messages: Readonly<Record<Unanswered['why'], string>> = {
  late: `it takes longer than ${wallMs / 1000} s`,
  ended: 'jq ended',
  stopped: 'it was not run, the operator is stopping',
};
