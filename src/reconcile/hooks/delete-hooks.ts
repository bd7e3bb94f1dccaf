import type { Application } from '../../model/application.ts';
import { cascades } from '../../model/application.ts';
import type { DesiredHook } from '../../model/desired.ts';
import { OperatorError } from '../../model/errors.ts';
import { revisionIn, splitRevisions } from '../../model/revision.ts';
import type { Ports } from '../ports.ts';
import { tellWithoutHooks } from '../status/transitions.ts';

/** The name of what a deletion carries out: hooks that ran in the sync of the same objects are others. */
export function deletionOf(digest: string): string {
  return `deletion-${digest.slice(0, 48)}`;
}

/** What they have left is then no more than any other object of the Application. */
function hasRun({ status: { operationState } }: Application, digest: string): boolean {
  const { digest: of, endedAt, failure } = operationState?.hookRun ?? {};
  return of === deletionOf(digest) && endedAt !== undefined && failure === undefined;
}

/**
 * The hooks that run when an Application is deleted, as they were synced last: from the artefact, else rendered again
 * from the recorded commit. When neither is there the deletion goes on without them, and an event says so.
 */
export async function deleteHooksOf(
  app: Application,
  ports: Ports,
  signal: AbortSignal,
): Promise<readonly DesiredHook[]> {
  const { applied } = app.status;
  if (applied?.deleteHooks === undefined || !cascades(app) || hasRun(app, applied.digest)) return [];
  const artefact = await ports.source.artefacts.open(applied.digest);
  if (artefact !== undefined) return artefact.hooks;
  try {
    return (await ports.source.load(app, { revisions: splitRevisions(revisionIn(applied)) }, signal)).hooks;
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    tellWithoutHooks(app, error, ports);
    return [];
  }
}
