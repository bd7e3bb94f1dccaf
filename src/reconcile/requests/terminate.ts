import { endHooks } from '../../apply/apply.ts';
import type { Application, ApplicationStatus, OperationState } from '../../model/application.ts';
import type { JsonObject } from '../../model/json.ts';
import { objectAt, stringAt } from '../../model/json.ts';
import { contextOf } from '../context.ts';
import type { Ports } from '../ports.ts';
import { hashOf } from './terminated.ts';

/**
 * Ends the operation that runs, if one does, and takes the request away. What it wrote stays, hooks that run are deleted; automation does not begin
 * the same again.
 */
export async function terminate(app: Application, ports: Ports): Promise<void> {
  const running = app.status.operationState;
  if (running?.phase === 'Running' || running?.phase === 'Terminating') {
    await write(app, ports, { operationState: { ...running, phase: 'Terminating', message: 'terminating' } });
    const { hookRun, ...others } = running;
    if (hookRun !== undefined) await endHooks(hookRun, contextOf(app, ports, new AbortController().signal));
    const finishedAt = ports.status.now();
    const operationState = { ...others, phase: 'Failed', message: 'terminated', finishedAt } as const;
    await write(app, ports, { operationState, ...markOf(app, running, ports) });
  }
  await ports.applications.remove(app, { operation: true });
}

async function write({ key }: Application, ports: Ports, change: Partial<ApplicationStatus>): Promise<void> {
  await ports.status.update(key, 'status', ({ status }) => ({ status: { ...status, ...change } }));
}

/** What automation would begin again; a revision that a user asked for is none of its own. */
function markOf(app: Application, running: OperationState, { source }: Ports): Pick<ApplicationStatus, 'terminated'> {
  const { automated, revision } = describe(running);
  const begun = automated ? revision : source.newestRevision(app.key);
  if (begun === undefined || begun === '' || (!automated && revision !== '')) return {};
  return { terminated: { revision: begun, spec: hashOf(app) } };
}

function describe({ operation }: OperationState): { readonly automated: boolean; readonly revision: string } {
  // Status was read as JSON; its type does not say so.
  const words = operation as JsonObject;
  const sync = objectAt(words, 'sync');
  const revisions = sync['revisions'];
  const revision = Array.isArray(revisions) ? revisions.join(',') : (stringAt(sync, 'revision') ?? '');
  return { automated: objectAt(words, 'initiatedBy')['automated'] === true, revision };
}
