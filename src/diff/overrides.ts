import type { KubeObject } from '../model/object.ts';
import { plain } from './path.ts';
import { compare } from './three-way.ts';

/** A value of ours that admission replaced at our own write; values of Secrets are masked. */
export interface Override {
  readonly path: string;
  readonly sent: string;
  readonly got: string;
}

/** Our values that the server's answer to our apply does not have. What only may differ, as `1000m` from 1, is none. */
export function overridesOf(request: KubeObject, response: KubeObject, manager: string): Override[] {
  return compare(request, response, manager)
    .differences.filter(({ desired }) => desired !== undefined)
    .map(({ path, desired, live }) => ({ path, sent: plain(desired), got: plain(live) }));
}
