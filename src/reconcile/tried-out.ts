import type { Application } from '../model/application.ts';
import type { ApplicationKey } from '../model/installation.ts';
import type { RefKey } from '../model/object.ts';
import { refKey, resourceVersionOf } from '../model/object.ts';
import type { Applied } from '../model/outcome.ts';
import type { Change } from '../model/plan.ts';

/**
 * What a sync that waits has tried out at the server and not written yet, so that the runs that are woken meanwhile do
 * not ask again.
 *
 * Guarantees: it stands for one manifest over one version of the object, and for one spec and request; a deletion is
 * never among it.
 */
export class TriedOut {
  readonly #known = new Map<ApplicationKey, ReadonlyMap<RefKey, string>>();

  was(app: Application, change: Change): boolean {
    if (app.request?.dryRun === true) return false;
    const signature = signatureOf(app, change);
    return signature !== undefined && this.#known.get(app.key)?.get(refKey(change.ref)) === signature;
  }

  /** What a run has left for its turn takes the place of what was known. */
  keep(app: Application, { results }: Applied): void {
    const waiting = results.flatMap(({ kind, change }): [RefKey, string][] => {
      const signature = kind === 'skipped' ? signatureOf(app, change) : undefined;
      const isKnown = change.kind !== 'undecided' || this.was(app, change);
      return signature === undefined || !isKnown ? [] : [[refKey(change.ref), signature]];
    });
    if (waiting.length === 0) this.forget(app.key);
    else this.#known.set(app.key, new Map(waiting));
  }

  forget(key: ApplicationKey): void {
    this.#known.delete(key);
  }
}

function signatureOf({ generation, request }: Application, change: Change): string | undefined {
  if (change.kind !== 'create' && change.kind !== 'update' && change.kind !== 'undecided') return undefined;
  const live = change.kind === 'create' ? undefined : change.live;
  const version = live === undefined ? '' : resourceVersionOf(live);
  return JSON.stringify([generation, request, change.desired.hash, version]);
}
