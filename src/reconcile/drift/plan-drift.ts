import type { Application } from '../../model/application.ts';
import type { Settled } from '../../model/outcome.ts';
import type { Change, ChangeOf } from '../../model/plan.ts';
import { refKey } from '../../model/object.ts';
import type { Ports } from '../ports.ts';

/** Tells of drift that a comparison found and this run put back: Git had not changed, the object had. */
export function tellDriftOf(app: Application, settled: Settled, ports: Ports): void {
  const recorded = new Map(app.record.map((entry) => [refKey(entry.ref), entry.desired]));
  for (const result of settled.applied.results) {
    const { change } = result;
    tellYielded(app, change, ports);
    if (result.kind !== 'applied') continue;
    if (change.kind === 'update' && recorded.get(refKey(change.ref)) === change.desired.hash) tell(app, change, ports);
    else ports.drift.healed(app.key, change.ref, app.status.drift);
  }
}

/** Of what was looked at, and of what is wanted no more, it is known what others are left to decide. */
function tellYielded({ key, status }: Application, change: Change, ports: Ports): void {
  const isLooked = change.kind === 'update' || (change.kind === 'keep' && change.live !== undefined);
  const isGone = change.kind === 'forget' || change.kind === 'prune' || change.kind === 'release';
  if (isGone) ports.fights.drop(change.ref);
  const yielded = isLooked ? (change.yielded ?? []) : [];
  if (isLooked || isGone) ports.drift.yields(key, { ref: change.ref, yielded }, status.drift);
}

function tell(app: Application, { ref, differences }: ChangeOf<'update'>, ports: Ports): void {
  const fields = differences.map(({ path }) => path);
  const by = differences.flatMap(({ who }) => who).at(0);
  // Ownership alone was lost: the values were right.
  if (fields.length === 0) return;
  ports.telemetry.driftDetected({ key: app.key, ref, manager: by?.manager ?? '', fields });
  ports.drift.add(app.key, { ref, fields, by, healed: true }, app.status.drift);
}
