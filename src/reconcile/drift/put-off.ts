import type { Suspect } from '../../model/live.ts';
import type { RefKey } from '../../model/object.ts';
import { refKey } from '../../model/object.ts';
import type { Clock } from '../../model/ports.ts';

interface Turn {
  suspect: Suspect;
  readonly at: number;
  readonly cancel: () => void;
}

/** Suspicions that are looked at later: one turn an object, with the newest suspicion, at the earliest time asked for. */
export class PutOff {
  readonly #clock: Clock;
  readonly #take: (suspect: Suspect) => void;
  readonly #turns = new Map<RefKey, Turn>();

  /** Nothing is taken after `signal`. */
  constructor(clock: Clock, take: (suspect: Suspect) => void, signal: AbortSignal) {
    this.#clock = clock;
    this.#take = take;
    signal.addEventListener('abort', () => {
      for (const { cancel } of this.#turns.values()) cancel();
    });
  }

  put(suspect: Suspect, ms: number): void {
    const id = refKey(suspect.ref);
    const at = this.#clock.monotonic() + ms;
    const known = this.#turns.get(id);
    if (known !== undefined && known.at <= at) {
      known.suspect = suspect;
      return;
    }
    known?.cancel();
    const cancel = this.#clock.after(ms, () => {
      this.#turns.delete(id);
      this.#take(turn.suspect);
    });
    const turn: Turn = { suspect, at, cancel };
    this.#turns.set(id, turn);
  }
}
