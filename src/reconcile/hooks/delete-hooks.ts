import { approvesDeletion } from '../../model/application-annotations.ts';
import type { Application } from '../../model/application.ts';
import { withHooksToDelete } from '../../model/delete-hooks.ts';
import type { DesiredHook } from '../../model/desired.ts';
import { OperatorError } from '../../model/errors.ts';
import { revisionIn, splitRevisions } from '../../model/revision.ts';
import type { Ports } from '../ports.ts';
import { tellWithoutHooks } from '../status/transitions.ts';

/**
 * The hooks that run when an Application is deleted, as they were synced last: from the artefact, else rendered again
 * from the recorded commit.
 *
 * Guarantees: while neither is possible nothing is deleted, for a hook may have to save something first, or run at this
 * moment; a person may go on without them, which an event says. Throws OperatorError DeletionBlocked.
 */
export async function deleteHooksOf(
  app: Application,
  ports: Ports,
  signal: AbortSignal,
): Promise<readonly DesiredHook[]> {
  const applied = withHooksToDelete(app);
  if (applied === undefined) return [];
  const artefact = await ports.source.artefacts.open(applied.digest);
  if (artefact !== undefined) return artefact.hooks;
  try {
    return (await ports.source.load(app, { revisions: splitRevisions(revisionIn(applied)) }, signal)).hooks;
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    if (!isApproved(app, ports)) throw hooksLost(error, ports);
    tellWithoutHooks(app, error, ports);
    return [];
  }
}

function isApproved({ annotations, deletedAt }: Application, { installation, clock }: Ports): boolean {
  return deletedAt !== undefined && approvesDeletion(annotations, { since: deletedAt, now: clock.now() }, installation);
}

function hooksLost(cause: OperatorError, { installation }: Ports): OperatorError {
  const annotation = `${installation.prefix}deletion-approved`;
  const message = `the delete hooks are lost from the cache and cannot be rendered again: ${cause.message}; nothing is deleted before they run. To go on without them, set the annotation ${annotation} to the present time`;
  return new OperatorError(message, { step: 'prune', reason: 'DeletionBlocked', retry: 'interval', cause });
}
