import { parentPort } from 'node:worker_threads';
import { LuaMachine } from './lua/machine.ts';
import { scriptLimits, type ScriptReply, type ScriptRequest } from './lua/protocol.ts';

/** Entry of the thread that runs health scripts, away from the loop that serves everybody. */
const machine = await LuaMachine.load(scriptLimits);

parentPort?.on('message', (request: ScriptRequest) => reply(machine.run(request)));
reply({ kind: 'ready' });

function reply(message: ScriptReply): void {
  parentPort?.postMessage(message);
}
