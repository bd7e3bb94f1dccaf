import { ApiError } from '../model/api-error.ts';
import type { ManagedNamespace } from '../model/application.ts';
import type { JsonObject } from '../model/json.ts';
import { jsonEqual, objectAt } from '../model/json.ts';
import { isOurEntry, managedEntriesOf } from '../model/managed-fields.ts';
import type { KubeObject, Ref } from '../model/object.ts';
import { annotationsOf, labelsOf } from '../model/object.ts';
import type { ApplyContext } from './context.ts';
import { requestOptions } from './context.ts';
import { operatorErrorOf } from './errors.ts';

/**
 * `CreateNamespace=true`: makes the namespace that the objects go to when there is none, and keeps the labels and
 * annotations that `managedNamespaceMetadata` says on it. It belongs to nobody: no mark of ours, no record, so that it is
 * never pruned or deleted; applied without force under a manager of its own.
 * Throws OperatorError; what others say about a label is a conflict that names them.
 */
export async function createNamespace(name: string, wanted: ManagedNamespace, context: ApplyContext): Promise<void> {
  const ref: Ref = { group: '', kind: 'Namespace', namespace: '', name };
  const manager = context.installation.namespaceManager;
  try {
    const live = await context.cluster.read({ ...ref, apiVersion: 'v1' }, requestOptions(context));
    if (live !== undefined && isAsWanted(live, wanted, manager)) return;
    const body: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, ...metadataOf(wanted) } };
    await context.cluster.apply(body, { ...requestOptions(context), manager, force: false });
  } catch (error) {
    // Of two Applications that create it at once one is told that it exists: that is all that was wanted.
    if (error instanceof ApiError && error.kind === 'exists') return;
    throw operatorErrorOf(error, { step: 'preflight', ref });
  }
}

function metadataOf({ labels, annotations }: ManagedNamespace): JsonObject {
  return {
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
}

/** Every wanted value is there, and we have nothing on it that is not wanted any more. */
function isAsWanted(live: KubeObject, wanted: ManagedNamespace, manager: string): boolean {
  const fields = managedEntriesOf(live).find((entry) => isOurEntry(entry, manager))?.fields;
  const owned = objectAt(fields, 'f:metadata');
  return (
    holds(labelsOf(live), wanted.labels, objectAt(owned, 'f:labels')) &&
    holds(annotationsOf(live), wanted.annotations, objectAt(owned, 'f:annotations'))
  );
}

function holds(live: JsonObject, wanted: Readonly<Record<string, string>>, owned: JsonObject): boolean {
  const stale = Object.keys(owned).filter((key) => key !== '.' && !Object.hasOwn(wanted, key.slice(2)));
  return stale.length === 0 && Object.entries(wanted).every(([key, value]) => jsonEqual(live[key], value));
}
