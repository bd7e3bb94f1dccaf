import type { KubeObject, Ref, RefKey } from '../model/object.ts';
import { refKey } from '../model/object.ts';
import type { WriteInFlight, WriteLog } from '../model/ports.ts';
import type { ApplicationKey } from '../model/installation.ts';
import type { Sighting } from './sighting.ts';
import { isOlder } from './sighting.ts';
import type { Tracker, WatchEvent } from './tracker.ts';

export interface FlightPorts {
  readonly tracker: Tracker;
  sight(object: KubeObject): Sighting;
  /** The Application whose marks the object carries, or that has it on record; undefined when nobody declared it. */
  ownerOf(sighting: Sighting): ApplicationKey | undefined;
  /** The object was written for this Application: it is its own from now on, whether on record yet or not. */
  written(key: ApplicationKey, id: RefKey): void;
}

interface Flight {
  writes: number;
  held: WatchEvent[];
  /** resourceVersion of the newest answer: of two writes at once the later one counts, whichever is told first. */
  newest: string | undefined;
}

/** Holds the events of an object while a write of ours to it is in flight; tells the tracker what came of the write. */
export class Flights implements WriteLog {
  readonly #ports: FlightPorts;
  readonly #flights = new Map<RefKey, Flight>();

  constructor(ports: FlightPorts) {
    this.#ports = ports;
  }

  /** Passes the event on, now or when the last write to its object has ended. */
  take(event: WatchEvent): void {
    const flight = this.#flights.get(refKey(event.sighting.observation.ref));
    if (flight === undefined) {
      this.#ports.tracker.take(event);
      return;
    }
    // Only the newest of several states in a row can matter; deletions in between do.
    if (event.kind === 'changed' && flight.held.at(-1)?.kind === 'changed') flight.held.pop();
    flight.held.push(event);
  }

  begin(ref: Ref): WriteInFlight {
    const id = refKey(ref);
    const flight = this.#flights.get(id) ?? { writes: 0, held: [], newest: undefined };
    flight.writes += 1;
    this.#flights.set(id, flight);
    let ended = false;
    return {
      answered: (object, desired) => this.#answered(flight, object, desired),
      gone: () => this.#ports.tracker.gone(id),
      end: () => {
        if (!ended) this.#end(id, flight);
        ended = true;
      },
    };
  }

  found(key: ApplicationKey, object: KubeObject, desired: string): void {
    this.#ports.tracker.found(key, object, desired);
  }

  #answered(flight: Flight, object: KubeObject, desired: string): void {
    const sighting = this.#ports.sight(object);
    const { ref, resourceVersion } = sighting.observation;
    if (flight.newest !== undefined && isOlder(resourceVersion, flight.newest)) return;
    flight.newest = resourceVersion;
    const key = this.#ports.ownerOf(sighting);
    if (key === undefined) return;
    this.#ports.tracker.answered(key, sighting, desired);
    this.#ports.written(key, refKey(ref));
  }

  #end(id: RefKey, flight: Flight): void {
    flight.writes -= 1;
    if (flight.writes > 0) return;
    this.#flights.delete(id);
    for (const event of flight.held) this.#ports.tracker.take(event);
  }
}
