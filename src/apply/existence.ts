import { ApiError } from '../model/api-error.ts';
import type { RefKey } from '../model/object.ts';
import { refKey, refOf } from '../model/object.ts';
import type { ApplyContext } from './context.ts';
import { requestOptions } from './context.ts';
import { inParallel } from './in-parallel.ts';
import type { Write } from './settle.ts';

/**
 * Which of these objects are there: one metadata-only list for each kind and namespace, instead of a request for each
 * object. An object of which nobody can say so by a list is in neither set.
 */
export interface Existence {
  readonly present: ReadonlySet<RefKey>;
  readonly absent: ReadonlySet<RefKey>;
}

export async function lookForAll(changes: readonly Write[], context: ApplyContext): Promise<Existence> {
  const groups = Map.groupBy(changes, ({ ref, desired }) => `${desired.apiVersion}/${ref.kind}|${ref.namespace}`);
  const looks = await inParallel([...groups.values()], async (group) => ({
    group,
    there: await namesOf(group, context),
  }));
  const present = new Set<RefKey>();
  const absent = new Set<RefKey>();
  for (const { group, there } of looks) {
    if (there === undefined) continue;
    for (const { ref } of group) (there.has(ref.name) ? present : absent).add(refKey(ref));
  }
  return { present, absent };
}

/** Names of all objects of the kind in the namespace; undefined for a single one, or when they may not be listed. */
async function namesOf(
  [first, ...others]: readonly Write[],
  context: ApplyContext,
): Promise<ReadonlySet<string> | undefined> {
  if (first === undefined || others.length === 0) return undefined;
  const { ref, desired } = first;
  const found = context.cluster.kinds.find(ref, desired.apiVersion);
  if (found.state !== 'served') return undefined;
  const names = new Set<string>();
  try {
    const options = { ...requestOptions(context), namespace: ref.namespace, metadataOnly: true };
    for await (const { items } of context.cluster.list(found.kind, options)) {
      for (const item of items) names.add(refOf(item).name);
    }
    return names;
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}
