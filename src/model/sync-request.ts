import { annotationOn } from './application-annotations.ts';
import type { OperationResource } from './application-schema.ts';
import type { KnownApplication, SyncRequest } from './application.ts';
import type { Findings } from './findings.ts';
import type { Installation } from './installation.ts';

/** What a user asks for by the `operation` field. */
export function readOperation(operation: OperationResource, findings: Findings): SyncRequest | undefined {
  const { sync, initiatedBy = {} } = operation;
  if (sync === undefined) {
    if (!findings.spoils('operation')) findings.invalid('operation.sync', 'is required');
    return undefined;
  }
  return {
    revisions: sync.revisions ?? (sync.revision === undefined ? [] : [sync.revision]),
    prune: sync.prune ?? false,
    dryRun: sync.dryRun ?? false,
    initiatedBy: { username: initiatedBy.username ?? '', automated: initiatedBy.automated ?? false },
    from: 'operation',
    token: '',
  };
}

/** What a user asks for by a new value of the `sync` annotation: a plain sync, without approval of deletions. */
export function annotatedRequest(
  { annotations, status }: Pick<KnownApplication, 'annotations' | 'status'>,
  installation: Installation,
): SyncRequest | undefined {
  const token = annotationOn(annotations, 'sync', installation) ?? '';
  if (token === '' || token === status.lastSyncRequest) return undefined;
  const initiatedBy = { username: '', automated: false };
  return { revisions: [], prune: false, dryRun: false, initiatedBy, from: 'annotation', token };
}
