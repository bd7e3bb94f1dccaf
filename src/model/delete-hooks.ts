import type { Application, ApplicationStatus } from './application.ts';
import { cascades } from './application.ts';

/** The name of what a deletion carries out: hooks that ran in the sync of the same objects are others. */
export function deletionOf(digest: string): string {
  return `deletion-${digest.slice(0, 48)}`;
}

/** What was synced last, when its delete hooks have yet to run. */
export function withHooksToDelete(app: Application): ApplicationStatus['applied'] {
  const { applied } = app.status;
  if (applied?.deleteHooks === undefined || !cascades(app) || hasRun(app, applied.digest)) return undefined;
  return applied;
}

/** What they have left is then no more than any other object of the Application. */
function hasRun({ status: { operationState } }: Application, digest: string): boolean {
  const { digest: of, endedAt, failure } = operationState?.hookRun ?? {};
  return of === deletionOf(digest) && endedAt !== undefined && failure === undefined;
}
