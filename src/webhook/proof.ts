import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { sha256 } from '../model/hash.ts';
import type { FoundSecret } from '../model/ports.ts';

/** What a Secret of a forge says; one that lacks address or secret authenticates nothing. */
export interface WebhookSecret {
  /** Repositories that it is good for: addresses, or prefixes of them. */
  readonly prefixes: readonly string[];
  readonly secret: string;
  readonly username: string;
}

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** How a request shows that its sender knows the secret. */
export type Proof = (received: Received, secret: WebhookSecret) => boolean;

/** undefined: it lacks address or secret, so that nobody can know it. */
export function readSecret({ data }: FoundSecret): WebhookSecret | undefined {
  const text = (key: string) => data[key]?.toString('utf8').replace(/\r?\n$/, '') ?? '';
  const prefixes = text('repoURL')
    .split(/\s+/)
    .filter((prefix) => prefix !== '');
  const secret = text('secret');
  return secret === '' || prefixes.length === 0 ? undefined : { prefixes, secret, username: text('username') };
}

/** HMAC-SHA256 of the body, in hexadecimal, in one of the headers, with or without `sha256=` before it. */
export function signedBody(...names: readonly string[]): Proof {
  return ({ headers, body }, { secret }) => {
    const expected = createHmac('sha256', secret).update(body).digest('hex');
    return names.some((name) => {
      const given = headers[name];
      return typeof given === 'string' && isEqual(given.replace(/^sha256=/, '').toLowerCase(), expected);
    });
  };
}

/** The secret itself, in a header. */
export function secretIn(name: string): Proof {
  return ({ headers }, { secret }) => {
    const given = headers[name];
    return typeof given === 'string' && isEqual(given, secret);
  };
}

/** Basic authentication. */
export const basicAuthentication: Proof = ({ headers }, { username, secret }) => {
  const [, given] = /^basic\s+(\S+)$/i.exec(headers.authorization ?? '') ?? [];
  return given !== undefined && isEqual(Buffer.from(given, 'base64').toString('utf8'), `${username}:${secret}`);
};

/** In the same time for every text of whatever length: hashes are compared, all of the same length. */
function isEqual(given: string, expected: string): boolean {
  return timingSafeEqual(sha256(given), sha256(expected));
}
