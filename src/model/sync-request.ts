import { isDeepStrictEqual } from 'node:util';
import { annotationOn } from './application-annotations.ts';
import type { OperationResource } from './application-schema.ts';
import type { KnownApplication, OperationState, ResourceSelector, SyncRequest } from './application.ts';
import type { Findings } from './findings.ts';
import type { Installation } from './installation.ts';
import type { JsonObject } from './json.ts';
import { objectAt } from './json.ts';
import { readRetry, readSourceSet } from './parse-spec.ts';
import { joinRevisions, revisionFields } from './revision.ts';
import { readSyncOptions } from './sync-options.ts';

/** What a user asks for by the `operation` field. */
export function readOperation(operation: OperationResource, findings: Findings): SyncRequest | undefined {
  const { sync, rollback, terminate, initiatedBy = {}, retry } = operation;
  const asked: SyncRequest = {
    ...nothingSpecial,
    initiatedBy: { username: initiatedBy.username ?? '', automated: initiatedBy.automated ?? false },
    from: 'operation',
    words: wordsOf(operation),
  };
  if (terminate !== undefined) return { ...asked, terminate: true };
  const again = retry === undefined ? {} : { retry: readRetry(retry, 'operation.retry', findings) };
  if (rollback !== undefined) return { ...asked, ...again, rollback };
  if (sync !== undefined) return { ...asked, ...again, ...readSync(sync, findings) };
  if (!findings.spoils('operation')) findings.invalid('operation.sync', 'is required');
  return undefined;
}

const nothingSpecial = { revisions: [], prune: false, dryRun: false, token: '' } as const;

type SyncResource = NonNullable<OperationResource['sync']>;

function readSync(sync: SyncResource, findings: Findings): Partial<SyncRequest> {
  const { revision, revisions, prune = false, dryRun = false, resources = [], syncStrategy = {} } = sync;
  return {
    revisions: revisions ?? (revision === undefined ? [] : [revision]),
    prune,
    dryRun,
    ...(resources.length === 0 ? {} : { resources: resources.map(readSelector) }),
    ...readStrategy(syncStrategy),
    ...readInstead(sync, findings),
  };
}

function readStrategy({ apply, hook }: NonNullable<SyncResource['syncStrategy']>): Partial<SyncRequest> {
  const { force = false } = apply ?? hook ?? {};
  return { ...(apply === undefined ? {} : { strategy: 'apply' }), ...(force ? { force } : {}) };
}

/** What stands in place of the spec. */
function readInstead(sync: SyncResource, findings: Findings): Pick<SyncRequest, 'syncOptions' | 'source'> {
  const { syncOptions: options } = sync;
  const source = readSourceSet(sync, 'operation.sync', findings);
  return {
    ...(options === undefined ? {} : { syncOptions: readSyncOptions(options, 'operation.sync.syncOptions', findings) }),
    ...(source === undefined ? {} : { source }),
  };
}

type SelectorResource = NonNullable<SyncResource['resources']>[number];

function readSelector({ group = '', kind, name, namespace = '' }: SelectorResource): ResourceSelector {
  return { group, kind, name, ...(namespace === '' ? {} : { namespace }) };
}

/** What a user asks for by a new value of the `sync` annotation: a plain sync, without approval of deletions. */
export function annotatedRequest(
  { annotations, status }: Pick<KnownApplication, 'annotations' | 'status'>,
  installation: Installation,
): SyncRequest | undefined {
  const token = annotationOn(annotations, 'sync', installation) ?? '';
  if (token === '' || token === status.lastSyncRequest) return undefined;
  return { ...nothingSpecial, initiatedBy: { username: '', automated: false }, from: 'annotation', token };
}

/** Larger ones are shown in status without what is special about them. */
const mostBytes = 8_192;

/** Everything of an operation that `describeRequest` does not make itself. */
function wordsOf(operation: OperationResource): NonNullable<SyncRequest['words']> {
  // What came from the API server is JSON; the types only do not say so.
  const words = operation as JsonObject;
  return {
    sync: without(objectAt(words, 'sync'), ['revision', 'revisions', 'prune', 'dryRun']),
    operation: without(words, ['sync', 'initiatedBy']),
  };
}

function without(object: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

/** A request in its own words, as `status.operationState.operation` has them; what it came to is in `syncResult`. */
export function describeRequest(
  request: SyncRequest,
  spec: { readonly hasSourceList: boolean } | undefined,
): OperationState['operation'] {
  const { initiatedBy, revisions, prune, dryRun, words, source } = request;
  const plain = { ...revisionFields(source ?? spec, joinRevisions(revisions)), prune, dryRun };
  if (words === undefined) return { initiatedBy, sync: plain };
  const { sync: special, operation: others } = words;
  if (Buffer.byteLength(JSON.stringify(words)) > mostBytes) return { initiatedBy, sync: plain, abridged: true };
  if (request.terminate === true || request.rollback !== undefined) return { ...others, initiatedBy };
  return { ...others, initiatedBy, sync: { ...plain, ...special } };
}

/** Whether a running operation is what the request asks for. */
export function isRequested(
  { operation }: OperationState,
  request: SyncRequest,
  spec: { readonly hasSourceList: boolean },
): boolean {
  return isDeepStrictEqual(operation, describeRequest(request, spec));
}
