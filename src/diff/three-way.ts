import type { JsonObject } from '../model/json.ts';
import type { ManagedEntry } from '../model/managed-fields.ts';
import { isOurEntry, managedEntriesOf } from '../model/managed-fields.ts';
import type { KubeObject } from '../model/object.ts';
import { groupKindKey, groupOf } from '../model/object.ts';
import type { FieldDifference } from '../model/plan.ts';
import type { Finding } from './finding.ts';
import { secretsHidden } from './mask.ts';
import type { Place } from './place.ts';
import { rootOf } from './place.ts';
import { compareObject } from './walk.ts';

/**
 * - `equal`: every leaf of desired is live and ours, and we own nothing else: an apply would change nothing;
 * - `ownershipLost`: the values are equal, but not all of them are ours any more: an unforced apply shares them;
 * - `different`: an apply would change the object;
 * - `doubtful`: only the server knows (`1000m` or `1`, defaults inside list items): a dry-run decides.
 */
export type Verdict = 'equal' | 'ownershipLost' | 'different' | 'doubtful';

/** What the comparison of one object found. Values of Secrets are masked. */
export interface Comparison {
  readonly verdict: Verdict;
  /** What surely differs; `desired` undefined = owned by us and not wanted any more. */
  readonly differences: readonly FieldDifference[];
  /** What may differ. */
  readonly doubts: readonly FieldDifference[];
  /** What is equal and not ours: `who` has it now. */
  readonly lost: readonly FieldDifference[];
}

/**
 * Compares three ways without a schema (apply-rules part 7): desired, live, and as base the fields that live's
 * managedFields show as ours. `desired` is the object as it is sent, normalised and marked; `live` must have been read
 * in the same API version.
 *
 * Guarantees: `equal` is never said on a guess. Fields that others added are no difference.
 * Caveats: whether a map without content in anybody's field set is atomic is not known; it is compared leaf by leaf.
 */
export function compare(desired: KubeObject, live: KubeObject, manager: string): Comparison {
  return comparisonOf(desired, examine(desired, live, manager));
}

/** What a comparison found, values of Secrets included. */
export interface Examination {
  readonly found: readonly Finding[];
  /** True when an apply is needed even where nothing was found. */
  readonly reapply: boolean;
}

export function examine(desired: KubeObject, live: KubeObject, manager: string): Examination {
  const entries = managedEntriesOf(live);
  const own = entries.find((entry) => isOurEntry(entry, manager));
  const others = entries.filter((entry) => entry !== own);
  // An entry of another API version moves to ours with the next apply, and fields that only it had leave.
  const otherVersion = own !== undefined && own.apiVersion !== desired.apiVersion;
  return { found: findingsFor(desired, live, { own, others }), reapply: own === undefined || otherVersion };
}

/** What is found when `own` is taken for our entry, and only `others` for those of others. */
export function findingsFor(
  desired: KubeObject,
  live: KubeObject,
  { own, others }: { readonly own: ManagedEntry | undefined; readonly others: readonly ManagedEntry[] },
): readonly Finding[] {
  const place = rootOf(kindOf(desired), own, others);
  return [...compareObject(place, withoutIdentity(desired), withoutIdentity(live))];
}

/** The live object as a whole, with what every manager's field set says of it. */
export function placeOf(live: KubeObject, manager: string): Place {
  const entries = managedEntriesOf(live);
  const own = entries.find((entry) => isOurEntry(entry, manager));
  return rootOf(
    kindOf(live),
    own,
    entries.filter((entry) => entry !== own),
  );
}

function kindOf({ apiVersion, kind }: KubeObject): string {
  return groupKindKey({ group: groupOf(apiVersion), kind });
}

export function comparisonOf(desired: KubeObject, { found, reapply }: Examination): Comparison {
  const hide = secretsHidden(desired);
  return {
    verdict: verdictOf(found, reapply),
    differences: hide(pick(found, 'different')),
    doubts: hide(pick(found, 'doubtful')),
    lost: hide(pick(found, 'lost')),
  };
}

function verdictOf(found: readonly Finding[], reapply: boolean): Verdict {
  if (found.some(({ kind }) => kind === 'different')) return 'different';
  if (found.some(({ kind }) => kind === 'doubtful')) return 'doubtful';
  return reapply || found.some(({ kind }) => kind === 'lost') ? 'ownershipLost' : 'equal';
}

function pick(found: readonly Finding[], kind: Finding['kind']): FieldDifference[] {
  return found.filter((finding) => finding.kind === kind).map(({ difference }) => difference);
}

const identity = new Set(['apiVersion', 'kind']);
const address = new Set(['name', 'namespace', 'managedFields', 'uid', 'resourceVersion']);

/** What names the object, or belongs to the server, is in no field set. */
function withoutIdentity(object: KubeObject): JsonObject {
  return { ...without(object, identity), metadata: without(object.metadata, address) };
}

function without(object: JsonObject, names: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !names.has(key)));
}
