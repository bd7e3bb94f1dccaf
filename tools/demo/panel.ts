import { readFileSync } from 'node:fs';
import type { StatusJson } from '../world.ts';
import { short, whatDrifted } from './facts.ts';
import type { Scene } from './scene.ts';

/** The live state in a few lines, from what the watches have told last. */
export function panelOf(scene: Scene | undefined): string[] {
  if (scene === undefined) return [];
  const status = scene.application.latest?.status ?? {};
  const rows: [string, string][] = [
    ['application', `guestbook  ${verdictsOf(status)}`],
    ['deployment', replicasOf(scene)],
    ['settings', JSON.stringify(scene.settings.latest?.data ?? {})],
    ['last drift', driftOf(status)],
    ['operator says', lastWords(scene)],
  ];
  return rows.map(([name, value]) => `${name.padEnd(14)}${value}`);
}

function verdictsOf({ sync, health }: StatusJson): string {
  return [sync?.status ?? '-', health?.status ?? '-', short(sync?.revision ?? '')].join('  ');
}

function driftOf({ drift }: StatusJson): string {
  const newest = drift?.[0];
  return newest === undefined ? '-' : whatDrifted(newest);
}

function replicasOf({ web }: Scene): string {
  const { spec, status } = web.latest ?? {};
  return spec === undefined ? '-' : `web  ${status?.readyReplicas ?? 0} of ${spec.replicas} replicas ready`;
}

function lastWords({ world }: Scene): string {
  const line = readFileSync(world.operator.child.logFile, 'utf8').trimEnd().split('\n').at(-1) ?? '';
  return /"message":"(.*)"\}$/.exec(line)?.[1] ?? '-';
}
