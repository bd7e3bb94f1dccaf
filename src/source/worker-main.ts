import { parentPort } from 'node:worker_threads';
import { OperatorError } from '../model/errors.ts';
import { messageOf } from './failures.ts';
import { readObjects } from './git/embedded/read-objects.ts';
import type { ReaderFailure, ReaderReply, ReaderRequest } from './git/embedded/reader-protocol.ts';
import { isNoSpace } from './no-space.ts';

/** Entry of a reader's thread: one commit's objects, away from the loop that serves everybody. */
const cache = {};

parentPort?.on('message', (message: { id: number; request: ReaderRequest }) => {
  void answer(message.id, message.request);
});

async function answer(id: number, request: ReaderRequest): Promise<void> {
  try {
    const { value, move } = await readObjects(request, cache);
    reply({ id, value }, move);
  } catch (error) {
    reply({ id, failure: failureOf(error) }, []);
  }
}

function reply(message: ReaderReply, move: ArrayBuffer[]): void {
  parentPort?.postMessage(message, move);
}

function failureOf(error: unknown): ReaderFailure {
  if (error instanceof OperatorError) return { message: error.message, reason: error.reason };
  if (isNoSpace(error)) return { message: messageOf(error), isNoSpace: true };
  return { message: messageOf(error) };
}
