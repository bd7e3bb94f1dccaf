import { parentPort } from 'node:worker_threads';
import type { JqAnswer } from '../model/ports.ts';
import type { Reply } from '../thread/thread.ts';
import { JqMachine } from './machine.ts';
import type { JqRequest } from './protocol.ts';

/** Entry of the thread that runs jq, away from the loop that serves everybody. */
readByView();
const machine = new JqMachine();

parentPort?.on(
  'message',
  (request: JqRequest) => void machine.pathsIn(request).then((answer) => reply({ kind: 'answer', answer })),
);
reply({ kind: 'ready' });

function reply(message: Reply<JqAnswer>): void {
  parentPort?.postMessage(message);
}

/** jq-wasm takes its input byte by byte and copies the rest each time: a view makes 6 s of 100 KB some milliseconds. */
function readByView(): void {
  const copy = Reflect.get(Uint8Array.prototype, 'slice') as (start?: number, end?: number) => Uint8Array;
  const slice = function (this: Uint8Array, start?: number, end?: number): Uint8Array {
    return start === 1 && end === undefined ? this.subarray(1) : Reflect.apply(copy, this, [start, end]);
  };
  Reflect.set(Uint8Array.prototype, 'slice', slice);
}
