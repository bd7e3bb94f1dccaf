import type { Command } from 'commander';
import type { ApplicationStatus } from '../model/application.ts';
import { installationOf } from '../model/installation.ts';
import { objectAt, stringAt } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import { knownApplication } from './application.ts';
import type { ClusterFlags } from './command.ts';
import { clusterCommand, outputOption } from './command.ts';
import type { Connected } from './connection.ts';
import { connectTo } from './connection.ts';
import type { Place } from './operation.ts';
import { changeApplication, titleOf } from './operation.ts';
import type { Terminal } from './terminal.ts';

interface ApproveFlags extends ClusterFlags {
  readonly output: 'text' | 'json';
}

type HeldPlan = NonNullable<ApplicationStatus['plan']>;

/** `approve APPLICATION [HASH]`: lets the deletions go that the guard holds back, if they still are those of the hash. */
export function approveCommand(terminal: Terminal): Command {
  return clusterCommand(terminal, 'approve')
    .description('Show the deletions that the guard holds back; with the hash of their plan approve them.')
    .argument('[hash]', 'of the plan that is shown')
    .addOption(outputOption(['text', 'json']))
    .action(async (name: string, hash: string | undefined, flags: ApproveFlags) => {
      const place = { namespace: flags.namespace, name };
      await using connected = await connectTo(flags, terminal);
      const plan = await (hash === undefined ? shownPlan(connected, place) : approve(connected, place, hash));
      if (flags.output === 'json') terminal.out(`${JSON.stringify(plan ?? null)}\n`);
      else terminal.out(plan === undefined ? `${titleOf(place)}: nothing is held back\n` : asText(place, plan, hash));
    });
}

async function shownPlan(connected: Connected, { namespace, name }: Place): Promise<HeldPlan | undefined> {
  return (await connected.known(namespace, name)).status.plan;
}

/** Rejects when the hash is not that of the plan that is held back at the moment of writing. */
async function approve(connected: Connected, place: Place, hash: string): Promise<HeldPlan | undefined> {
  const object = await changeApplication(connected, place, (application) => {
    const { plan } = knownApplication(application).status;
    if (plan === undefined) throw new Error(`${titleOf(place)}: nothing is held back`);
    if (plan.hash !== hash) throw new Error(`${hash} is not the plan that is held back now:\n${asText(place, plan)}`);
    if (isDenied(application))
      throw new Error(`${titleOf(place)}: prune.guard.onTrip is Deny: delete by hand, or change the guard`);
    return { metadata: { annotations: { [`${installationOf(application).prefix}approve`]: hash } } };
  });
  return knownApplication(object).status.plan;
}

function isDenied({ spec }: KubeObject): boolean {
  return stringAt(objectAt(objectAt(spec, 'prune'), 'guard'), 'onTrip') === 'Deny';
}

function asText({ namespace, name }: Place, { hash, summary, destructive }: HeldPlan, approved?: string): string {
  const list = destructive.map((object) => `  ${object}\n`).join('');
  const next =
    approved === undefined ? `To approve: kubectl evenkeel approve ${name} ${hash} -n ${namespace}` : 'Approved.';
  return `${summary}\n${list}${next}\n`;
}
