import type { ApplicationKey } from '../model/installation.ts';
import type { ApplyContext } from '../apply/apply.ts';
import { createHints } from '../apply/apply.ts';
import type { Application } from '../model/application.ts';
import type { Health } from '../model/health.ts';
import type { DesiredObject } from '../model/desired.ts';
import type { Ref } from '../model/object.ts';
import type { Change } from '../model/plan.ts';
import { asWritten } from './requests/as-written.ts';
import { groupsOf } from './claims.ts';
import { healthNow } from './health/health-now.ts';
import { judgeWait } from './health/judge.ts';
import type { Ports } from './ports.ts';

interface ContextOptions extends Pick<ApplyContext, 'priority'> {
  /** What Git wants, where that is at hand. */
  readonly desired?: readonly DesiredObject[];
}

/**
 * A newer commit takes over at the next safe point, unless a user asked for exactly this revision; `terminate` always.
 * What is left to others in a fight is left by this context.
 */
export function contextOf(
  app: Application,
  ports: Ports,
  signal: AbortSignal,
  { desired = [], ...priority }: ContextOptions = {},
): ApplyContext {
  const { cluster, installation, live, source, jq } = ports;
  const began = source.newestRevision(app.key);
  const superseded = (): boolean =>
    !app.deleting && (isTerminating(app.key, ports) || (follows(app) && source.newestRevision(app.key) !== began));
  const claims = ports.claims.view(app.key, groupsOf(asWritten(app), began));
  const { progressMs } = app.spec.timeouts;
  const now = (ref: Ref): Health =>
    judgeWait(ref, healthNow(ref, live), ports.progress.ageMs(app.key, ref), progressMs);
  const health = { assess: ports.health.assess.bind(ports.health), now };
  const hints = createHints({ app, cluster, jq, signal, desired, ...priority });
  const pacified = ports.fights.withTruces(app);
  const wasTriedOut = (change: Change): boolean => ports.triedOut.was(app, change);
  return {
    ...{ cluster, installation, writes: live.writes, app: pacified, claims, health, hints, signal, superseded },
    ...{ wasTriedOut, ...priority },
  };
}

function follows({ request, hold }: Application): boolean {
  return request === undefined && hold === undefined;
}

/** A user wants what runs to end: asked at every safe point. */
function isTerminating(key: ApplicationKey, { applications }: Pick<Ports, 'applications'>): boolean {
  const parsed = applications.known(key);
  return parsed?.kind === 'valid' && parsed.app.request?.terminate === true;
}
