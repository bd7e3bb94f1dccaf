import { describeRef } from '../model/object.ts';
import type { DriftCorrected, DriftDetected, FightEvent, LogFields, Telemetry } from '../model/telemetry.ts';
import { managerLabel } from './managers.ts';
import type { Parts } from './parts.ts';
import { quietly, seconds } from './parts.ts';

export function driftEvents(parts: Parts): Pick<Telemetry, 'driftDetected' | 'driftCorrected' | 'fight'> {
  const { metrics, log } = parts;
  return {
    driftDetected: quietly(parts, (event: DriftDetected) => {
      metrics.driftDetected.inc({ manager: managerLabel(event.manager) });
      if (event.latencyMs !== undefined) metrics.driftDetection.observe(seconds(event.latencyMs));
      log('info', fieldsOf(event), `drift: ${whatHappened(event)}`);
    }),
    driftCorrected: quietly(parts, (event: DriftCorrected) => {
      metrics.driftCorrected.inc({ manager: managerLabel(event.manager) });
      metrics.driftCorrection.observe(seconds(event.latencyMs));
      log('info', fieldsOf(event), `drift corrected after ${Math.round(event.latencyMs)} ms: ${whatHappened(event)}`);
    }),
    fight: quietly(parts, (event: FightEvent) => {
      const manager = managerLabel(event.manager);
      if (event.kind === 'began') metrics.fightsBegun.inc({ manager });
      metrics.fights.inc({ manager }, event.kind === 'began' ? 1 : -1);
      const { rate } = event;
      const text = `${event.manager} takes fields of ${describeRef(event.ref)} again and again`;
      if (event.kind === 'began') log('warn', { ...fieldsOf(event), rate }, `fight: ${text}, ${rate}`);
      else log('info', fieldsOf(event), `fight ended: ${text} no more`);
    }),
  };
}

function fieldsOf({ key, ref, manager, fields, latencyMs }: DriftDetected): LogFields {
  return { application: key, object: describeRef(ref), manager, fields, latencyMs };
}

function whatHappened({ ref, manager, fields }: DriftDetected): string {
  const who = manager === '' ? 'somebody unknown' : manager;
  const shown = fields.slice(0, 3).join(', ');
  const left = fields.length > 3 ? ` and ${fields.length - 3} more` : '';
  return `${who} changed ${shown === '' ? 'fields' : `${shown}${left}`} of ${describeRef(ref)}`;
}
