import { describeDuration } from '../model/duration.ts';
import type { OperationState } from '../model/application.ts';
import type { Condition } from '../model/condition.ts';
import { readKnownApplication } from '../model/known-application.ts';
import type { KubeObject } from '../model/object.ts';
import { resourceVersionOf } from '../model/object.ts';
import { applicationKind } from './connection.ts';
import type { Place } from './operation.ts';
import { titleOf } from './operation.ts';
import type { Site } from './planning.ts';

/** How far an operation has come. */
export type Standing =
  | { readonly kind: 'under way'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'done'; readonly message: string };

/**
 * What is waited for when the operation has succeeded. An Application at another revision than the newest, or of which
 * some objects were synced, works and need not be Ready.
 */
export type Goal = 'ended' | 'healthy' | 'ready';

/** Of an Application of which an operation was asked for. */
export function standingOf(object: KubeObject, goal: Goal): Standing {
  const known = readKnownApplication(object);
  if (isTrue(known, 'Stalled')) return { kind: 'failed', message: `Stalled: ${messageOf(known, 'Stalled')}` };
  const { operationState } = known.status;
  if (object['operation'] !== undefined || operationState?.finishedAt === undefined)
    return { kind: 'under way', message: runningText(operationState) };
  const message = textOf(operationState);
  if (operationState.phase !== 'Succeeded') return { kind: 'failed', message };
  return goal === 'ended' || holds(known, goal) ? { kind: 'done', message } : notYet(known, message);
}

function holds(known: Known, goal: 'healthy' | 'ready'): boolean {
  if (goal === 'ready') return isTrue(known, 'Ready');
  return known.status.health?.status === 'Healthy' || known.status.health?.status === 'Suspended';
}

function notYet(known: Known, message: string): Standing {
  return { kind: 'under way', message: `${message}; not Ready yet: ${messageOf(known, 'Ready')}` };
}

function textOf({ phase, message }: OperationState): string {
  return `${phase}: ${message}`;
}

type Known = ReturnType<typeof readKnownApplication>;

function conditionOf({ status }: Known, type: Condition['type']): Condition | undefined {
  return status.conditions?.find((condition) => condition.type === type);
}

function messageOf(known: Known, type: Condition['type']): string {
  return conditionOf(known, type)?.message ?? '';
}

/** Said about the Application as it is now. */
function isTrue(known: Known, type: Condition['type']): boolean {
  const condition = conditionOf(known, type);
  return condition?.status === 'True' && condition.observedGeneration === known.generation;
}

/** What an earlier operation came to says nothing. */
function runningText(state: OperationState | undefined): string {
  return state?.phase === 'Running' || state?.phase === 'Terminating' ? textOf(state) : 'waiting for the operator';
}

export interface Follow extends Place {
  /** The Application as the request left it: older states say nothing. */
  readonly since: KubeObject;
  readonly goal: Goal;
  readonly timeoutMs: number;
  /** Gets every new message once. */
  readonly tell: (message: string) => void;
}

/**
 * Follows an Application until the operation that was asked for has ended and it is Ready, and gives it as it is then.
 * Rejects when the operation failed, the time is over, or the Application is gone.
 */
export async function untilDone(
  follow: Follow,
  { connected: { cluster }, terminal: { clock, signal } }: Site,
): Promise<KubeObject> {
  const served = cluster.kinds.find(applicationKind);
  if (served.state !== 'served') throw new Error('the cluster does not serve Applications');
  const ended = Promise.withResolvers<KubeObject>();
  const told = { message: 'waiting for the operator' };
  const look = (object: KubeObject): void => {
    if (isOlder(object, follow.since)) return;
    const { kind, message } = standingOf(object, follow.goal);
    if (kind === 'failed') ended.reject(new Error(`${titleOf(follow)}: ${message}`));
    else if (message !== told.message) follow.tell(message);
    told.message = message;
    if (kind === 'done') ended.resolve(object);
  };
  const late = (): void => ended.reject(new Error(overtime(follow, told.message)));
  const cancel = clock.after(follow.timeoutMs, late);
  const stop = (): void => ended.reject(signal.reason);
  signal.addEventListener('abort', stop);
  const reflector = cluster.reflect({
    kind: served.kind,
    metadataOnly: false,
    namespace: follow.namespace,
    fieldSelector: `metadata.name=${follow.name}`,
    listener: {
      changed: look,
      deleted: () => ended.reject(new Error(`${titleOf(follow)} was deleted`)),
      synced: () => undefined,
      interrupted: () => undefined,
    },
  });
  return ended.promise.finally(() => {
    cancel();
    reflector.stop();
    signal.removeEventListener('abort', stop);
  });
}

function overtime(follow: Follow, last: string): string {
  return `${titleOf(follow)} is not done after ${describeDuration(follow.timeoutMs)}: ${last}`;
}

/** Resource versions of one kind are numbers that grow. */
function isOlder(object: KubeObject, since: KubeObject): boolean {
  const [version, limit] = [resourceVersionOf(object), resourceVersionOf(since)];
  return /^[0-9]+$/.test(version) && /^[0-9]+$/.test(limit) && BigInt(version) < BigInt(limit);
}
