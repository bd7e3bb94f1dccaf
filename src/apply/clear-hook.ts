import type { PatchOperation } from '../kube/cluster.ts';
import { ApiError } from '../model/api-error.ts';
import { arrayAt, stringAt } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import { refOf, resourceVersionOf, targetOf, uidOf } from '../model/object.ts';
import type { ApplyContext } from './context.ts';
import { requestOptions } from './context.ts';
import { objectError, operatorErrorOf } from './errors.ts';

/** Argo CD holds its hooks with it until it has judged them: nobody else ever takes it away. */
const argoFinalizer = 'argocd.argoproj.io/hook-finalizer';

/** How often a hook is looked at anew because somebody, mostly its controller, wrote it meanwhile. */
const looks = 5;

/**
 * Deletes a hook that was looked at: that object or none. True when it is gone, false while it is terminating.
 * Throws OperatorError.
 */
export async function clearHook(hook: KubeObject, context: ApplyContext): Promise<boolean> {
  const ref = refOf(hook);
  const flight = context.writes.begin(ref);
  try {
    const isGone = await clearLooking(hook, context);
    if (isGone) flight.gone();
    return isGone;
  } catch (error) {
    throw operatorErrorOf(error, { step: 'prune', ref });
  } finally {
    flight.end();
  }
}

async function clearLooking(hook: KubeObject, context: ApplyContext): Promise<boolean> {
  let live: KubeObject | undefined = hook;
  for (let look = 0; look < looks; look++) {
    if (live === undefined || uidOf(live) !== uidOf(hook)) return true;
    const left = await remove(live, context);
    if (left !== 'stale') return left === undefined;
    live = await context.cluster.read(targetOf(hook), requestOptions(context));
  }
  const message = 'it is written by somebody else all the time; the operator tries again';
  throw objectError({ step: 'prune', ref: refOf(hook) }, { message, reason: 'SyncFailed', retry: 'backoff' });
}

/** What its Pods still do, they do before it is gone: the next run of the hook must not meet them. */
async function remove(live: KubeObject, context: ApplyContext): Promise<KubeObject | 'stale' | undefined> {
  try {
    const released = await withoutArgoFinalizer(live, context);
    if (stringAt(released.metadata, 'deletionTimestamp') !== undefined) return released;
    return await context.cluster.delete(targetOf(released), {
      ...requestOptions(context),
      uid: uidOf(released),
      resourceVersion: resourceVersionOf(released),
      propagation: 'Foreground',
    });
  } catch (error) {
    if (error instanceof ApiError && error.kind === 'conflict') return 'stale';
    if (error instanceof ApiError && error.kind === 'notFound') return undefined;
    throw error;
  }
}

async function withoutArgoFinalizer(live: KubeObject, context: ApplyContext): Promise<KubeObject> {
  const all = arrayAt(live.metadata, 'finalizers');
  const value = all.filter((finalizer) => finalizer !== argoFinalizer);
  if (value.length === all.length) return live;
  const operations: readonly PatchOperation[] = [
    { op: 'replace', path: '/metadata/finalizers', value },
    { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersionOf(live) },
  ];
  const options = { ...requestOptions(context), manager: context.installation.manager };
  return context.cluster.patch(targetOf(live), operations, options);
}
