import type { Application } from '../model/application.ts';
import type { Desired } from '../model/desired.ts';
import { nothingDesired } from '../model/desired.ts';
import type { GroupKind } from '../model/object.ts';
import type { Ports } from './ports.ts';

/** Applications of one repository and ref see each of its commits together. */
export function groupOf(app: Application): string {
  return `${app.spec.source.repoURL} ${app.spec.source.targetRevision}`;
}

/** What Git wants: the newest revision, or the one that a user asked for. Deleting wants nothing and asks no Git. */
export async function loadDesired(app: Application, ports: Ports, signal: AbortSignal): Promise<Desired> {
  if (app.deleting) return wantNothing(app, ports);
  const { refresh } = ports.asks.of(app);
  const revision = app.request?.revision ?? '';
  const ask = { ...(revision === '' ? {} : { revision }), ...(refresh === undefined ? {} : { refresh }) };
  const desired = await ports.source.load(app, ask, signal);
  const refs = desired.objects.map(({ ref }) => ref);
  ports.claims.rendered({ key: app.key, group: groupOf(app), revision: desired.revision, refs });
  declareKinds(app, desired, ports);
  return desired;
}

function wantNothing(app: Application, ports: Ports): Desired {
  ports.claims.rendered({ key: app.key, group: '', revision: '', refs: [] });
  declareKinds(app, undefined, ports);
  return nothingDesired;
}

/** Has the kinds watched of which the Application has objects, or is about to. */
export function declareKinds(app: Application, desired: Desired | undefined, ports: Pick<Ports, 'live'>): void {
  const kinds: (GroupKind & { apiVersion?: string })[] = app.record.map(({ ref: { group, kind } }) => ({ group, kind }));
  for (const { ref, apiVersion } of desired?.objects ?? []) kinds.push({ group: ref.group, kind: ref.kind, apiVersion });
  ports.live.declare(app.key, { record: app.record, kinds });
}
