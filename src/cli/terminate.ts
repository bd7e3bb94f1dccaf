import type { Command } from 'commander';
import { isJsonObject } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import { knownApplication } from './application.ts';
import type { ClusterFlags } from './command.ts';
import { clusterCommand } from './command.ts';
import { connectTo } from './connection.ts';
import { changeApplication, titleOf } from './operation.ts';
import type { Terminal } from './terminal.ts';

/** `terminate APPLICATION`: ends the operation that runs, or takes back the one that was asked for. */
export function terminateCommand(terminal: Terminal): Command {
  return clusterCommand(terminal, 'terminate')
    .description('End the operation of an Application that runs; what it wrote stays.')
    .action(async (name: string, flags: ClusterFlags) => {
      const place = { namespace: flags.namespace, name };
      await using connected = await connectTo(flags, terminal);
      await changeApplication(connected, place, (object) => {
        if (!isUnderWay(object)) throw new Error(`${titleOf(place)} has no operation that could be ended`);
        const others = { sync: null, rollback: null, info: null, retry: null };
        return { operation: { ...others, terminate: {}, initiatedBy: { username: connected.user } } };
      });
      terminal.out(`${titleOf(place)}: asked to end\n`);
    });
}

function isUnderWay(object: KubeObject): boolean {
  return isJsonObject(object['operation']) || knownApplication(object).status.operationState?.phase === 'Running';
}
