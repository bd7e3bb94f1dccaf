import { isDeepStrictEqual } from 'node:util';
import type { Application } from '../model/application.ts';
import type { ApplicationKey } from '../model/installation.ts';
import type { Ref, RefKey } from '../model/object.ts';
import { refKey } from '../model/object.ts';
import type { RecordEntry } from '../model/record.ts';
import { wasWritten } from '../model/record.ts';
import { splitRevisions } from '../model/revision.ts';

/**
 * Revisions by `repoURL` and `targetRevision` of each source: Applications of one group see each commit together.
 */
export type Groups = ReadonlyMap<string, string | undefined>;

/** How an Application's newest render went. */
interface Rendered {
  /** The revision of each group; undefined: it is yet to be looked at. */
  readonly groups: Groups;
  /** The newest revision of all its sources that was known when that began. */
  readonly newest: string | undefined;
  /** There may be a newer revision that nobody can see at present. */
  readonly isOutOfSight: boolean;
  /** False: the newest render failed, or was not tried (suspended). */
  readonly succeeded: boolean;
  readonly desires: readonly Claim[];
}

/** What is known of the remotes that an Application follows. */
export interface Remotes {
  /** undefined when it follows nothing. */
  newestRevision(key: ApplicationKey): string | undefined;
  /** One of them cannot be reached at present. */
  isOutOfSight(key: ApplicationKey): boolean;
}

const noRemotes: Remotes = { newestRevision: () => undefined, isOutOfSight: () => false };

export interface Render {
  readonly key: ApplicationKey;
  readonly groups: Groups;
  readonly refs: Iterable<Ref>;
}

type Recorded = Pick<RecordEntry, 'ref' | 'uid' | 'desired'>;

/** One ref. The lists of Applications are shared by all refs of which they are the same: they are never changed. */
interface Claim {
  readonly id: RefKey;
  desiredBy: readonly ApplicationKey[];
  recordedBy: readonly ApplicationKey[];
  /** Those of them that have written it. */
  writtenBy: readonly ApplicationKey[];
}

/** Answers for one Application that plans at one revision. */
export interface ClaimsView {
  /** Another Application that desires the ref, or may: its render fails and the ref is on its record. */
  claimedBy(ref: Ref): ApplicationKey | undefined;
  /** Another Application that desires the ref and has an object on record for it that it has written. */
  recordedBy(ref: Ref): ApplicationKey | undefined;
  /**
   * The Application for which a ref that the asker dropped has to stay: it claims it, or has yet to look at the
   * revision, or at a newer one of its own, or cannot look at present. The asker is woken when that has changed, or the other one has applied the ref.
   */
  keptFor(ref: Ref): ApplicationKey | undefined;
}

/**
 * Which Application desires which ref, so that moving a manifest between two never deletes the object.
 *
 * Guarantees: a ref on the record of an Application that was not rendered since start, or whose render fails, counts as
 * claimed by it.
 */
export class Claims {
  readonly #rendered = new Map<ApplicationKey, Rendered>();
  /** The lists that their readers hold, too. */
  readonly #records = new Map<ApplicationKey, readonly Recorded[]>();
  readonly #recordedIn = new Map<string, number>();
  readonly #claims = new Map<RefKey, Claim>();
  /** Whose pruning waits, and of which refs. */
  readonly #waiting = new Map<ApplicationKey, Set<RefKey>>();
  readonly #wake: (keys: readonly ApplicationKey[]) => void;
  readonly #remotes: Remotes;
  /** What `newest` will be of the render that was begun last. */
  readonly #begun = new Map<ApplicationKey, string | undefined>();

  /** `wake` gets the Applications whose pruning waited for another one. */
  constructor(wake: (keys: readonly ApplicationKey[]) => void, remotes: Remotes = noRemotes) {
    this.#wake = wake;
    this.#remotes = remotes;
  }

  /** To be called before anything is loaded for a render. */
  rendering(key: ApplicationKey): void {
    this.#begun.set(key, this.#remotes.newestRevision(key));
  }

