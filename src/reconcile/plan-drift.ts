import type { Application } from '../model/application.ts';
import type { Settled } from '../model/outcome.ts';
import type { ChangeOf } from '../model/plan.ts';
import { refKey } from '../model/object.ts';
import type { Ports } from './ports.ts';

/** Tells of drift that a comparison found and this run put back: Git had not changed, the object had. */
export function tellDriftOf(app: Application, settled: Settled, ports: Ports): void {
  const recorded = new Map(app.record.map((entry) => [refKey(entry.ref), entry.desired]));
  for (const result of settled.applied.results) {
    const { change } = result;
    if (result.kind !== 'applied') continue;
    if (change.kind === 'update' && recorded.get(refKey(change.ref)) === change.desired.hash) tell(app, change, ports);
    else ports.drift.healed(app.key, change.ref, app.status.drift);
  }
}

function tell(app: Application, { ref, differences }: ChangeOf<'update'>, ports: Ports): void {
  const fields = differences.map(({ path }) => path);
  const by = differences.flatMap(({ who }) => who).at(0);
  // Ownership alone was lost: the values were right.
  if (fields.length === 0) return;
  ports.telemetry.driftDetected({ key: app.key, ref, manager: by?.manager ?? '', fields });
  ports.drift.add(app.key, { ref, fields, by, healed: true }, app.status.drift);
}
