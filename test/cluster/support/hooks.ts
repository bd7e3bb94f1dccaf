import { eventually } from '../../../tools/eventually.ts';
import type { World } from '../../../tools/world.ts';
import type { Journey } from './journey.ts';

export interface HookOptions {
  /** `PreSync`, …; absent: no hook. */
  readonly hook?: string;
  readonly deletes?: string;
  /** What its Pod does (tools/rollouts); it succeeds when left out. */
  readonly outcome?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly generateName?: string;
  readonly ttl?: number;
}

/** A Job that fails at once or succeeds at once, or waits until somebody lets its Pod go. */
export function job(name: string, options: HookOptions = {}): string {
  const { hook, deletes, outcome, generateName, ttl } = options;
  const annotations = {
    ...(hook === undefined ? {} : { 'argocd.argoproj.io/hook': hook }),
    ...(deletes === undefined ? {} : { 'argocd.argoproj.io/hook-delete-policy': deletes }),
    ...options.annotations,
  };
  const pod = outcome === undefined ? {} : { 'rollout.evenkeel.dev/outcome': outcome };
  const containers = [{ name: 'main', image: 'registry.invalid/hook:1' }];
  return JSON.stringify({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { ...(generateName === undefined ? { name } : { generateName }), annotations },
    spec: {
      backoffLimit: 0,
      ...(ttl === undefined ? {} : { ttlSecondsAfterFinished: ttl }),
      template: { metadata: { annotations: pod }, spec: { restartPolicy: 'Never', containers } },
    },
  });
}

interface JobJson {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
  };
}

export async function jobs(journey: Journey): Promise<readonly JobJson['metadata'][]> {
  const path = `/apis/batch/v1/namespaces/${journey.name}/jobs`;
  const { items } = (await journey.world.plane.api.must({ path })) as { readonly items: readonly JobJson[] };
  return items.map(({ metadata }) => metadata).filter(({ deletionTimestamp }) => deletionTimestamp === undefined);
}

export async function names(journey: Journey): Promise<readonly string[]> {
  return (await jobs(journey)).map(({ name }) => name).sort();
}

export async function uidOf(journey: Journey, name: string): Promise<string | undefined> {
  return (await jobs(journey)).find((one) => one.name === name)?.uid;
}

export async function untilJob(journey: Journey, name: string): Promise<string> {
  return eventually(`Job ${name} in ${journey.name}`, async () => uidOf(journey, name));
}

/** Lets the held Pods of the namespace go: `outcome` empty = to their success. */
export async function letGo(world: World, namespace: string, outcome?: string): Promise<void> {
  const what = outcome === undefined ? 'rollout.evenkeel.dev/outcome-' : `rollout.evenkeel.dev/outcome=${outcome}`;
  await eventually(`a Pod to let go in ${namespace}`, async () => {
    const out = await world.plane.kubectl(['annotate', 'pods', '--all', '--overwrite', '-n', namespace, what]);
    return out.includes('annotated');
  });
}

/** What the operator created in the namespace, in order: `jobs/migrate`. */
export async function created(journey: Journey): Promise<readonly string[]> {
  return (await journey.writes())
    .filter(({ code, method }) => code === 201 && method === 'PATCH')
    .map(({ resource, uri }) => `${resource}/${(uri.split('?')[0] ?? '').split('/').at(-1) ?? ''}`);
}
