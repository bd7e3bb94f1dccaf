import type { JsonObject } from '../model/json.ts';
import { isJsonObject } from '../model/json.ts';

/** Where a kind, written `group/Kind`, has the spec of its pods. */
export const podSpecPaths: ReadonlyMap<string, string> = new Map([
  ['/Pod', 'spec'],
  ['/PodTemplate', 'template.spec'],
  ['/ReplicationController', 'spec.template.spec'],
  ['apps/DaemonSet', 'spec.template.spec'],
  ['apps/Deployment', 'spec.template.spec'],
  ['apps/ReplicaSet', 'spec.template.spec'],
  ['apps/StatefulSet', 'spec.template.spec'],
  ['batch/CronJob', 'spec.jobTemplate.spec.template.spec'],
  ['batch/Job', 'spec.template.spec'],
]);

export const containerLists = ['containers', 'initContainers', 'ephemeralContainers'] as const;

/** The value with what is found at a path of field names replaced; unchanged when there is no object at the path. */
export function replaceAt(
  value: JsonObject,
  path: readonly string[],
  replace: (found: JsonObject) => JsonObject,
): JsonObject {
  const [name, ...rest] = path;
  if (name === undefined) return replace(value);
  const inner = value[name];
  return isJsonObject(inner) ? { ...value, [name]: replaceAt(inner, rest, replace) } : value;
}