  /** The newest render of an Application. */
  rendered({ key, groups, refs }: Render): void {
    const desires = new Set<Claim>();
    for (const ref of refs) desires.add(this.#claimOf(ref));
    this.#replace(key, { groups, succeeded: true, desires: [...desires] });
  }

  /**
   * It cannot be rendered, or is not looked at: it desires what it desired last, and its whole record stays. With
   * groups it is expected to be rendered soon, and the others of the groups wait for that.
   */
  notRendered(key: ApplicationKey, groups: Groups = new Map()): void {
    this.#replace(key, { groups, succeeded: false, desires: this.#rendered.get(key)?.desires ?? [] });
  }

  /** True when its newest render that succeeded since start lacks the ref. */
  isDropped(key: ApplicationKey, ref: Ref): boolean {
    const { succeeded, desires } = this.#rendered.get(key) ?? { succeeded: false, desires: [] };
    return (succeeded || desires.length > 0) && !this.#desires(key, refKey(ref));
  }

  #replace(key: ApplicationKey, render: Omit<Rendered, 'newest' | 'isOutOfSight'>): void {
    const before = this.#rendered.get(key);
    const next = { ...render, newest: this.#begun.get(key), isOutOfSight: this.#remotes.isOutOfSight(key) };
    this.#rendered.set(key, next);
    const isMoved = this.#index('desiredBy', key, before?.desires ?? [], next.desires);
    const isSame = before?.succeeded === next.succeeded && isSameView(before, next);
    // Two that wait for each other would wake each other for ever.
    if (!isSame || isMoved) this.#release();
  }

  /** The same list again costs nothing. */
  recorded(key: ApplicationKey, record: readonly Recorded[]): void {
    const before = this.#records.get(key);
    if (before === record) return;
    this.#records.set(key, record);
    this.#file(key, before ?? [], record);
    if (this.#waiting.size === 0) return;
    const [written, former] = [writtenIn(record), writtenIn(before ?? [])];
    this.#release((refs) => [...refs].some((ref) => written.has(ref) !== former.has(ref)));
  }

  /** Objects that all Applications together have on record in a namespace. */
  recordedIn(namespace: string): number {
    return this.#recordedIn.get(namespace) ?? 0;
  }

  #file(key: ApplicationKey, before: readonly Recorded[], after: readonly Recorded[]): void {
    this.#count(before, -1);
    this.#count(after, 1);
    const claimsOf = (entries: readonly Recorded[]): Claim[] => entries.map(({ ref }) => this.#claimOf(ref));
    const [former, next] = [claimsOf(before), claimsOf(after)];
    this.#index('writtenBy', key, claimsOf(before.filter(wasWritten)), claimsOf(after.filter(wasWritten)));
    this.#index('recordedBy', key, former, next);
  }

  #count(entries: readonly Recorded[], by: 1 | -1): void {
    for (const { ref } of entries) {
      const count = this.recordedIn(ref.namespace) + by;
      if (count === 0) this.#recordedIn.delete(ref.namespace);
      else this.#recordedIn.set(ref.namespace, count);
    }
  }

  /** The Application is gone and claims nothing. */
  forget(key: ApplicationKey): void {
    this.#index('desiredBy', key, this.#rendered.get(key)?.desires ?? [], []);
    this.#file(key, this.#records.get(key) ?? [], []);
    this.#rendered.delete(key);
    this.#begun.delete(key);
    this.#records.delete(key);
    this.#waiting.delete(key);
    this.#release();
  }

  /** Every Application that exists must be known here (`recorded`) before the first view is asked for. */
  view(key: ApplicationKey, groups: Groups): ClaimsView {
    let behind: { readonly key: ApplicationKey | undefined } | undefined;
    return {
      keptFor: (ref) => {
        behind ??= { key: this.#behind(key, groups) };
        const other = this.#claimant(key, refKey(ref)) ?? behind.key;
        if (other !== undefined) this.#waits(key, refKey(ref));
        return other;
      },
      claimedBy: (ref) => this.#claimant(key, refKey(ref)),
      recordedBy: (ref) => {
        const other = this.#recorder(key, refKey(ref));
        if (other !== undefined) this.#waits(key, refKey(ref));
        return other;
      },
    };
  }

  /** The claim on a ref, made when there is none. Whoever asks must index it at once. */
  #claimOf(ref: Ref): Claim {
    const id = refKey(ref);
    const known = this.#claims.get(id);
    if (known !== undefined) return known;
    const claim: Claim = { id, desiredBy: nobody, recordedBy: nobody, writtenBy: nobody };
    this.#claims.set(id, claim);
    return claim;
  }

  /** True when that changed a claim. */
  #index(
    by: 'desiredBy' | 'recordedBy' | 'writtenBy',
    key: ApplicationKey,
    before: readonly Claim[],
    after: readonly Claim[],
  ): boolean {
    const kept = new Set(after);
    const left = before.filter((claim) => !kept.has(claim));
    for (const claim of left) {
      claim[by] = claim[by].filter((other) => other !== key);
      if (!isClaimed(claim)) this.#claims.delete(claim.id);
    }
    const alone = [key];
    const come = after.filter((claim) => !claim[by].includes(key));
    for (const claim of come) claim[by] = claim[by].length === 0 ? alone : [...claim[by], key];
    return left.length > 0 || come.length > 0;
  }

