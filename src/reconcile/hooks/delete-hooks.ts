import type { Application } from '../../model/application.ts';
import { withHooksToDelete } from '../../model/delete-hooks.ts';
import type { DesiredHook } from '../../model/desired.ts';
import { OperatorError } from '../../model/errors.ts';
import { revisionIn, splitRevisions } from '../../model/revision.ts';
import type { Ports } from '../ports.ts';
import { tellWithoutHooks } from '../status/transitions.ts';

/**
 * The hooks that run when an Application is deleted, as they were synced last: from the artefact, else rendered again
 * from the recorded commit. When neither is there the deletion goes on without them, and an event says so.
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
    tellWithoutHooks(app, error, ports);
    return [];
  }
}
