import { objectAt, stringAt, type JsonObject } from '../model/json.ts';

/** Hooks of Helm's commands `test` and `rollback`, which there are none of here. */
const otherCommands = new Set(['test', 'test-success', 'test-failure', 'pre-rollback', 'post-rollback']);

/** True for an object that is a hook of such commands alone; a hook of Argo CD's or ours replaces Helm's. */
export function isNeverApplied(object: JsonObject): boolean {
  const annotations = objectAt(objectAt(object, 'metadata'), 'annotations');
  if (['argocd.argoproj.io/hook', 'evenkeel.dev/hook'].some((key) => annotations[key] !== undefined)) return false;
  const hooks = (stringAt(annotations, 'helm.sh/hook') ?? '').split(',').map((hook) => hook.trim().toLowerCase());
  return hooks.every((hook) => otherCommands.has(hook));
}
