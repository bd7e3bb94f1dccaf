import { gitUnavailable } from '../failures.ts';

/** One line of git's wire format: text or data, or one of its marks. */
export type Packet = { readonly kind: 'data'; readonly data: Buffer } | { readonly kind: 'mark' };

export function encodeLine(text: string): string {
  return (Buffer.byteLength(text) + 4).toString(16).padStart(4, '0') + text;
}

/** Ends a list of lines. */
export const flush = '0000';
/** Parts a command from its arguments. */
export const delimiter = '0001';

/** Splits a body into packets as it arrives. Throws OperatorError GitUnavailable when it is none, or is cut. */
export async function* readPackets(body: AsyncIterable<Uint8Array>, remote: string): AsyncGenerator<Packet> {
  let pending: Buffer = Buffer.alloc(0);
  for await (const chunk of body) {
    pending = pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([pending, chunk]);
    let at = 0;
    while (pending.length - at >= 4) {
      const length = lengthAt(pending, at, remote);
      if (length >= 4 && pending.length - at < length) break;
      yield length < 4 ? { kind: 'mark' } : { kind: 'data', data: pending.subarray(at + 4, at + length) };
      at += Math.max(length, 4);
    }
    pending = pending.subarray(at);
  }
  if (pending.length > 0) throw gitUnavailable(`${remote}: the answer ends in the middle`);
}

function lengthAt(bytes: Buffer, at: number, remote: string): number {
  const text = bytes.toString('latin1', at, at + 4);
  const length = /^[0-9a-f]{4}$/i.test(text) ? parseInt(text, 16) : NaN;
  if (Number.isNaN(length) || length === 3) throw gitUnavailable(`${remote}: does not answer as a Git server`);
  return length;
}
