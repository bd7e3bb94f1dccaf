import type { Installation } from '../model/installation.ts';
import { pointerStep } from '../model/json.ts';
import type { FieldWriter } from '../model/live.ts';
import type { ManagedEntry } from '../model/managed-fields.ts';
import { isOurEntry, managedEntriesOf } from '../model/managed-fields.ts';
import type { KubeObject } from '../model/object.ts';
import { annotationsOf, labelsOf, resourceVersionOf } from '../model/object.ts';
import type { OwnershipPolicy } from '../model/ownership.ts';
import type { Change, FieldDifference } from '../model/plan.ts';
import type { Finding } from './finding.ts';
import type { Fold } from './fold.ts';
import { fold } from './fold.ts';
import type { PatchOperation } from './mark.ts';
import { fieldPath } from './path.ts';
import type { Examination } from './three-way.ts';
import { examine, findingsFor } from './three-way.ts';
import type { Tracker } from './tools.ts';
import { beforeFirstApply, titleOf, toolsTakenFrom, trackersOf, writesAs } from './tools.ts';

/** An object that exists, beside what Git says of it, and the rules by which it is taken. */
export interface Taking {
  readonly desired: KubeObject;
  readonly live: KubeObject;
  readonly installation: Installation;
  readonly policy: OwnershipPolicy;
}

/**
 * Compares as `compare` does, and says what taking the object over removes beside: fields that only the migrated tools
 * own, and their trackers. An object of ours is taken over anew where Git drops a field that such a tool owns, too.
 */
export function examineTaking(taking: Taking, adopts: boolean): Examination {
  const { desired, live, installation } = taking;
  const { found, reapply } = examine(desired, live, installation.manager);
  const goes = (writer: FieldWriter): boolean => isMigrated(writer, taking);
  const takes = adopts || found.some(({ difference }) => isDropped(difference) && difference.who.some(goes));
  if (!takes) return { found, reapply };
  const removals = removalsIn(taking);
  const paths = new Set(removals.map(({ difference }) => difference.path));
  const others = found.filter(({ difference }) => !isDropped(difference) || !paths.has(difference.path));
  return { found: [...others.map((finding) => unowned(finding, goes)), ...removals], reapply };
}

/** The object as it is once the entries of the migrated tools are part of ours. */
export function afterFolding(taking: Taking): KubeObject {
  const { live } = taking;
  const folded = foldOf(taking);
  return folded === undefined ? live : { ...live, metadata: { ...live.metadata, managedFields: folded.managedFields } };
}

/**
 * The one patch that takes an object over: entries of the migrated tools become part of ours, and their trackers go but
 * for those that Git has. Empty when they left nothing. Stale: 409, nothing is written.
 */
export function migrationPatch(taking: Taking): PatchOperation[] {
  const { live } = taking;
  const removals = trackersToRemove(taking).map(({ at, name }): PatchOperation => ({
    op: 'remove',
    path: `/metadata/${at}${pointerStep(name)}`,
  }));
  const folded = foldOf(taking);
  if (folded === undefined && removals.length === 0) return [];
  const managers: PatchOperation[] =
    folded === undefined ? [] : [{ op: 'replace', path: '/metadata/managedFields', value: folded.managedFields }];
  const unchanged = { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersionOf(live) } as const;
  return [...removals, ...managers, unchanged];
}

/** Objects that a sentence names. */
const mostNamed = 10;

/** `taken over from Helm, removing data.old`: undefined for a change that takes nothing over. */
export function describeTakeover(change: Change, rules: Pick<Taking, 'installation' | 'policy'>): string | undefined {
  if (change.kind !== 'update') return undefined;
  const removed = change.differences.filter(({ migrated }) => migrated === true).map(({ path }) => path);
  if (!change.adopts && removed.length === 0) return undefined;
  const from = sourcesOf({ ...rules, desired: change.desired.body(), live: change.live });
  const more = removed.length > mostNamed ? ` and ${removed.length - mostNamed} more` : '';
  const removing = removed.length === 0 ? '' : `, removing ${removed.slice(0, mostNamed).join(', ')}${more}`;
  return `taken over${from.length === 0 ? '' : ` from ${from.join(' and ')}`}${removing}`;
}

