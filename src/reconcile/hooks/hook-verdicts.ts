import type { Live } from '../../live/live.ts';
import type { Health } from '../../model/health.ts';
import type { ApplicationKey } from '../../model/installation.ts';
import type { Ref, RefKey } from '../../model/object.ts';
import { refKey } from '../../model/object.ts';

/** The last verdicts that the watch had on hooks: one whose TTL takes it away at once is gone before anybody reads it. */
export class HookVerdicts {
  readonly #followed = new Map<ApplicationKey, Map<RefKey, Health | undefined>>();
  readonly #refs = new Map<RefKey, Ref>();

  /** Replaces what is followed for the Application; none: nothing. */
  follow(key: ApplicationKey, refs: readonly Ref[]): void {
    const before = this.#followed.get(key);
    for (const id of before?.keys() ?? []) this.#refs.delete(id);
    for (const ref of refs) this.#refs.set(refKey(ref), ref);
    if (refs.length === 0) this.#followed.delete(key);
    else this.#followed.set(key, new Map(refs.map(refKey).map((id) => [id, before?.get(id)])));
  }

  /** The watch has shown something of the Application's. */
  look(key: ApplicationKey, live: Pick<Live, 'healthOf'>): void {
    const followed = this.#followed.get(key);
    for (const id of followed?.keys() ?? []) {
      const ref = this.#refs.get(id);
      const health = ref === undefined ? undefined : live.healthOf(ref);
      if (health?.status === 'Healthy' || health?.status === 'Degraded') followed?.set(id, health);
    }
  }

  lastOf(key: ApplicationKey, ref: Ref): Health | undefined {
    return this.#followed.get(key)?.get(refKey(ref));
  }
}
