import type { ApplicationStatus, ResourceStatus, SyncResultEntry } from '../../model/application.ts';
import { isException, refInStatus } from '../../model/application.ts';
import type { DesiredObject } from '../../model/desired.ts';
import { refKey, versionOf } from '../../model/object.ts';
import type { Applied, ChangeResult, Settled } from '../../model/outcome.ts';
import type { Change, ChangeOf } from '../../model/plan.ts';
import { hookResultRow, hookRow } from './hook-rows.ts';
import { isSynced, isUnknown } from '../settle.ts';

const atMost = 50;

/** What is shown first. */
const gravity: readonly ResourceStatus['status'][] = ['OutOfSync', 'Unknown', 'Synced'];

/** The objects of which status has to speak, and how many of them did not fit. */
export function exceptionsOf(settled: Settled): Pick<ApplicationStatus, 'resources' | 'resourcesOmitted'> {
  const rows = rowsOf(settled);
  return { resources: rows.slice(0, atMost), resourcesOmitted: Math.max(0, rows.length - atMost) };
}

function rowsOf(settled: Settled): ResourceStatus[] {
  const health = new Map(settled.objects.map(({ ref, ...health }) => [refKey(ref), health]));
  const ofHooks = settled.applied.hooks?.results.map(hookRow) ?? [];
  const ofObjects = settled.applied.results.map((result) => resourceRow(result, health.get(refKey(result.change.ref))));
  const exceptions = [...ofHooks, ...ofObjects].filter((row) => row !== undefined).filter(isException);
  return exceptions.sort((a, b) => gravity.indexOf(a.status) - gravity.indexOf(b.status));
}

function resourceRow(result: ChangeResult, health: ResourceStatus['health']): ResourceStatus | undefined {
  const { change } = result;
  if (result.kind === 'removed') return undefined;
  const desired = desiredOf(change);
  const row = { ...refInStatus(change.ref), status: syncOf(result), ...messageOf(result) };
  if (desired === undefined) return { ...row, version: '', requiresPruning: true, ...confirmationOf(change) };
  const { wave } = desired;
  return {
    ...{ ...row, version: versionOf(desired.apiVersion) },
    ...(health === undefined ? {} : { health }),
    ...(wave === undefined ? {} : { syncWave: wave }),
  };
}

function confirmationOf(change: Change): { requiresDeletionConfirmation?: true } {
  const waits = change.kind === 'keep' && change.reason === 'awaitsConfirmation';
  return waits ? { requiresDeletionConfirmation: true } : {};
}

function syncOf(result: ChangeResult): ResourceStatus['status'] {
  if (isUnknown(result.change)) return 'Unknown';
  return isSynced(result) ? 'Synced' : 'OutOfSync';
}

function messageOf(result: ChangeResult): { message: string } | undefined {
  if (result.kind === 'failed') return { message: result.error.message.slice(0, 500) };
  if (result.kind === 'parked') return { message: result.message };
  if (result.kind === 'skipped' && result.message !== undefined) return { message: result.message.slice(0, 500) };
  if (result.kind === 'kept' && result.change.message !== '') return { message: result.change.message };
  return undefined;
}

function desiredOf(change: Change): DesiredObject | undefined {
  return 'desired' in change ? change.desired : undefined;
}

/** What became of each object of a sync, failures first. Objects that needed nothing are left out. */
export function syncResults({ results, hooks }: Applied): readonly SyncResultEntry[] {
  const ofHooks = hooks?.results.flatMap(hookResultRow) ?? [];
  return [...ofHooks, ...results.flatMap(syncResultRow)].sort(failuresFirst).slice(0, atMost);
}

function failuresFirst(a: SyncResultEntry, b: SyncResultEntry): number {
  return Number(b.status === 'SyncFailed') - Number(a.status === 'SyncFailed');
}

function syncResultRow(result: ChangeResult): SyncResultEntry[] {
  const said = whatBecame(result);
  if (said === undefined) return [];
  const version = versionOf(desiredOf(result.change)?.apiVersion ?? '');
  return [{ ...refInStatus(result.change.ref), version, ...said }];
}

function whyKept(change: ChangeOf<'keep'>): Said | undefined {
  if (change.reason === 'dryRun') {
    return { status: change.desired === undefined ? 'Pruned' : 'Synced', message: change.message };
  }
  return change.desired === undefined ? { status: 'PruneSkipped', message: change.message } : undefined;
}

type Said = Pick<SyncResultEntry, 'status' | 'message'>;

function whatWasWritten({ kind }: Change): string {
  if (kind === 'replace') return 'deleted and created anew';
  return kind === 'create' ? 'created' : 'configured';
}

function whatWasRemoved({ kind }: Change): Said | undefined {
  if (kind === 'forget') return undefined;
  return kind === 'release' ? { status: 'Synced', message: 'released' } : { status: 'Pruned', message: 'pruned' };
}

function whatBecame(result: ChangeResult): Said | undefined {
  const { change } = result;
  switch (result.kind) {
    case 'applied':
      return { status: 'Synced', message: whatWasDone(result).slice(0, 500) };
    case 'removed':
      return whatWasRemoved(change);
    case 'terminating':
      if (change.kind === 'replace') return { status: 'Synced', message: 'being deleted, to be created anew' };
      return { status: 'Pruned', message: 'terminating' };
    case 'failed':
      return { status: 'SyncFailed', message: result.error.message.slice(0, 500) };
    case 'kept':
      return whyKept(result.change);
    case 'parked':
    case 'skipped':
      return undefined;
  }
}

function whatWasDone({ change, message }: Extract<ChangeResult, { kind: 'applied' }>): string {
  const done = whatWasWritten(change);
  return message === undefined ? done : `${done}; ${message}`;
}
