import { Command, CommanderError } from 'commander';
import { OperatorError, OperatorErrors } from '../model/errors.ts';
import { reasons } from '../model/reasons.ts';
import { approveCommand } from './approve.ts';
import { healthCommand } from './health.ts';
import { diffCommand, planCommand } from './plan.ts';
import { releaseCommand } from './release.ts';
import { renderCommand } from './render.ts';
import { rollbackCommand } from './rollback.ts';
import { statusCommand } from './status.ts';
import { syncCommand } from './sync.ts';
import { terminateCommand } from './terminate.ts';
import type { Terminal } from './terminal.ts';

/** Runs one command; gives the exit code: 0 done, 1 failed, 2 not understood, or what the command says itself. */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    let code = 0;
    const exit = (chosen: number): void => void (code = chosen);
    await programFor(terminal, exit).parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    terminal.complain(explain(error));
    return 1;
  }
}

function programFor(terminal: Terminal, exit: (code: number) => void): Command {
  return new Command('kubectl-evenkeel')
    .description('Evenkeel on the command line: the same engine as the operator, on a folder or on a cluster.')
    .version(terminal.version)
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.complain })
    .addCommand(renderCommand(terminal))
    .addCommand(healthCommand(terminal))
    .addCommand(statusCommand(terminal, exit))
    .addCommand(planCommand(terminal, exit))
    .addCommand(diffCommand(terminal, exit))
    .addCommand(syncCommand(terminal))
    .addCommand(approveCommand(terminal))
    .addCommand(rollbackCommand(terminal))
    .addCommand(releaseCommand(terminal))
    .addCommand(terminateCommand(terminal));
}

/** As the operator's condition says it, with what to do about it. */
function explain(error: unknown): string {
  if (error instanceof OperatorErrors) return error.errors.map(explain).join('');
  if (!(error instanceof OperatorError)) return `error: ${error instanceof Error ? error.message : String(error)}\n`;
  const { remedy } = reasons[error.reason];
  return `error: ${error.reason}: ${error.message}\n  ${remedy}\n`;
}
