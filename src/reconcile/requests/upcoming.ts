import type { Upcoming } from '../../live/live.ts';
import type { Application } from '../../model/application.ts';
import { isSuspended } from '../../model/application.ts';
import { groupKindKey } from '../../model/object.ts';
import { isHookEntry } from '../../model/record.ts';
import type { Ports } from '../ports.ts';

/** Their labels stand in the URL of a list. */
const mostApplications = 100;

type UpcomingPorts = Pick<Ports, 'applications' | 'asks' | 'inTurn' | 'wantedKinds' | 'clock'>;

/**
 * The Applications whose full comparison is to come next after that of `app`, with no more objects than there is room
 * for. The turn of each comes now: its bodies are read together with those of `app`.
 */
export function takeUpcoming(app: Application, room: number, ports: UpcomingPorts): readonly Upcoming[] {
  ports.asks.reads(app);
  const taken: Upcoming[] = [];
  let left = room;
  for (const other of soonest(app, ports)) {
    if (taken.length === mostApplications) break;
    if (other.record.length > left) continue;
    left -= other.record.length;
    ports.asks.takeAlong(other);
    taken.push({ key: other.key, objects: objectsOf(other, ports) });
  }
  return taken;
}

/**
 * Those that may be taken along, in the order of their turns; then those whose audit comes early, the soonest first. What
 * is read for who comes late takes the room from those who come next, and each of them has to read alone.
 */
function soonest(app: Application, { applications, asks, clock, ...ports }: UpcomingPorts): readonly Application[] {
  const places = new Map(ports.inTurn().map((key, place) => [key, place]));
  const found = applications.keys().flatMap((key) => {
    const parsed = applications.known(key);
    if (parsed?.kind !== 'valid' || parsed.app.deleting || isSuspended(parsed.app, clock.now())) return [];
    const ms = asks.msToTakeAlong(parsed.app, app);
    if (ms === undefined) return [];
    // Asked for by a user and not in turn: it waits after a failure.
    if (asks.of(parsed.app).refresh === 'hard' && !places.has(key)) return [];
    return [{ app: parsed.app, ms, place: places.get(key) ?? places.size }];
  });
  return found.sort((a, b) => a.place - b.place || a.ms - b.ms).map((one) => one.app);
}

function objectsOf({ key, record }: Application, { wantedKinds }: UpcomingPorts): Upcoming['objects'] {
  const versions = new Map(wantedKinds.get(key)?.map((kind) => [groupKindKey(kind), kind.apiVersion]));
  return record
    .filter((entry) => !isHookEntry(entry))
    .map(({ ref }) => ({ ref, apiVersion: versions.get(groupKindKey(ref)) }));
}
