import type { Application } from '../../model/application.ts';
import type { Groups } from '../claims.ts';
import { groupsOf } from '../claims.ts';
import type { Ports } from '../ports.ts';

/** With the sources of the spec itself: new commits are looked for there, whatever stands in their place. */
export function asWritten(app: Application): Application {
  return app.written === undefined ? app : { ...app, spec: { ...app.spec, ...app.written } };
}

/**
 * The groups of an Application that has looked at a revision: one that goes elsewhere, by a hold or a request, has seen
 * the newest one all the same, and nobody waits for it.
 */
export function groupsSeen(app: Application, revision: string, { source }: Pick<Ports, 'source'>): Groups {
  const isElsewhere = app.hold !== undefined || app.written !== undefined || (app.request?.revisions.length ?? 0) > 0;
  const newest = isElsewhere ? source.newestRevision(app.key) : undefined;
  return groupsOf(asWritten(app), newest ?? revision);
}
