import type { Need } from '../diff/diff.ts';
import type { Health } from '../model/health.ts';
import type { Ref } from '../model/object.ts';
import { describeRef } from '../model/object.ts';
import type { ChangeResult } from '../model/outcome.ts';
import { requestOptions } from './context.ts';
import { operatorErrorOf } from './errors.ts';
import type { Run } from './run.ts';
import { healthOf, isDone } from './step-done.ts';

/** What an object waits for; undefined: for nothing. Throws OperatorError when what it depends on cannot be read. */
export async function waitForNeeds(run: Run, ref: Ref, needs: readonly Need[]): Promise<string | undefined> {
  for (const need of needs) {
    const open = await openOf(run, ref, need);
    if (open !== undefined) return `waits for ${open}`;
  }
  return undefined;
}

async function openOf(run: Run, ref: Ref, need: Need): Promise<string | undefined> {
  const result = run.resultOf(need.ref);
  switch (need.until) {
    case 'written':
      return result !== undefined && isWaiting(result) ? describeRef(need.ref) : undefined;
    case 'available': {
      if (result === undefined || isWaiting(result)) return describeRef(need.ref);
      // One that fails may fail because it is not called yet.
      const health = healthOf(run, need.ref);
      return health.status === 'Progressing' ? sayHealth(need.ref, health) : undefined;
    }
    case 'healthy':
      return result === undefined ? openOutside(run, ref, need.ref) : openInside(run, need.ref, result);
  }
}

function isWaiting({ kind }: ChangeResult): boolean {
  return kind === 'skipped' || kind === 'parked';
}

function openInside(run: Run, ref: Ref, result: ChangeResult): string | undefined {
  if (result.kind !== 'applied' && result.kind !== 'kept') return describeRef(ref);
  const health = healthOf(run, ref);
  if (isDone(health)) return undefined;
  run.awaitHealth(ref);
  return sayHealth(ref, health);
}

/** An object of somebody else: it is looked at whenever the Application is. */
async function openOutside(run: Run, dependent: Ref, ref: Ref): Promise<string | undefined> {
  const { cluster, health } = run.context;
  const served = cluster.kinds.find(ref);
  if (served.state !== 'served') return `${describeRef(ref)}, whose kind the cluster does not serve`;
  try {
    const target = { ...ref, apiVersion: served.kind.apiVersion };
    const object = await cluster.read(target, requestOptions(run.context));
    if (object === undefined) return `${describeRef(ref)}, which is not in the cluster`;
    const found = health.assess(object);
    return isDone(found) ? undefined : sayHealth(ref, found);
  } catch (error) {
    throw operatorErrorOf(error, { step: 'apply', ref: dependent });
  }
}

function sayHealth(ref: Ref, { status, message }: Health): string {
  return `${describeRef(ref)}, which is ${status}${message === '' ? '' : `: ${message}`}`;
}
