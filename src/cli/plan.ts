import type { Command } from 'commander';
import { isActive } from '../diff/diff.ts';
import { OperatorError, OperatorErrors } from '../model/errors.ts';
import { clusterCommand, collect, outputOption } from './command.ts';
import type { Connected } from './connection.ts';
import { connectTo } from './connection.ts';
import { hooksAreDue } from './hook-rows.ts';
import { namedObject } from './named-object.ts';
import type { PlanFormat } from './plan-print.ts';
import { printPlan } from './plan-print.ts';
import type { Planned, PlanFlags } from './planning.ts';
import { planOnce } from './planning.ts';
import type { Terminal } from './terminal.ts';

/** What a script may go by; 1 is an error. */
const exitCodes = { nothing: 0, changes: 2 } as const;

type Exit = (code: number) => void;

/** `plan APPLICATION`: what a sync would do. `exit` takes the exit code. */
export function planCommand(terminal: Terminal, exit: Exit): Command {
  return withPlanOptions(clusterCommand(terminal, 'plan'))
    .description('Print what a sync of an Application would change, as the operator plans it; writes nothing.')
    .addOption(outputOption(['table', 'diff', 'json', 'jsonpatch']))
    .action(async (name: string, flags: PlanFlags & { readonly output: PlanFormat }) => {
      const planned = await look(name, flags, terminal);
      terminal.out(printPlan(planned, flags.output));
      exit(changesSomething(planned) ? exitCodes.changes : exitCodes.nothing);
    });
}

/** `diff APPLICATION [OBJECT]`: the same as a unified diff, of all objects or of one. */
export function diffCommand(terminal: Terminal, exit: Exit): Command {
  return withPlanOptions(clusterCommand(terminal, 'diff'))
    .description('Print what a sync of an Application would change, as a unified diff; writes nothing.')
    .argument('[object]', 'only this one: Kind/name or Kind.group/namespace/name')
    .option('--exit-code <boolean>', 'exit with 2 when there are changes', 'true')
    .action(async (name: string, object: string | undefined, flags: PlanFlags & { readonly exitCode: string }) => {
      const planned = await look(name, flags, terminal, object);
      terminal.out(printPlan(planned, 'diff'));
      exit(isActive(planned.plan) && flags.exitCode !== 'false' ? exitCodes.changes : exitCodes.nothing);
    });
}

function changesSomething({ app, plan }: Planned): boolean {
  return isActive(plan) || hooksAreDue(app.status.applied?.digest, plan);
}

function withPlanOptions(command: Command): Command {
  return command
    .option('--local <folder>', "folder that stands for the Application's repository, uncommitted changes included")
    .option('--revision <revision>', 'instead of the newest; once for each source', collect, [])
    .option('--prune', 'as a sync with --prune: also delete what left Git', false)
    .option('--force', 'as a sync with --force: delete and create anew what cannot be changed', false)
    .option('--no-preflight', 'try nothing out at the server: for who may only read')
    .option('--allow-remote-bases', 'let kustomize fetch bases from a network', false);
}

async function look(name: string, flags: PlanFlags, terminal: Terminal, object?: string): Promise<Planned> {
  await using connected: Connected = await connectTo(flags, terminal);
  const names = object === undefined ? undefined : namedObject(object);
  const planned = await planOnce(name, flags, { connected, terminal }, names).catch((error: unknown) => {
    if (isRefusedByPermission(error))
      terminal.complain('the plan is tried out with your own permissions (or not at all: --no-preflight)\n');
    throw error;
  });
  if (object !== undefined && planned.plan.changes.length === 0)
    throw new Error(`Application ${flags.namespace}/${name} has no object ${object}`);
  return planned;
}

function isRefusedByPermission(error: unknown): boolean {
  if (error instanceof OperatorErrors) return error.errors.some(isRefusedByPermission);
  return error instanceof OperatorError && error.reason === 'Forbidden';
}
