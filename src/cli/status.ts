import type { Command } from 'commander';
import type { ClusterFlags } from './command.ts';
import { clusterCommand, outputOption } from './command.ts';
import type { Connected } from './connection.ts';
import { connectTo } from './connection.ts';
import { statusAsJson, statusAsText } from './status-print.ts';
import type { StatusReport } from './status-report.ts';
import { reportOn } from './status-report.ts';
import type { Terminal } from './terminal.ts';

interface StatusFlags extends ClusterFlags {
  readonly why: boolean;
  readonly output: 'table' | 'json';
}

/** What a script may go by: 3 = not healthy. */
const exitCodes = { healthy: 0, notHealthy: 3 } as const;

/** `status APPLICATION`: how it stands, and why. `exit` takes the exit code. */
export function statusCommand(terminal: Terminal, exit: (code: number) => void): Command {
  return clusterCommand(terminal, 'status')
    .description('Print how an Application stands: sync, health, conditions; with --why the root causes.')
    .option('--why', 'look for what keeps its objects from working, with your own permissions', false)
    .addOption(outputOption(['table', 'json']))
    .action(async (name: string, flags: StatusFlags) => {
      await using connected: Connected = await connectTo(flags, terminal);
      const app = await connected.known(flags.namespace, name);
      const report = await reportOn(app, flags.why ? connected.cluster : undefined, terminal.signal);
      terminal.out(flags.output === 'json' ? statusAsJson(report) : statusAsText(report));
      exit(isHealthy(report) ? exitCodes.healthy : exitCodes.notHealthy);
    });
}

/** Suspended is somebody's wish. */
function isHealthy({ app }: StatusReport): boolean {
  const health = app.status.health?.status;
  return health === 'Healthy' || health === 'Suspended';
}
