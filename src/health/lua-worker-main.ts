import { parentPort } from 'node:worker_threads';
import type { Reply } from '../thread/thread.ts';
import { LuaMachine } from './lua/machine.ts';
import { scriptLimits, type ScriptOutcome, type ScriptRequest } from './lua/protocol.ts';

/** Entry of the thread that runs health scripts, away from the loop that serves everybody. */
const machine = await LuaMachine.load(scriptLimits);

parentPort?.on('message', (request: ScriptRequest) => reply({ kind: 'answer', answer: machine.run(request) }));
reply({ kind: 'ready' });

function reply(message: Reply<ScriptOutcome>): void {
  parentPort?.postMessage(message);
}
