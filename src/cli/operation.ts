import { ApiError } from '../model/api-error.ts';
import type { JsonObject } from '../model/json.ts';
import { isJsonObject, objectAt, stringAt } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import { resourceVersionOf, targetOf } from '../model/object.ts';
import type { Connected } from './connection.ts';

export interface SyncFlags {
  readonly revision: readonly string[];
  readonly prune: boolean;
  readonly force: boolean;
}

/** `operation` of a manual sync, as the Application has it; `more` goes into its `sync`. */
export function syncOperation({ revision, prune, force }: SyncFlags, more: JsonObject = {}): JsonObject {
  const revisions = revision.length > 1 ? { revisions: revision } : { revision: revision[0] ?? '' };
  const strategy = force ? { syncStrategy: { hook: { force } } } : {};
  return { sync: { prune, ...(revision.length === 0 ? {} : revisions), ...strategy, ...more } };
}

export interface Place {
  readonly namespace: string;
  readonly name: string;
}

const manager = 'kubectl-evenkeel';

/** Tries of a change that others get in the way of: the operator writes the status of a busy Application often. */
const mostTries = 8;

/**
 * Changes an Application by a merge patch. `patchFor` looks at it and may throw; it is asked again when somebody wrote the
 * Application meanwhile, so that what it saw is what is changed. undefined: nothing is to be changed.
 */
export async function changeApplication(
  { cluster, read }: Connected,
  { namespace, name }: Place,
  patchFor: (object: KubeObject) => JsonObject | undefined,
): Promise<KubeObject> {
  for (let tries = 1; ; tries++) {
    const object = await read(namespace, name);
    const patch = patchFor(object);
    if (patch === undefined) return object;
    const metadata = { ...objectAt(patch, 'metadata'), resourceVersion: resourceVersionOf(object) };
    try {
      return await cluster.merge(targetOf(object), { ...patch, metadata }, { manager });
    } catch (error) {
      const isStale = error instanceof ApiError && error.kind === 'conflict';
      if (!isStale || tries >= mostTries) throw error;
    }
  }
}

/** Asks the operator for something, in the user's name. Rejects when another request stands. */
export function ask(
  connected: Connected,
  place: Place,
  operation: (application: KubeObject) => JsonObject,
): Promise<KubeObject> {
  return changeApplication(connected, place, (object) => {
    const standing = object['operation'];
    if (isJsonObject(standing)) throw new Error(`${titleOf(place)} has an operation already: ${wordsFor(standing)}`);
    return { operation: { ...operation(object), initiatedBy: { username: connected.user } } };
  });
}

function wordsFor(operation: JsonObject): string {
  const what = ['sync', 'rollback', 'terminate'].find((one) => isJsonObject(operation[one])) ?? 'operation';
  const who = stringAt(objectAt(operation, 'initiatedBy'), 'username') ?? '';
  return `${what}${who === '' ? '' : `, asked for by ${who}`}; terminate ends it`;
}

export function titleOf({ namespace, name }: Place): string {
  return `Application ${namespace}/${name}`;
}
