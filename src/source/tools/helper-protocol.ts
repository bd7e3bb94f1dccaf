/** What the helper process is told. Bytes travel in chunks; each side says what it took, so that neither piles them up. */
export type HelperRequest =
  | StartRequest
  | { readonly kind: 'input'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: 'inputEnd'; readonly id: number }
  /** So many bytes of output have been consumed. */
  | { readonly kind: 'taken'; readonly id: number; readonly bytes: number }
  | { readonly kind: 'kill'; readonly id: number };

export interface StartRequest {
  readonly kind: 'start';
  readonly id: number;
  /** A name on the helper's PATH, or an absolute path. */
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** All of it. */
  readonly env: Readonly<Record<string, string>>;
  /** Made for this run and removed after it: holds `home` and `tmp`. No other process has its path in its environment. */
  readonly privateFolder: string;
  readonly takesInput: boolean;
  readonly limits: ChildLimits;
}

export interface ChildLimits {
  readonly memoryBytes: number;
  /** Absent for sessions. */
  readonly outputBytes?: number;
  readonly diskBytes?: number;
  /** Seconds of processor time, all threads together; absent for sessions. */
  readonly cpuSeconds?: number;
}

/** What the helper found exceeded; `processes` and `privateBytes` are limits of its own. */
export type Excess = 'memoryBytes' | 'outputBytes' | 'diskBytes' | 'privateBytes' | 'processes' | 'cpuSeconds';

export type HelperReply =
  | { readonly kind: 'started'; readonly id: number }
  | { readonly kind: 'absent'; readonly id: number }
  | { readonly kind: 'refused'; readonly id: number; readonly message: string }
  | { readonly kind: 'output'; readonly id: number; readonly bytes: Uint8Array }
  /** So many bytes of input have been passed on. */
  | { readonly kind: 'taken'; readonly id: number; readonly bytes: number }
  | EndedReply;

/** The program and all that it started are gone, and so is its private folder. */
export interface EndedReply {
  readonly kind: 'ended';
  readonly id: number;
  readonly code: number | null;
  /** The last `stderrBytes`: more than are kept, so that what is to be hidden is whole in what is kept. */
  readonly stderr: Uint8Array;
  readonly exceeded?: Excess;
}

export const stderrBytes = 16 * 1024;

/** Bytes under way in one direction of one run. */
export const windowBytes = 1024 * 1024;

/** What was taken is told when it is so much: with each small answer it would cost as much as the answer. */
export const toldBytes = windowBytes / 4;
