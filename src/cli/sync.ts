import type { Command } from 'commander';
import { clusterCommand, collect } from './command.ts';
import type { Goal } from './follow.ts';
import { selectorOf } from './named-object.ts';
import { syncOperation } from './operation.ts';
import type { RequestFlags } from './request.ts';
import { request, withRequestOptions } from './request.ts';
import type { Terminal } from './terminal.ts';

interface SyncCommandFlags extends RequestFlags {
  readonly revision: readonly string[];
  readonly prune: boolean;
  readonly force: boolean;
  readonly dryRun: boolean;
  readonly resource: readonly string[];
}

/** `sync APPLICATION`: asks the operator for a sync. */
export function syncCommand(terminal: Terminal): Command {
  return withRequestOptions(clusterCommand(terminal, 'sync'))
    .description('Ask the operator to sync an Application; with --wait follow it to the end.')
    .option('--revision <revision>', 'instead of the newest; once for each source', collect, [])
    .option('--prune', 'also delete what left Git; this approves counts of the guard, not protected kinds', false)
    .option('--force', 'delete and create anew what has a field that cannot be changed', false)
    .option('--dry-run', 'the operator only says what it would do', false)
    .option('--resource <object>', 'only this one, Kind.group/namespace/name; may be repeated', collect, [])
    .action(async (name: string, flags: SyncCommandFlags) => {
      const resources = flags.resource.map(selectorOf);
      const more = { ...(flags.dryRun ? { dryRun: true } : {}), ...(resources.length === 0 ? {} : { resources }) };
      const operation = syncOperation(flags, more);
      await request(name, flags, { operation: () => operation, goal: goalOf(flags) }, terminal);
    });
}

function goalOf({ dryRun, revision, resource }: SyncCommandFlags): Goal {
  if (dryRun) return 'ended';
  return revision.length + resource.length > 0 ? 'healthy' : 'ready';
}
