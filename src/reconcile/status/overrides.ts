import type { ApplicationKey } from '../../model/installation.ts';
import type { Ref, RefKey } from '../../model/object.ts';
import { refKey } from '../../model/object.ts';
import type { Override } from '../../model/outcome.ts';

/** Objects of one Application; more are not told. */
const mostObjects = 50;

/** Our values that admission replaces, as the answers to our writes show it. It holds until the object is written again. */
export class Overrides {
  readonly #known = new Map<ApplicationKey, Map<RefKey, readonly Override[]>>();

  /** A field that gets another value at each write is told once. */
  wrote(key: ApplicationKey, ref: Ref, found: readonly Override[]): void {
    const objects = this.#known.get(key) ?? new Map<RefKey, readonly Override[]>();
    this.#known.set(key, objects);
    const before = objects.get(refKey(ref)) ?? [];
    if (pathsOf(before) === pathsOf(found)) return;
    if (found.length === 0) objects.delete(refKey(ref));
    else if (objects.size < mostObjects || before.length > 0) objects.set(refKey(ref), found);
  }

  gone(key: ApplicationKey, ref: Ref): void {
    this.#known.get(key)?.delete(refKey(ref));
  }

  /** undefined: nothing of it was written since the start, so that what status says holds. */
  of(key: ApplicationKey): readonly Override[] | undefined {
    const objects = this.#known.get(key);
    return objects === undefined
      ? undefined
      : [...objects].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, rows]) => rows);
  }

  forget(key: ApplicationKey): void {
    this.#known.delete(key);
  }
}

function pathsOf(rows: readonly Override[]): string {
  return rows.map(({ path }) => path).join();
}
