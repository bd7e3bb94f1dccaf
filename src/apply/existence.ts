import type { RefKey } from '../model/object.ts';
import { refKey } from '../model/object.ts';
import type { ApplyContext } from './context.ts';
import { inParallel } from './in-parallel.ts';
import type { Write } from './settle.ts';

/**
 * Which of these objects are there: one metadata-only list for each kind and namespace, shared with other Applications,
 * instead of a request for each object. An object of which nobody can say so by a list is in neither set.
 * Caveat: neither set is proof when it comes to writing. What is created is created or looked at anew (`write.ts`).
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

async function namesOf(group: readonly Write[], { cluster }: ApplyContext): Promise<ReadonlySet<string> | undefined> {
  const [first] = group;
  if (first === undefined) return undefined;
  const found = cluster.kinds.find(first.ref, first.desired.apiVersion);
  return found.state === 'served' ? cluster.namesIn(found.kind, first.ref.namespace, group.length) : undefined;
}