  #desires(key: ApplicationKey, ref: RefKey): boolean {
    return this.#claims.get(ref)?.desiredBy.includes(key) === true;
  }

  #waits(key: ApplicationKey, ref: RefKey): void {
    const refs = this.#waiting.get(key);
    if (refs === undefined) this.#waiting.set(key, new Set([ref]));
    else refs.add(ref);
  }

  #behind(key: ApplicationKey, groups: Groups): ApplicationKey | undefined {
    for (const other of this.#records.keys()) {
      const rendered = this.#rendered.get(other);
      if (other === key) continue;
      if (rendered === undefined || this.#isOutdated(other, rendered) || this.#isInDoubt(other, rendered)) return other;
      for (const [group, revision] of rendered.groups)
        if (groups.has(group) && (revision === undefined || groups.get(group) !== revision)) return other;
    }
    return undefined;
  }

  /** What it wants at a revision that its remote has by now is yet to be seen. */
  #isOutdated(key: ApplicationKey, { newest }: Rendered): boolean {
    const now = this.#remotes.newestRevision(key);
    return now !== undefined && now !== newest;
  }

  /** Its remote cannot be looked at. One of which nothing was ever seen, because its URL is wrong, stops nobody. */
  #isInDoubt(key: ApplicationKey, { desires }: Rendered): boolean {
    const isKnown = desires.length > 0 || (this.#records.get(key)?.length ?? 0) > 0;
    return isKnown && this.#remotes.isOutOfSight(key);
  }

  #claimant(key: ApplicationKey, ref: RefKey): ApplicationKey | undefined {
    const { desiredBy = [], recordedBy = [] } = this.#claims.get(ref) ?? {};
    return (
      desiredBy.find((other) => other !== key) ??
      recordedBy.find((other) => other !== key && this.#rendered.get(other)?.succeeded !== true)
    );
  }

  #recorder(key: ApplicationKey, ref: RefKey): ApplicationKey | undefined {
    return this.#claims.get(ref)?.writtenBy.find((other) => other !== key && this.#wants(other, ref));
  }

  /** Still, or it cannot say. */
  #wants(key: ApplicationKey, ref: RefKey): boolean {
    return this.#rendered.get(key)?.succeeded !== true || this.#desires(key, ref);
  }

  #release(concerns: (refs: ReadonlySet<RefKey>) => boolean = () => true): void {
    const woken = [...this.#waiting].filter(([, refs]) => concerns(refs)).map(([key]) => key);
    for (const key of woken) this.#waiting.delete(key);
    if (woken.length > 0) this.#wake(woken);
  }
}

function writtenIn(record: readonly Recorded[]): ReadonlySet<RefKey> {
  return new Set(record.filter(wasWritten).map(({ ref }) => refKey(ref)));
}

function isSameView(one: Rendered, other: Rendered): boolean {
  const { newest, isOutOfSight } = one;
  return newest === other.newest && isOutOfSight === other.isOutOfSight && isDeepStrictEqual(one.groups, other.groups);
}

const nobody: readonly ApplicationKey[] = [];

function isClaimed({ desiredBy, recordedBy }: Claim): boolean {
  return desiredBy.length > 0 || recordedBy.length > 0;
}

/** The groups of an Application at a revision of its sources; without one they are yet to be looked at. */
export function groupsOf({ spec }: Application, revision?: string): Groups {
  const revisions = revision === undefined ? [] : splitRevisions(revision);
  return new Map(
    spec.sources.map(({ repoURL, chart, targetRevision }, index) => [
      `${repoURL} ${chart} ${targetRevision}`,
      revisions[index],
    ]),
  );
}
