import type { Application, KnownApplication } from '../../model/application.ts';
import { spellingsOf } from '../../model/application-annotations.ts';
import type { RolledBack } from '../../model/hold.ts';
import { writeRolledBack } from '../../model/hold.ts';
import { newestOf } from './held.ts';
import type { Ports } from '../ports.ts';
import { tell } from '../status/transitions.ts';

/**
 * A rollback that a user asked for, and that can be carried out, is a hold from now on: before the first write, so that
 * nothing puts the newest revision back.
 */
export async function takeHold(app: Application, ports: Ports): Promise<void> {
  if (app.request?.rollback === undefined || app.hold === undefined || app.deleting) return;
  await setHold(app, { asked: app.hold.asked }, ports);
}

export async function setHold(
  app: KnownApplication,
  { asked, from }: { readonly asked: string; readonly from?: RolledBack },
  ports: Ports,
): Promise<void> {
  const { installation, applications } = ports;
  const others = [...spellingsOf('hold', installation), ...spellingsOf('rolled-back-from', installation)];
  await applications.annotate(app, {
    ...Object.fromEntries(others.map((name) => [name, undefined])),
    [`${installation.prefix}hold`]: asked,
    ...(from === undefined ? {} : { [`${installation.prefix}rolled-back-from`]: writeRolledBack(from) }),
  });
}

/** After an automatic rollback a newer revision lifts the hold, unless it wants what did not work. */
export async function liftHold(app: Application, ports: Ports, signal: AbortSignal): Promise<void> {
  const { hold, request } = app;
  if (hold?.from === undefined || request !== undefined || app.deleting) return;
  const newest = await newestOf(app, ports, signal);
  if (newest === undefined || newest.digest === hold.from) return;
  const { installation } = ports;
  const names = [...spellingsOf('hold', installation), ...spellingsOf('rolled-back-from', installation)];
  await ports.applications.annotate(app, Object.fromEntries(names.map((name) => [name, undefined])));
  tell(app, { type: 'Normal', reason: 'HoldLifted', action: 'Sync', note: `${newest.revision} is newer` }, ports);
}
