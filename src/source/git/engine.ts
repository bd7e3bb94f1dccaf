import type { Credentials } from './credentials.ts';
import type { Remote } from './remote.ts';
import type { Resolved, Revision } from './revision.ts';

/** One entry of a Git tree. */
export interface TreeEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'link' | 'submodule';
  readonly oid: string;
}

/** What a commit says of itself. */
export interface CommitAbout {
  /** Id of its root tree. */
  readonly tree: string;
  /** `Name <address>`. */
  readonly author: string;
  /** When it was committed, RFC 3339. */
  readonly date: string;
  /** First line of its message. */
  readonly subject: string;
}

/** Reads a tree of files by the ids of their contents. */
export interface ObjectReader extends AsyncDisposable {
  rootTree(commit: string): Promise<string>;
  tree(oid: string): Promise<readonly TreeEntry[]>;
  /** Throws OperatorError LimitExceeded, naming `path`, when it is larger than a manifest may be. */
  blob(oid: string, path: string): Promise<Uint8Array>;
}

/** Reads objects of one fetched commit. A damaged store shows as CorruptRepository. */
export interface CommitReader extends ObjectReader {
  commit(oid: string): Promise<CommitAbout>;
  /** A commit or an annotated tag as it was signed. */
  raw(oid: string): Promise<Uint8Array>;
}

/** A remote and what opens it, for one operation. */
export interface Access {
  readonly remote: Remote;
  readonly credentials: Credentials;
  readonly signal: AbortSignal;
}

/** What is fetched: one commit without history, and where asked the annotated tag that names it. */
export interface Wanted {
  readonly commit: string;
  /** Id of the tag object. */
  readonly tag?: string | undefined;
}

/**
 * Local copies of one remote's commits.
 *
 * Guarantees: a copy is whole or not there, whatever happens to the process or to the disk.
 *
 * Assumptions: one operation at a time; readers may be used besides.
 */
export interface CommitStore extends AsyncDisposable {
  /** Commits that an earlier process left. */
  leftovers(): Promise<readonly Wanted[]>;
  /** Gives the bytes received. Throws OperatorError, or CorruptRepository when what was fetched cannot be used. */
  fetch(access: Access, wanted: Wanted): Promise<number>;
  open(wanted: Wanted): CommitReader;
  /** Lets one copy go; its space is given back then or some time later. */
  drop(wanted: Wanted): Promise<void>;
  /** Throws everything away, because something cannot be read: readers that are open fail. */
  discard(): Promise<void>;
  /** The content that a Git LFS pointer stands for. Throws OperatorError, naming `path`. */
  largeFile(access: Access, pointer: LargeFile, path: string): Promise<Uint8Array>;
}

/** What a Git LFS pointer says. */
export interface LargeFile {
  /** SHA-256 of the content. */
  readonly oid: string;
  readonly size: number;
}

/** What the rest of `source/` needs of Git; every engine keeps the limits. */
export interface GitEngine {
  /** Whether copies are of use to the next process. */
  readonly keepsCopies: boolean;
  /** What a revision means at the remote now. Throws OperatorError. */
  resolve(access: Access, revision: Revision): Promise<Resolved>;
  /** `folder` belongs to the store alone; nothing is written before the first fetch. */
  store(folder: string, remote: Remote): CommitStore;
}

/** The local copy cannot be read: it is thrown away and fetched again once. */
export class CorruptRepository extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CorruptRepository';
  }
}
