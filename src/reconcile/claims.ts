import type { Application } from '../model/application.ts';
import type { ApplicationKey } from '../model/installation.ts';
import type { Ref, RefKey } from '../model/object.ts';
import { refKey } from '../model/object.ts';

/** How an Application's newest render went. */
interface Rendered {
  /** `repoURL` and `targetRevision`: Applications of one group see each commit together. */
  readonly group: string;
  /** undefined: the render failed. */
  readonly revision: string | undefined;
  readonly desires: ReadonlySet<RefKey>;
}

export interface Render {
  readonly key: ApplicationKey;
  readonly group: string;
  readonly revision: string | undefined;
  readonly refs: Iterable<Ref>;
}

/** Answers for one Application that plans at one revision. */
export interface ClaimsView {
  /** Another Application that desires the ref, or may: its render fails and the ref is on its record. */
  claimedBy(ref: Ref): ApplicationKey | undefined;
  /** Another Application that desires the ref and has an object with a uid on record for it. */
  recordedBy(ref: Ref): ApplicationKey | undefined;
  /** An Application that has yet to look at the revision; until then nothing may be pruned. The asker is woken then. */
  waitsFor(): ApplicationKey | undefined;
}

/**
 * Which Application desires which ref, so that moving a manifest between two never deletes the object.
 *
 * Guarantees: a ref on the record of an Application that was not rendered since start, or whose render fails, counts as
 * claimed by it.
 */
export class Claims {
  readonly #rendered = new Map<ApplicationKey, Rendered>();
  readonly #records = new Map<ApplicationKey, ReadonlyMap<RefKey, string>>();
  readonly #desiredBy = new Map<RefKey, Set<ApplicationKey>>();
  readonly #recordedBy = new Map<RefKey, Set<ApplicationKey>>();
  readonly #waiting = new Set<ApplicationKey>();
  readonly #wake: (keys: readonly ApplicationKey[]) => void;

  /** `wake` gets the Applications whose pruning waited for another one. */
  constructor(wake: (keys: readonly ApplicationKey[]) => void) {
    this.#wake = wake;
  }

  /** The newest render of an Application; `revision` undefined: it failed, or is not looked at (suspended). */
  rendered({ key, group, revision, refs }: Render): void {
    const before = this.#rendered.get(key);
    const desires = new Set([...refs].map(refKey));
    this.#rendered.set(key, { group, revision, desires });
    replaceIndex(this.#desiredBy, key, before?.desires ?? [], desires);
    if (before?.revision !== revision || before?.group !== group) this.#release();
  }

  recorded(key: ApplicationKey, entries: Iterable<{ readonly ref: Ref; readonly uid: string }>): void {
    const before = this.#records.get(key);
    const record = new Map([...entries].map((entry) => [refKey(entry.ref), entry.uid]));
    this.#records.set(key, record);
    replaceIndex(this.#recordedBy, key, before?.keys() ?? [], new Set(record.keys()));
  }

  /** The Application is gone and claims nothing. */
  forget(key: ApplicationKey): void {
    replaceIndex(this.#desiredBy, key, this.#rendered.get(key)?.desires ?? [], new Set());
    replaceIndex(this.#recordedBy, key, this.#records.get(key)?.keys() ?? [], new Set());
    this.#rendered.delete(key);
    this.#records.delete(key);
    this.#waiting.delete(key);
    this.#release();
  }

  /** Every Application that exists must be known here (`recorded`) before the first view is asked for. */
  view(key: ApplicationKey, group: string, revision: string): ClaimsView {
    return {
      waitsFor: () => {
        const other = this.#behind(key, group, revision);
        if (other !== undefined) this.#waiting.add(key);
        return other;
      },
      claimedBy: (ref) => this.#claimant(key, refKey(ref)),
      recordedBy: (ref) => this.#recorder(key, refKey(ref)),
    };
  }

  #behind(key: ApplicationKey, group: string, revision: string): ApplicationKey | undefined {
    for (const other of this.#records.keys()) {
      const rendered = this.#rendered.get(other);
      if (other === key) continue;
      if (rendered === undefined) return other;
      if (rendered.group === group && rendered.revision !== undefined && rendered.revision !== revision) return other;
    }
    return undefined;
  }

  #claimant(key: ApplicationKey, ref: RefKey): ApplicationKey | undefined {
    for (const other of this.#desiredBy.get(ref) ?? []) if (other !== key) return other;
    for (const other of this.#recordedBy.get(ref) ?? []) {
      if (other !== key && this.#rendered.get(other)?.revision === undefined) return other;
    }
    return undefined;
  }

  #recorder(key: ApplicationKey, ref: RefKey): ApplicationKey | undefined {
    for (const other of this.#recordedBy.get(ref) ?? []) if (other !== key && this.#holds(other, ref)) return other;
    return undefined;
  }

  /** Has written the object, and wants it still or cannot say. */
  #holds(key: ApplicationKey, ref: RefKey): boolean {
    const uid = this.#records.get(key)?.get(ref);
    if (uid === undefined || uid === '') return false;
    const rendered = this.#rendered.get(key);
    return rendered?.revision === undefined || rendered.desires.has(ref);
  }

  #release(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    if (waiting.length > 0) this.#wake(waiting);
  }
}

function replaceIndex(
  index: Map<RefKey, Set<ApplicationKey>>,
  key: ApplicationKey,
  before: Iterable<RefKey>,
  after: ReadonlySet<RefKey>,
): void {
  for (const ref of before) {
    const keys = index.get(ref);
    if (keys === undefined || after.has(ref)) continue;
    keys.delete(key);
    if (keys.size === 0) index.delete(ref);
  }
  for (const ref of after) {
    const keys = index.get(ref);
    if (keys === undefined) index.set(ref, new Set([key]));
    else keys.add(key);
  }
}

/** Applications of one repository and ref see each of its commits together. */
export function groupOf(app: Application): string {
  return `${app.spec.source.repoURL} ${app.spec.source.targetRevision}`;
}
