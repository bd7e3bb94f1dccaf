import type { ManagedEntry } from '../model/managed-fields.ts';
import { fingerprintOf, isOurEntry, managedEntriesOf, observe } from '../model/managed-fields.ts';
import { shortHash } from '../model/hash.ts';
import type { Installation } from '../model/installation.ts';
import { encodeJson } from '../model/json.ts';
import type { Observation } from '../model/live.ts';
import type { KubeObject } from '../model/object.ts';
import type { HealthRules } from '../model/ports.ts';

/** What an event, or the answer to a write of ours, showed of one object: all that is kept of it. */
export interface Sighting {
  readonly observation: Observation;
  /** Fingerprint of our entry without its time: tells "written anew, same fields" from a change of fields. */
  readonly fields: string;
  /** Hash of everybody else's entries outside subresources; empty where generation tells of their writes. */
  readonly foreign: string;
  /** The same for entries of subresources: they explain a resourceVersion that moved. */
  readonly subresources: string;
}

export interface SightingRules {
  readonly installation: Installation;
  readonly health: HealthRules;
}

/**
 * Reads what has to be remembered; the object itself, its managedFields above all, is not kept.
 * `before` is what was seen of it last: most events change nothing of ours, so that most hashes need not be made again.
 */
export function sight(object: KubeObject, { installation, health }: SightingRules, before?: Sighting): Sighting {
  const observation = observe(object, installation);
  const assessed = health.needsStatus(observation.ref)
    ? { ...observation, health: health.assess(object) }
    : observation;
  const hasSameFields = before !== undefined && before.observation.fp === observation.fp;
  if (hasSameFields && observation.generation > 0)
    return { observation: assessed, fields: before.fields, foreign: '', subresources: '' };
  const entries = managedEntriesOf(object);
  const ours = entries.find((entry) => isOurEntry(entry, installation.manager));
  const others = observation.generation > 0 ? [] : entries.filter((entry) => entry !== ours);
  return {
    observation: assessed,
    fields: hasSameFields ? before.fields : fieldsOf(ours),
    foreign: hashOf(others.filter((entry) => entry.subresource === '')),
    subresources: hashOf(others.filter((entry) => entry.subresource !== '')),
  };
}

function fieldsOf(ours: ManagedEntry | undefined): string {
  return ours === undefined ? '' : fingerprintOf({ ...ours, time: '' });
}

/** Times are whole seconds, so two writes of one manager within a second differ in their fields only. */
function hashOf(entries: readonly ManagedEntry[]): string {
  if (entries.length === 0) return '';
  return shortHash(entries.map(describeEntry).join('\n'));
}

function describeEntry({ manager, operation, subresource, time, fields }: ManagedEntry): string {
  return `${manager}|${operation}|${subresource}|${time}|${encodeJson(fields)}`;
}

/**
 * True when the first resourceVersion is from before the second one.
 * Both must be of one object, or of one kind of one server: Kubernetes orders those as decimal numbers (KEP-5504).
 * Anything that is no such number is never older, so that no event is lost by it.
 */
export function isOlder(resourceVersion: string, than: string): boolean {
  if (!decimal.test(resourceVersion) || !decimal.test(than)) return false;
  if (resourceVersion.length !== than.length) return resourceVersion.length < than.length;
  return resourceVersion < than;
}

const decimal = /^[1-9][0-9]*$/;
