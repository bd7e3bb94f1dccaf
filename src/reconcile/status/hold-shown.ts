import type { Application, ApplicationStatus, Hold, KnownApplication } from '../../model/application.ts';
import { showSources } from '../../model/history-source.ts';
import { joinRevisions, revisionFields, revisionIn } from '../../model/revision.ts';

type Held = KnownApplication & Partial<Application>;

/** `status.hold` after a run, which may have rendered what is held. A request that goes elsewhere leaves it as it is. */
export function holdShown(app: Held, rendered: Rendered | undefined, now: string): Pick<ApplicationStatus, 'hold'> {
  const { hold, request, status } = app;
  // A rollback is no hold before it is known that it can be carried out.
  const isOnTheWay = rendered === undefined && request?.rollback !== undefined;
  if (hold !== undefined && !isOnTheWay) return { hold: shown(app, hold, { rendered, now }) };
  return request === undefined || status.hold === undefined ? {} : { hold: status.hold };
}

interface Rendered {
  readonly revision: string;
  readonly digest: string;
}

function shown(
  { spec, status }: Held,
  { asked, reason, source, revisions, digest = '' }: Hold,
  { rendered, now }: { readonly rendered: Rendered | undefined; readonly now: string },
): NonNullable<ApplicationStatus['hold']> {
  const before = status.hold?.asked === asked ? status.hold : undefined;
  const known = { revision: before === undefined ? joinRevisions(revisions) : revisionIn(before), digest };
  const { revision, digest: found } = rendered ?? known;
  return {
    asked,
    ...revisionFields(spec, revision),
    digest: found,
    exact: digest !== '',
    ...(source === undefined ? {} : showSources(source)),
    since: before?.since ?? now,
    reason,
  };
}
