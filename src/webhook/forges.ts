import type { IncomingHttpHeaders } from 'node:http';
import type { JsonValue } from '../model/json.ts';
import { stringAt } from '../model/json.ts';
import { forges, type Forge } from '../model/push.ts';
import type { Named } from './payloads.ts';
import {
  azurePush,
  bitbucketPush,
  bitbucketServerPush,
  genericPush,
  gitlabPush,
  hubPush,
  hubRefEvent,
} from './payloads.ts';
import { basicAuthentication, secretIn, signedBody, type Proof } from './proof.ts';

/** How to understand a forge's requests. */
interface Dialect {
  readonly proves: Proof;
  /** undefined: the event is no push. */
  readonly pushIn: (headers: IncomingHttpHeaders, payload: JsonValue) => Named | undefined;
}

export const dialects: Readonly<Record<Forge, Dialect>> = {
  github: { proves: signedBody('x-hub-signature-256'), pushIn: hubEvents('x-github-event') },
  gitlab: { proves: secretIn('x-gitlab-token'), pushIn: gitlabEvents },
  bitbucket: { proves: signedBody('x-hub-signature'), pushIn: eventKey('repo:push', bitbucketPush) },
  'bitbucket-server': {
    proves: signedBody('x-hub-signature'),
    pushIn: eventKey('repo:refs_changed', bitbucketServerPush),
  },
  gitea: {
    proves: signedBody('x-gitea-signature', 'x-hub-signature-256'),
    pushIn: hubEvents('x-gitea-event'),
  },
  forgejo: {
    proves: signedBody('x-forgejo-signature', 'x-gitea-signature', 'x-hub-signature-256'),
    pushIn: hubEvents('x-forgejo-event', 'x-gitea-event'),
  },
  'azure-devops': {
    proves: basicAuthentication,
    pushIn: (_headers, payload) => (stringAt(payload, 'eventType') === 'git.push' ? azurePush(payload) : undefined),
  },
  generic: { proves: signedBody('x-evenkeel-signature'), pushIn: (_headers, payload) => genericPush(payload) },
};

/** Whose request it is, by the headers that only one of them sends; Forgejo sends Gitea's too, and both send GitHub's. */
export function forgeByHeaders(headers: IncomingHttpHeaders): Forge | undefined {
  const told = (name: string) => headers[name] !== undefined;
  if (told('x-forgejo-event')) return 'forgejo';
  if (told('x-gitea-event')) return 'gitea';
  if (told('x-github-event')) return 'github';
  if (told('x-gitlab-event')) return 'gitlab';
  if (told('x-event-key')) return told('x-hook-uuid') ? 'bitbucket' : 'bitbucket-server';
  if (told('x-evenkeel-signature')) return 'generic';
  return told('authorization') ? 'azure-devops' : undefined;
}

export function forgeNamed(name: string): Forge | undefined {
  return forges.find((forge) => forge === name);
}

function hubEvents(...names: readonly string[]): Dialect['pushIn'] {
  return (headers, payload) => {
    const event = names.map((name) => headers[name]).find((value) => value !== undefined);
    if (event === 'push') return hubPush(payload);
    return event === 'create' || event === 'delete' ? hubRefEvent(payload) : undefined;
  };
}

/** Hooks of projects and groups say in the header what they are, hooks of the whole system in the body. */
function gitlabEvents(headers: IncomingHttpHeaders, payload: JsonValue): Named | undefined {
  const event = headers['x-gitlab-event'];
  const systemEvents = ['push', 'tag_push', 'repository_update'];
  const isPush =
    event === 'Push Hook' ||
    event === 'Tag Push Hook' ||
    (event === 'System Hook' && systemEvents.includes(stringAt(payload, 'event_name') ?? ''));
  return isPush ? gitlabPush(payload) : undefined;
}

function eventKey(key: string, read: (payload: JsonValue) => Named): Dialect['pushIn'] {
  return (headers, payload) => (headers['x-event-key'] === key ? read(payload) : undefined);
}
