import type { IncomingMessage } from 'node:http';
import type { Clock } from '../model/ports.ts';

export interface BodyLimits {
  readonly bodyBytes: number;
  /** From the end of the headers to the end of the body. */
  readonly bodyMs: number;
}

/** `cut`: the sender went away. */
export type Body =
  { readonly kind: 'read'; readonly bytes: Buffer } | { readonly kind: 'tooLarge' | 'tooSlow' | 'cut' };

/** Reads a body within its limits, whatever the request says of its length; nothing beyond them is kept. Never rejects. */
export async function readBody(
  request: IncomingMessage,
  limits: BodyLimits,
  clock: Pick<Clock, 'after'>,
): Promise<Body> {
  if (Number(request.headers['content-length'] ?? 0) > limits.bodyBytes) return { kind: 'tooLarge' };
  if (request.destroyed) return { kind: 'cut' };
  const { promise, resolve } = Promise.withResolvers<Body>();
  const chunks: Buffer[] = [];
  let length = 0;
  const take = (chunk: Buffer) => {
    length += chunk.length;
    if (length > limits.bodyBytes) resolve({ kind: 'tooLarge' });
    else chunks.push(chunk);
  };
  const cancel = clock.after(limits.bodyMs, () => resolve({ kind: 'tooSlow' }));
  request.on('data', take);
  request.once('end', () => resolve({ kind: 'read', bytes: Buffer.concat(chunks) }));
  request.once('close', () => resolve({ kind: 'cut' }));
  try {
    return await promise;
  } finally {
    cancel();
    request.off('data', take);
  }
}
