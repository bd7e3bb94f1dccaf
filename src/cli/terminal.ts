import type { Clock, Random } from '../model/ports.ts';

/** What a process gives to the CLI. */
export interface Terminal {
  readonly clock: Clock;
  readonly random: Random;
  /** Of this program. */
  readonly version: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** The working folder. */
  readonly folder: string;
  /** The standard input, to its end. */
  readonly input: () => Promise<string>;
  readonly out: (text: string) => void;
  readonly complain: (text: string) => void;
  readonly signal: AbortSignal;
}
