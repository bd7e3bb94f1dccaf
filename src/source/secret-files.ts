/** A private folder in memory; disposing removes it. */
export interface SecretFolder extends AsyncDisposable {
  /** Absolute. */
  readonly folder: string;
}

/**
 * Secrets that a program can only take from a file.
 *
 * Guarantees: files lie in a memory-backed folder, mode 0600 (0700 for scripts), one folder per call, gone when it is
 * disposed; what an earlier process left is removed before the first.
 */
export interface SecretFiles {
  hold(files: Readonly<Record<string, { readonly text: string; readonly isScript?: true }>>): Promise<SecretFolder>;
}
