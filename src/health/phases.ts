import type { HealthStatus } from '../model/health.ts';
import { objectAt, stringAt } from '../model/json.ts';
import type { JsonObject } from '../model/json.ts';

/** Where kinds without conditions say in a word how they are, the most usual first. */
const places = ['phase', 'state', 'status', 'health', 'currentState', 'overallStatus', 'currentStatus'] as const;

/** The words that controllers use, in lower case without anything but letters. */
const meanings: Readonly<Partial<Record<HealthStatus, string>>> = {
  Healthy:
    'accepted active applied attached available bound complete completed created deployed done enabled established ' +
    'exists finished green healthy initialized installed normal ok online operational provisioned ready running succeeded success successful ' +
    'synced up valid',
  Progressing:
    'building configuring creating deleting deploying expanding initializing initialising inprogress installing ' +
    'migrating new notready pending preparing processing progressing provisioning queued reconciling restarting ' +
    'rolling scaling scalingdown scalingup scheduled scheduling starting submitted terminating updating upgrading ' +
    'waiting warmup yellow',
  Degraded:
    'aborted conflict crashloopbackoff degraded error errored expired failed failure failing invalid lost red rejected timeout ' +
    'unavailable unhealthy',
  Suspended: 'disabled hibernated hibernating paused stopped suspended',
  Unknown: 'unknown',
};

const statusOf: ReadonlyMap<string, HealthStatus> = new Map(
  (Object.entries(meanings) as [HealthStatus, string][]).flatMap(([status, words]) =>
    words.split(' ').map((word) => [word, status] as const),
  ),
);

/** A word of the status that says how the object is. */
export interface Phase {
  readonly place: string;
  readonly word: string;
  /** undefined: nobody knows what the word means. */
  readonly meaning: HealthStatus | undefined;
}

export function phaseOf(object: JsonObject): Phase | undefined {
  const status = objectAt(object, 'status');
  for (const place of places) {
    const word = stringAt(status, place);
    if (word !== undefined && word !== '') return { place, word, meaning: meaningOf(word) };
  }
  return undefined;
}

function meaningOf(word: string): HealthStatus | undefined {
  if (word.length > 40) return undefined;
  return statusOf.get(word.toLowerCase().replace(/[^a-z]/g, ''));
}
