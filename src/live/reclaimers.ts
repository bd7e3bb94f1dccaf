import type { ApplicationKey } from '../model/installation.ts';
import { matchesManager } from '../model/manager-patterns.ts';

/** From which managers each Application takes back what they add. */
export class Reclaimers {
  readonly #patterns = new Map<ApplicationKey, readonly string[]>();

  declare(key: ApplicationKey, patterns: readonly string[]): void {
    if (patterns.length === 0) this.#patterns.delete(key);
    else this.#patterns.set(key, patterns);
  }

  includes(key: ApplicationKey, manager: string): boolean {
    return matchesManager(manager, this.#patterns.get(key) ?? []);
  }
}
