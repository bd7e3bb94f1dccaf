import type { Credentials, Remote } from './remote.ts';

/** One entry of a Git tree. */
export interface TreeEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'link' | 'submodule';
  readonly oid: string;
}

/** Reads objects of one fetched commit. A damaged store shows as CorruptRepository. */
export interface ObjectReader extends AsyncDisposable {
  rootTree(commit: string): Promise<string>;
  tree(oid: string): Promise<readonly TreeEntry[]>;
  /** Throws OperatorError LimitExceeded, naming `path`, when it is larger than a manifest may be. */
  blob(oid: string, path: string): Promise<Uint8Array>;
}

/** A remote and what opens it, for one operation. */
export interface Access {
  readonly remote: Remote;
  readonly credentials: Credentials;
  readonly signal: AbortSignal;
}

/** What the rest of `source/` needs of Git; every engine keeps the limits. */
export interface GitEngine {
  /** The full commit id that a revision means now. */
  resolve(access: Access, revision: string): Promise<string>;
  /** Puts one commit without history into an empty folder; gives the bytes received. */
  fetch(access: Access, commit: string, folder: string): Promise<number>;
  open(folder: string): ObjectReader;
}

/** The local copy cannot be read: it is thrown away and fetched again once. */
export class CorruptRepository extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CorruptRepository';
  }
}
