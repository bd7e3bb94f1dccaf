import { unsupportedByEngine } from '../../failures.ts';
import type { Remote } from '../remote.ts';

/** Throws OperatorError UnsupportedByEngine for what only git speaks. */
export function checkTransport({ url, transport }: Remote): void {
  if (transport === 'ssh') throw unsupportedByEngine(`${url}: SSH needs the git program`);
}
