import type { DriftJson } from '../world.ts';

/** `850 ms`, `2.4 s`. */
export function duration(ms: number): string {
  return ms < 1000 ? `${Math.max(1, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`;
}

export const short = (revision: string): string => revision.slice(0, 7);

/** What a drift entry of the status says, for a sentence. */
export function whatDrifted({ manager, operation, fields, kind, namespace, name }: DriftJson): string {
  const who = manager === '' ? 'somebody unknown' : `manager ${manager} (${operation})`;
  const what = fields.length === 0 ? '' : `${fields.join(', ')} of `;
  return `${who} changed ${what}${kind} ${namespace}/${name}`;
}
