import type { ListOptions, ListPage, ServedKind } from './cluster.ts';
import { wait } from '../model/wait.ts';
import { ApiError } from '../model/api-error.ts';
import type { Clock } from '../model/ports.ts';

type Names = ReadonlySet<string> | undefined;

/** How long one list answers everybody. */
const validMs = 5_000;

/** Everybody who asks about one kind in one namespace within these moments. */
interface Round {
  /** Objects asked about. */
  asked: number;
  names?: Promise<Names>;
}

export interface RecentNamesParts {
  readonly clock: Clock;
  /** Nothing is remembered, and nothing is waited for, any longer. */
  readonly closed: AbortSignal;
  list(kind: ServedKind, options: ListOptions): AsyncIterable<ListPage>;
}

/**
 * Which objects there are, as far as this identity may see them, for all who ask at about the same time.
 *
 * Guarantees: who asks alone about one object makes nobody list all; a list is given up when it takes more requests than
 * it saves, so that a crowded namespace is not read for the sake of a few objects; what was listed is forgotten.
 */
export class RecentNames {
  readonly #parts: RecentNamesParts;
  readonly #rounds = new Map<string, Round>();

  constructor(parts: RecentNamesParts) {
    this.#parts = parts;
  }

  async namesIn(kind: ServedKind, namespace: string, asked: number): Promise<Names> {
    const round = this.#roundOf(`${kind.apiVersion}/${kind.resource}/${namespace}`);
    round.asked += asked;
    if (round.asked > 1) round.names ??= this.#list(kind, namespace, round);
    return round.names;
  }

  #roundOf(key: string): Round {
    const known = this.#rounds.get(key);
    if (known !== undefined) return known;
    const round: Round = { asked: 0 };
    this.#rounds.set(key, round);
    const { clock, closed } = this.#parts;
    void wait(clock, validMs, closed).then(() => this.#rounds.delete(key));
    return round;
  }

  async #list(kind: ServedKind, namespace: string, round: Round): Promise<Names> {
    const names = new Set<string>();
    let pages = 0;
    try {
      for await (const { items } of this.#parts.list(kind, { namespace, metadataOnly: true })) {
        pages += 1;
        if (pages > round.asked) return undefined;
        for (const { metadata } of items) names.add(metadata.name);
      }
      return names;
    } catch (error) {
      if (error instanceof ApiError) return undefined;
      throw error;
    }
  }
}
