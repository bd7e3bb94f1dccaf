import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { ApiError } from '../../src/model/api-error.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { FoundSecret } from '../../src/model/ports.ts';
import type { Forge, Push } from '../../src/model/push.ts';
import type { WebhookRequest } from '../../src/model/telemetry.ts';
import { serveWebhooks, type WebhookListenerOptions } from '../../src/webhook/webhook.ts';
import { realClock } from '../fakes/clock.ts';

/** A request of a forge, without what authenticates it. */
export interface Delivery {
  readonly name: string;
  readonly forge: Forge;
  /** Of the Secret. */
  readonly repoURL: string;
  readonly headers: Record<string, string>;
  readonly body: JsonObject;
  readonly expected: 'ignored' | Omit<Push, 'forge'>;
}

const folder = new URL('deliveries/', import.meta.url);

export const deliveries: readonly Delivery[] = readdirSync(folder).map((file) => ({
  ...(JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Omit<Delivery, 'name'>),
  name: file.replace('.json', ''),
}));

export function delivery(name: string): Delivery {
  const found = deliveries.find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no delivery ${name}`);
  return found;
}

export const password = 'a long secret, known to the forge';

export function secretOf(forge: Forge, repoURL: string, secret = password): FoundSecret & { readonly forge: Forge } {
  const data = { repoURL: Buffer.from(repoURL), secret: Buffer.from(secret), username: Buffer.from('hook') };
  return { forge, namespace: 'evenkeel', name: `${forge}-${repoURL}`, data };
}

/** What each forge adds to a request to show that it knows the secret. */
export function proofOf(forge: Forge, body: string | Buffer, secret = password): Record<string, string> {
  const hmac = createHmac('sha256', secret).update(body).digest('hex');
  switch (forge) {
    case 'github':
      return { 'X-Hub-Signature-256': `sha256=${hmac}`, 'X-Hub-Signature': `sha1=${'0'.repeat(40)}` };
    case 'gitlab':
      return { 'X-Gitlab-Token': secret };
    case 'bitbucket':
    case 'bitbucket-server':
      return { 'X-Hub-Signature': `sha256=${hmac}` };
    case 'gitea':
      return { 'X-Gitea-Signature': hmac, 'X-Hub-Signature-256': `sha256=${hmac}` };
    case 'forgejo':
      return { 'X-Forgejo-Signature': hmac, 'X-Gitea-Signature': hmac };
    case 'azure-devops':
      return { Authorization: `Basic ${Buffer.from(`hook:${secret}`).toString('base64')}` };
    case 'generic':
      return { 'X-Evenkeel-Signature': `sha256=${hmac}` };
  }
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

export interface Sent {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

export async function startListener(
  secrets: readonly (FoundSecret & { readonly forge: Forge })[],
  change: Partial<WebhookListenerOptions> & { readonly failing?: ApiError | Error } = {},
) {
  const pushes: Push[] = [];
  const told: WebhookRequest[] = [];
  const bugs: unknown[] = [];
  const { failing } = change;
  const listener = await serveWebhooks({
    host: '127.0.0.1',
    port: 0,
    clock: realClock,
    secrets: {
      of: (forge) =>
        failing === undefined
          ? Promise.resolve(secrets.filter((secret) => secret.forge === forge))
          : Promise.reject(failing),
    },
    telemetry: { webhookRequest: (event) => told.push(event), bug: (error) => bugs.push(error) },
    onPush: (push) => pushes.push(push),
    ...change,
  });
  const send = async ({ path = '/webhook', method = 'POST', headers = {}, body }: Sent): Promise<Answer> => {
    const response = await fetch(`http://127.0.0.1:${listener.port}${path}`, {
      method,
      headers: { 'Content-Type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body }),
    });
    return { status: response.status, text: await response.text(), headers: response.headers };
  };
  /** As the forge would send it. */
  const deliver = async (what: Delivery, secret = password, path = '/webhook'): Promise<Answer> => {
    const body = JSON.stringify(what.body);
    return await send({ path, headers: { ...what.headers, ...proofOf(what.forge, body, secret) }, body });
  };
  return {
    port: listener.port,
    pushes,
    told,
    bugs,
    send,
    deliver,
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}