/** Tools and managers that left something on the object which is taken from them. */
function sourcesOf(taking: Taking): string[] {
  const { live, policy } = taking;
  const folded = foldOf(taking)?.from ?? [];
  const tools = toolsTakenFrom(live, policy).filter(
    (tool) => trackersOf(tool, live).length > 0 || folded.some((entry) => writesAs(tool, entry)),
  );
  const others = folded.map(({ manager }) => manager).filter((manager) => policy.migrateManagers.includes(manager));
  return [...tools.map(titleOf), ...new Set(others)];
}

/** True for a writer whose fields become ours with the object. */
export function isMigrated(writer: FieldWriter, { live, policy }: Taking): boolean {
  if (writer.subresource !== '') return false;
  if (writer.manager === beforeFirstApply || policy.migrateManagers.includes(writer.manager)) return true;
  return toolsTakenFrom(live, policy).some((tool) => writesAs(tool, writer));
}

/** What co-owns everything since managedFields were lost loses what is ours, and is never folded: see `narrow`. */
function foldOf(taking: Taking): Fold | undefined {
  const { live, installation } = taking;
  return fold(live, installation.manager, (entry) => entry.manager !== beforeFirstApply && isMigrated(entry, taking));
}

function trackersToRemove({ desired, live, policy }: Taking): Tracker[] {
  const wanted = { labels: labelsOf(desired), annotations: annotationsOf(desired) };
  const all = toolsTakenFrom(live, policy).flatMap((tool) => trackersOf(tool, live));
  const gone = all.filter(({ at, name }) => !Object.hasOwn(wanted[at], name));
  return [...new Map(gone.map((tracker) => [tracker.name, tracker])).values()];
}

/** What goes with the entries that are folded into ours, each named once with all that own it. */
function removalsIn(taking: Taking): Finding[] {
  const removals = new Map<string, FieldDifference>();
  for (const entry of foldOf(taking)?.from ?? []) {
    for (const difference of removedWith(entry, taking)) {
      const who = [...(removals.get(difference.path)?.who ?? []), writerOf(entry)];
      removals.set(difference.path, { ...difference, who, migrated: true });
    }
  }
  for (const { at, name, value } of trackersToRemove(taking)) {
    const path = fieldPath(`metadata.${at}`, name);
    if (!removals.has(path)) removals.set(path, { path, base: value, live: value, who: [], migrated: true });
  }
  return [...removals.values()].map((difference) => ({ kind: 'different', difference }));
}

/** Fields of one entry that Git does not have and that nobody owns who stays. */
function removedWith(entry: ManagedEntry, taking: Taking): FieldDifference[] {
  const { desired, live, installation } = taking;
  const others = managedEntriesOf(live).filter(
    (other) => !isOurEntry(other, installation.manager) && !isMigrated(other, taking),
  );
  return findingsFor(desired, live, { own: entry, others })
    .map(({ difference }) => difference)
    .filter((difference) => isDropped(difference) && difference.who.length === 0);
}

function isDropped({ base, desired }: FieldDifference): boolean {
  return desired === undefined && base !== undefined;
}

/** A field that we own, that Git dropped, and that nobody else owns who stays. */
function unowned(finding: Finding, goes: (writer: FieldWriter) => boolean): Finding {
  const { difference } = finding;
  const isKept = !isDropped(difference) || difference.who.length === 0 || !difference.who.every(goes);
  return isKept ? finding : { ...finding, difference: { ...difference, migrated: true } };
}

function writerOf({ manager, operation, subresource, time }: ManagedEntry): FieldWriter {
  return { manager, operation, subresource, time };
}

/** True when some of the differences are there only because the object is taken over. */
export function takesOver(differences: readonly FieldDifference[]): boolean {
  return differences.some(({ migrated }) => migrated === true);
}
