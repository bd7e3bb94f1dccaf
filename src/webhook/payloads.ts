import type { JsonObject, JsonValue } from '../model/json.ts';
import { arrayAt, isJsonObject, objectAt, stringAt } from '../model/json.ts';

/** What a payload says of a push. */
export interface Named {
  /** All spellings of the repository's address that it names. */
  readonly urls: readonly string[];
  /** Full names; empty when it does not say, or not in a way that is understood. */
  readonly refs: readonly string[];
}

/** GitHub, Gitea and Forgejo. */
export function hubPush(payload: JsonValue): Named {
  return { urls: hubUrls(payload), refs: fullNames([stringAt(payload, 'ref')]) };
}

/** A branch or tag came or went: its short name, and which of the two it is. */
export function hubRefEvent(payload: JsonValue): Named {
  return { urls: hubUrls(payload), refs: fullNames([nameOf(stringAt(payload, 'ref_type'), stringAt(payload, 'ref'))]) };
}

function hubUrls(payload: JsonValue): string[] {
  return textsAt(objectAt(payload, 'repository'), ['clone_url', 'ssh_url', 'html_url', 'git_url', 'svn_url']);
}

/** `repository_update` of a system hook has several refs. */
export function gitlabPush(payload: JsonValue): Named {
  const urls = [
    ...textsAt(objectAt(payload, 'project'), ['git_http_url', 'git_ssh_url', 'http_url', 'ssh_url', 'web_url']),
    ...textsAt(objectAt(payload, 'repository'), ['git_http_url', 'git_ssh_url', 'homepage']),
  ];
  const several = arrayAt(payload, 'refs');
  return { urls, refs: fullNames(several.length > 0 ? several : [stringAt(payload, 'ref')]) };
}

export function bitbucketPush(payload: JsonValue): Named {
  const changes = arrayAt(objectAt(payload, 'push'), 'changes').flatMap((change) => {
    const names = [objectAt(change, 'old'), objectAt(change, 'new')].filter((side) => Object.keys(side).length > 0);
    return names.map((side) => nameOf(stringAt(side, 'type'), stringAt(side, 'name')));
  });
  return { urls: linksOf(payload), refs: fullNames(changes) };
}

export function bitbucketServerPush(payload: JsonValue): Named {
  const changes = arrayAt(payload, 'changes');
  const refs = changes.map((change) => stringAt(objectAt(change, 'ref'), 'id') ?? stringAt(change, 'refId'));
  return { urls: linksOf(payload), refs: fullNames(refs) };
}

export function azurePush(payload: JsonValue): Named {
  const resource = objectAt(payload, 'resource');
  const updates = arrayAt(resource, 'refUpdates');
  return {
    urls: textsAt(objectAt(resource, 'repository'), ['remoteUrl', 'sshUrl', 'webUrl']),
    refs: fullNames(updates.map((update) => stringAt(update, 'name'))),
  };
}

/** `{ "repository": "https://…", "ref": "refs/heads/main" }`; without `ref` any may have moved. */
export function genericPush(payload: JsonValue): Named {
  const root: JsonObject = isJsonObject(payload) ? payload : {};
  return { urls: textsAt(root, ['repository']), refs: fullNames([stringAt(payload, 'ref')]) };
}

/** Of Bitbucket, in the cloud and elsewhere. */
function linksOf(payload: JsonValue): string[] {
  const links = objectAt(objectAt(payload, 'repository'), 'links');
  return [...arrayAt(links, 'clone'), objectAt(links, 'html')].flatMap((link) => stringAt(link, 'href') ?? []);
}

function textsAt(object: JsonObject, keys: readonly string[]): string[] {
  return keys.flatMap((key) => stringAt(object, key) ?? []).filter((text) => text !== '');
}

function nameOf(type: string | undefined, name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  if (type === 'branch') return `refs/heads/${name}`;
  return type === 'tag' || type === 'annotated_tag' ? `refs/tags/${name}` : undefined;
}

/** More than that are as good as all. */
const mostRefs = 1_000;

/** One name that is not understood may be any, so then none is told. */
function fullNames(names: readonly (JsonValue | undefined)[]): string[] {
  if (names.length > mostRefs) return [];
  const full = names.filter((name): name is string => typeof name === 'string' && name.startsWith('refs/'));
  return full.length === names.length ? [...new Set(full)] : [];
}
