import type { DeclaredKind } from '../live/live.ts';
import type { Application, KnownApplication } from '../model/application.ts';
import type { Desired } from '../model/desired.ts';
import { nothingDesired } from '../model/desired.ts';
import { refKey } from '../model/object.ts';
import { isHookEntry } from '../model/record.ts';
import { groupsSeen } from './requests/as-written.ts';
import { isHeld, loadHeld } from './requests/held.ts';
import { deleteHooksOf } from './hooks/delete-hooks.ts';
import type { Ports } from './ports.ts';
import { inspectSelection } from './requests/selection.ts';

/** What Git wants: the newest revision, the one that is held, or the one that a user asked for. Deleting wants nothing and asks no Git. */
export async function loadDesired(app: Application, ports: Ports, signal: AbortSignal): Promise<Desired> {
  if (app.deleting) return wantNothing(app, ports, signal);
  ports.claims.rendering(app.key);
  const { refresh } = ports.asks.of(app);
  const revisions = app.request?.revisions ?? [];
  const ask = { revisions, ...(refresh === undefined ? {} : { refresh }) };
  const desired = isHeld(app) ? await loadHeld(app, ports, signal) : await ports.source.load(app, ask, signal);
  inspectSelection(app, desired);
  const refs = [...desired.objects, ...desired.hooks].map(({ ref }) => ref);
  ports.claims.rendered({ key: app.key, groups: groupsSeen(app, desired.revision, ports), refs });
  ports.newestDigests.set(app.key, desired.digest);
  ports.wantedKinds.set(app.key, distinctKinds(desired));
  declareKinds(app, ports);
  if (mayPrune(app, desired)) await ports.source.lookAtOthers(app.key, signal);
  return desired;
}

/** Git has dropped something that a sync may delete; hooks are not passed on. */
function mayPrune({ spec, request, record }: Application, { objects }: Desired): boolean {
  if (spec.automated?.prune !== true && request?.prune !== true) return false;
  const wanted = new Set(objects.map(({ ref }) => refKey(ref)));
  return record.some((entry) => !isHookEntry(entry) && !wanted.has(refKey(entry.ref)));
}

async function wantNothing(app: Application, ports: Ports, signal: AbortSignal): Promise<Desired> {
  // Nobody else waits for what this one wants, whatever its hooks wait for.
  ports.claims.rendered({ key: app.key, groups: new Map(), refs: [] });
  const hooks = await deleteHooksOf(app, ports, signal);
  ports.wantedKinds.set(app.key, distinctKinds({ ...nothingDesired, hooks }));
  declareKinds(app, ports);
  return { ...nothingDesired, hooks };
}

function distinctKinds(desired: Desired): readonly DeclaredKind[] {
  const kinds = [...desired.objects, ...desired.hooks].map(({ ref: { group, kind }, apiVersion }) => ({
    group,
    kind,
    apiVersion,
  }));
  return [...new Map(kinds.map((kind) => [`${kind.apiVersion}/${kind.kind}`, kind])).values()];
}

/** Has the kinds watched of which the Application has objects, or wants some. */
export function declareKinds(
  app: KnownApplication & Partial<Pick<Application, 'spec'>>,
  { live, wantedKinds }: Pick<Ports, 'live' | 'wantedKinds'>,
): void {
  const reclaimFrom = app.spec?.conflicts.reclaimFrom;
  live.declare(app.key, { record: app.record ?? [], kinds: wantedKinds.get(app.key) ?? [], reclaimFrom });
}
