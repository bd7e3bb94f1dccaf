import type { Command } from 'commander';
import { spellingsOf } from '../model/application-annotations.ts';
import { installationOf } from '../model/installation.ts';
import { annotationsOf } from '../model/object.ts';
import type { ClusterFlags } from './command.ts';
import { clusterCommand } from './command.ts';
import { connectTo } from './connection.ts';
import { changeApplication, titleOf } from './operation.ts';
import type { Terminal } from './terminal.ts';

/** `release APPLICATION`: lifts the hold, so that the newest revision counts again. */
export function releaseCommand(terminal: Terminal): Command {
  return clusterCommand(terminal, 'release')
    .description('Lift the hold of an Application: from now on the newest revision counts again.')
    .action(async (name: string, flags: ClusterFlags) => {
      const place = { namespace: flags.namespace, name };
      await using connected = await connectTo(flags, terminal);
      await changeApplication(connected, place, (object) => {
        const held = spellingsOf('hold', installationOf(object)).filter((key) => key in annotationsOf(object));
        if (held.length === 0) throw new Error(`${titleOf(place)} is not held`);
        return { metadata: { annotations: Object.fromEntries(held.map((key) => [key, null])) } };
      });
      terminal.out(`${titleOf(place)}: released\n`);
    });
}
