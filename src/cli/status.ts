import { Command, Option } from 'commander';
import type { Connected, ConnectionFlags } from './connection.ts';
import { connectTo } from './connection.ts';
import { statusAsJson, statusAsText } from './status-print.ts';
import type { StatusReport } from './status-report.ts';
import { reportOn } from './status-report.ts';
import type { Terminal } from './terminal.ts';

interface StatusFlags extends ConnectionFlags {
  readonly namespace: string;
  readonly why: boolean;
  readonly output: 'table' | 'json';
}

/** What a script may go by: 3 = not healthy. */
const exitCodes = { healthy: 0, notHealthy: 3 } as const;

/** `status APPLICATION`: how it stands, and why. `exit` takes the exit code. */
export function statusCommand(terminal: Terminal, exit: (code: number) => void): Command {
  return new Command('status')
    .description('Print how an Application stands: sync, health, conditions; with --why the root causes.')
    .argument('<application>', 'its name')
    .option('-n, --namespace <namespace>', 'namespace of the Application', 'evenkeel')
    .option('--why', 'look for what keeps its objects from working, with your own permissions', false)
    .option('--operator-namespace <namespace>', 'where Secrets with credentials are labelled', 'evenkeel')
    .option('--kubeconfig <file>', 'KUBECONFIG, else ~/.kube/config')
    .option('--context <name>', 'context of the kubeconfig')
    .addOption(new Option('-o, --output <format>', 'how it is printed').choices(['table', 'json']).default('table'))
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.complain })
    .action(async (name: string, flags: StatusFlags) => {
      await using connected: Connected = await connectTo(flags, terminal);
      const app = await connected.known(flags.namespace, name);
      const report = await reportOn(app, flags.why ? connected.surroundings : undefined, terminal.signal);
      terminal.out(flags.output === 'json' ? statusAsJson(report) : statusAsText(report));
      exit(isHealthy(report) ? exitCodes.healthy : exitCodes.notHealthy);
    });
}

/** Suspended is somebody's wish. */
function isHealthy({ app }: StatusReport): boolean {
  const health = app.status.health?.status;
  return health === 'Healthy' || health === 'Suspended';
}
