/** A file to be written: where, from the folder's root, and what. */
export interface PlacedFile {
  readonly path: string;
  readonly bytes: () => Promise<Uint8Array>;
}

/** A fresh private folder for one render; disposing removes it. */
export interface Workspace extends AsyncDisposable {
  /** Absolute. */
  readonly folder: string;
  /**
   * Writes files below `folder`. Refuses (OperatorError InvalidObject) names that leave it, `.git`, control characters, what
   * is no UTF-8; refuses (LimitExceeded) more than the limits allow. Never writes a link.
   */
  place(files: readonly PlacedFile[], signal: AbortSignal): Promise<void>;
}

export interface Workspaces {
  create(): Promise<Workspace>;
}
