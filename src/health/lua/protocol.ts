import type { Health } from '../../model/health.ts';

/** A question to the thread that runs scripts. Objects travel as JSON text: cloning them costs far more. */
export type ScriptRequest =
  | { readonly kind: 'check'; readonly name: string; readonly script: string }
  | {
      readonly kind: 'assess';
      /** `group/Kind` as it was configured: the name that positions in messages begin with. */
      readonly name: string;
      readonly script: string;
      readonly object: string;
      /** What `os.time()` answers: seconds since 1970. */
      readonly now: number;
    };

/**
 * - `verdict`: what the script said;
 * - `silent`: it returned nothing, or an empty table; of a check: it can be read;
 * - `failed`: with a message for people, which names the line where there is one. `spent`: it took more than it may,
 *   so that the machine it ran in is not to be used again.
 */
export type ScriptOutcome =
  | { readonly kind: 'verdict'; readonly health: Health }
  | { readonly kind: 'silent' }
  | { readonly kind: 'failed'; readonly message: string; readonly spent: boolean };

/** What one run of a script may take. */
export interface ScriptLimits {
  /** Of the virtual machine. */
  readonly instructions: number;
  /** Beyond the object itself. */
  readonly memoryBytes: number;
  /** Wall time: what a single instruction may take is not bounded otherwise. */
  readonly wallMs: number;
}

export const scriptLimits: ScriptLimits = { instructions: 10_000_000, memoryBytes: 32 * 2 ** 20, wallMs: 5_000 };

export function failed(message: string, spent = false): ScriptOutcome {
  return { kind: 'failed', message, spent };
}
