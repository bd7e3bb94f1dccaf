import type { IncomingMessage } from 'node:http';
import { ApiError } from '../model/api-error.ts';
import type { JsonValue } from '../model/json.ts';
import { decodeJson } from '../model/json.ts';
import type { Clock, WebhookSecrets } from '../model/ports.ts';
import type { Forge, Push } from '../model/push.ts';
import { isWithin } from '../model/repository-url.ts';
import type { WebhookRequest } from '../model/telemetry.ts';
import { readBody, type BodyLimits } from './body.ts';
import { dialects, forgeByHeaders, forgeNamed } from './forges.ts';
import { readSecret, type Received, type WebhookSecret } from './proof.ts';

export interface ReceivingPorts {
  readonly clock: Clock;
  readonly secrets: WebhookSecrets;
  readonly limits: BodyLimits;
}

/** What a request came to, decided before anything is done about it. */
export interface Verdict {
  readonly forge: WebhookRequest['forge'];
  readonly outcome: WebhookRequest['outcome'];
  readonly status: number;
  /** For who set the webhook up, and for who must not learn anything: never from the request, never from a Secret. */
  readonly text: string;
  readonly push?: Push;
}

type Ending = Omit<Verdict, 'forge'>;

const unauthorized: Ending = {
  outcome: 'unauthorized',
  status: 401,
  text: 'no Secret for this forge and this repository authenticates the request',
};
const unreadable: Ending = { outcome: 'unavailable', status: 503, text: 'the Secrets cannot be read now' };
const malformed: Ending = { outcome: 'malformed', status: 400, text: 'the body is not JSON' };
const nameless: Ending = { outcome: 'malformed', status: 400, text: 'the push names no repository' };
const ignored: Ending = { outcome: 'ignored', status: 204, text: '' };

/** A repository has a few spellings of its address, whoever writes the payload. */
const mostUrls = 16;

const unread: Readonly<Record<'tooLarge' | 'tooSlow' | 'cut', Ending>> = {
  tooLarge: { outcome: 'tooLarge', status: 413, text: 'the body is too large' },
  tooSlow: { outcome: 'tooSlow', status: 408, text: 'the body took too long' },
  cut: { outcome: 'cut', status: 400, text: 'the body was cut' },
};

/**
 * Guarantees: of a request that no Secret authenticates, the body is not even parsed, and one for another repository
 * gets the same answer; a push names only addresses that an authenticating Secret is good for.
 */
export async function receive(request: IncomingMessage, ports: ReceivingPorts): Promise<Verdict> {
  const { method, headers } = request;
  const route = routeOf(request);
  if (route === undefined) return { forge: 'unknown', outcome: 'refused', status: 404, text: 'not found' };
  const { forge } = route;
  const refused = (status: number, text: string): Verdict => ({ forge, outcome: 'refused', status, text });
  if (method !== 'POST') return refused(405, 'POST only');
  const type = headers['content-type'] ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) return refused(415, 'application/json only');
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') return refused(415, 'without compression only');
  return { forge, ...(forge === 'unknown' ? unauthorized : await readPush(forge, request, ports)) };
}

/** `/webhook` and `/webhook/<forge>`; undefined: no such path. */
function routeOf({ url = '', headers }: IncomingMessage): { readonly forge: WebhookRequest['forge'] } | undefined {
  const [, webhook, name, ...more] = (url.split('?')[0] ?? '').replace(/\/$/, '').split('/');
  if (webhook !== 'webhook' || more.length > 0) return undefined;
  if (name === undefined) return { forge: forgeByHeaders(headers) ?? 'unknown' };
  const forge = forgeNamed(name);
  return forge === undefined ? undefined : { forge };
}

async function readPush(forge: Forge, request: IncomingMessage, ports: ReceivingPorts): Promise<Ending> {
  const secrets = await secretsOf(forge, ports.secrets);
  if (secrets === undefined) return unreadable;
  if (secrets.length === 0) return unauthorized;
  const body = await readBody(request, ports.limits, ports.clock);
  if (body.kind !== 'read') return unread[body.kind];
  const received = { headers: request.headers, body: body.bytes };
  const proven = secrets.filter((secret) => dialects[forge].proves(received, secret));
  return proven.length === 0 ? unauthorized : endingOf(forge, received, proven);
}

/** undefined while they cannot be read. */
async function secretsOf(forge: Forge, port: WebhookSecrets): Promise<readonly WebhookSecret[] | undefined> {
  try {
    return (await port.of(forge)).flatMap((secret) => readSecret(secret) ?? []);
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}

function endingOf(forge: Forge, { headers, body }: Received, proven: readonly WebhookSecret[]): Ending {
  const payload = parsed(body);
  if (payload === undefined) return malformed;
  const named = dialects[forge].pushIn(headers, payload);
  if (named === undefined) return ignored;
  if (named.urls.length === 0) return nameless;
  const prefixes = proven.flatMap((secret) => secret.prefixes);
  const urls = [...new Set(named.urls)]
    .slice(0, mostUrls)
    .filter((url) => prefixes.some((prefix) => isWithin(url, prefix)));
  if (urls.length === 0) return unauthorized;
  return { outcome: 'pushed', status: 202, text: 'accepted', push: { forge, urls, refs: named.refs } };
}

function parsed(body: Buffer): JsonValue | undefined {
  try {
    return decodeJson(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
