import type { Action } from './cluster.ts';
import type { Clock } from '../model/ports.ts';

/** Asks the server once. Throws ApiError. */
type Ask = (action: Action) => Promise<boolean>;

/** What an operator that is a cluster administrator is asked for, once, instead of every single action. */
const everything: Action = { verb: '*', group: '*', resource: '*', namespace: '' };

/** A permission that was taken away meanwhile is refused by the server itself; a refusal ends all that is remembered. */
const validMs = 300_000;
const mostRemembered = 10_000;

interface Review {
  readonly at: number;
  readonly answer: Promise<boolean>;
}

/**
 * What this identity may do, remembered.
 *
 * Guarantees: what is allowed as a whole is asked once in five minutes, not per action; a denial of a single action is
 * not remembered, so that a permission counts as soon as it is granted.
 */
export class AccessReviews {
  readonly #ask: Ask;
  readonly #clock: Clock;
  readonly #reviews = new Map<string, Review>();

  constructor(ask: Ask, clock: Clock) {
    this.#ask = ask;
    this.#clock = clock;
  }

  async mayDo(action: Action): Promise<boolean> {
    const inAllNamespaces = { ...action, namespace: '' };
    const questions = action.namespace === '' ? [everything, action] : [everything, inAllNamespaces, action];
    for (const question of questions) {
      const known = this.#known(question);
      if (known !== undefined && (await known.answer)) return true;
    }
    for (const question of questions) if (await this.#review(question)) return true;
    return false;
  }

  /** Called when the server has refused something: what is remembered may be wrong. */
  forget(): void {
    this.#reviews.clear();
  }

  #known(action: Action): Review | undefined {
    const review = this.#reviews.get(keyOf(action));
    return review !== undefined && this.#clock.monotonic() - review.at < validMs ? review : undefined;
  }

  async #review(action: Action): Promise<boolean> {
    const known = this.#known(action);
    if (known !== undefined) return known.answer;
    if (this.#reviews.size >= mostRemembered) this.forget();
    const key = keyOf(action);
    const review = { at: this.#clock.monotonic(), answer: this.#ask(action) };
    this.#reviews.set(key, review);
    const isKept = await review.answer.catch(() => false);
    const isMarker = action === everything;
    if (!isKept && !isMarker && this.#reviews.get(key) === review) this.#reviews.delete(key);
    return review.answer.catch((error: unknown) => {
      this.#reviews.delete(key);
      throw error;
    });
  }
}

function keyOf({ verb, group, resource, namespace }: Action): string {
  return `${verb} ${group} ${resource} ${namespace}`;
}
