import type { Cause } from '../../model/root-cause.ts';

/** A cause, and what it has in common with the same one in other Pods. */
export interface Finding extends Cause {
  readonly same: string;
}

/** Without the counts and names that differ from Pod to Pod, when `same` is given. */
export function finding(reason: string, message: string, same: string = message): Finding {
  return { reason, message, same: `${reason} ${same}` };
}
