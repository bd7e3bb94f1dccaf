import type { Command } from 'commander';
import type { HistoryEntry } from '../model/application.ts';
import type { JsonObject } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import { revisionIn } from '../model/revision.ts';
import { knownApplication } from './application.ts';
import { clusterCommand } from './command.ts';
import { connectTo } from './connection.ts';
import type { RequestFlags } from './request.ts';
import { request, withRequestOptions } from './request.ts';
import { table } from './table.ts';
import type { Terminal } from './terminal.ts';

interface RollbackFlags extends RequestFlags {
  readonly to?: string;
  readonly acceptDigest?: string;
}

/** `rollback APPLICATION --to ID`: asks for an older revision, which is then held; without `--to` shows which there are. */
export function rollbackCommand(terminal: Terminal): Command {
  return withRequestOptions(clusterCommand(terminal, 'rollback'))
    .description('Go back to a revision of the history and hold it; without --to show the history.')
    .option('--to <id>', 'of the history')
    .option('--accept-digest <digest>', 'go on although the revision comes to other objects now, of this digest')
    .action(async (name: string, flags: RollbackFlags) => {
      if (flags.to === undefined) await showHistory(name, flags, terminal);
      else
        await request(
          name,
          flags,
          { operation: (object) => rollbackTo(object, flags.to ?? '', flags), goal: 'healthy' },
          terminal,
        );
    });
}

async function showHistory(name: string, flags: RollbackFlags, terminal: Terminal): Promise<void> {
  await using connected = await connectTo(flags, terminal);
  const { status } = await connected.known(flags.namespace, name);
  const rows = (status.history ?? []).toReversed().map(cellsOf);
  terminal.out(table(['ID', 'REVISION', 'DEPLOYED', 'HEALTHY', 'SUBJECT'], rows));
}

function cellsOf(entry: HistoryEntry): readonly string[] {
  return [String(entry.id), revisionIn(entry), entry.deployedAt, entry.healthyAt ?? '', entry.subject ?? ''];
}

function rollbackTo(object: KubeObject, id: string, { acceptDigest }: RollbackFlags): JsonObject {
  const history = knownApplication(object).status.history ?? [];
  const entry = history.find((one) => String(one.id) === id);
  if (entry === undefined) {
    const known = history.map((one) => one.id).join(', ') || 'nothing';
    throw new Error(`the history has no ${id}; it has ${known}`);
  }
  return { rollback: { id: entry.id, ...(acceptDigest === undefined ? {} : { acceptDigest }) } };
}
