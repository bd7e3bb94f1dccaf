import { systemClock } from '../../clock.ts';
import { Children } from './children.ts';
import type { HelperReply, HelperRequest } from './helper-protocol.ts';

/**
 * Entry of the helper process: starts programs for the operator, and ends with it.
 *
 * It is given its scratch folder and the PATH as arguments, and no environment. When the channel to the operator closes,
 * for whatever reason, all that runs is killed; then nothing keeps the process alive.
 */
const [, , scratch = '', path = ''] = process.argv;

const children = new Children({
  scratch,
  path,
  clock: systemClock,
  sendKill,
  reply: (reply: HelperReply) => {
    // The operator may have been killed a moment ago: `disconnect` tells.
    if (process.connected) process.send?.(reply, () => undefined);
  },
});

process.on('message', (request: HelperRequest) => children.handle(request));
process.on('disconnect', () => children.stop());
// A terminal sends them to all processes; when to end is for the operator to say.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
void children.sweep();

function sendKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}
