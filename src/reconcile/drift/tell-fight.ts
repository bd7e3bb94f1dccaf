import type { Ports } from '../ports.ts';
import { tell } from '../status/transitions.ts';
import { describeFight, refOfDrift, subjectOf } from './fight-words.ts';
import type { FightNews } from './fights.ts';

/** One event, one log line and the metrics; status is written as for drift. */
export function tellFight({ kind, key, entry }: FightNews, ports: Ports): void {
  const { manager, fields, fight } = entry;
  ports.telemetry.fight({ kind, key, ref: refOfDrift(entry), manager, fields, rate: fight?.rate ?? '' });
  ports.drift.changed(key);
  const app = ports.applications.known(key)?.app;
  if (app === undefined) return;
  const note = kind === 'began' ? describeFight(entry) : `${subjectOf(entry)} is no longer fought over with ${manager}`;
  const type = kind === 'began' ? ('Warning' as const) : ('Normal' as const);
  tell(app, { type, reason: kind === 'began' ? 'Fight' : 'FightEnded', action: 'Correct', note }, ports);
}
