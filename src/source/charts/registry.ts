import type { JsonValue } from '../../model/json.ts';
import { arrayAt, decodeJson, isJsonObject, objectAt, stringAt } from '../../model/json.ts';
import { chartUnavailable, sourceError } from '../failures.ts';
import { basicAuthorization } from '../http.ts';
import { limitExceeded, type Limits } from '../limits.ts';
import type { ChartCredentials } from './chart-credentials.ts';
import type { ChartAnswer, ChartHttp, ChartRequest } from './chart-http.ts';

const manifestTypes = 'application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json';
const chartLayers = ['application/vnd.cncf.helm.chart.content.v1.tar+gzip', 'application/tar+gzip'];
const manifestBytes = 4 * 1024 * 1024;
const tagsPerPage = 1_000;

/** Where the charts of an OCI repository are: `oci://host/org`, and below it one name per chart. */
export interface RegistryPlace {
  /** `https://host`, or `http://host`. */
  readonly origin: string;
  /** `org`, perhaps empty. */
  readonly prefix: string;
}

/**
 * The address of `oci://…`. TLS always, but for the machine itself (as long as no caBundle says otherwise) and where the
 * Secret says `insecureHTTP: "true"`. Throws OperatorError InvalidSpec.
 */
export function registryPlace(url: string, credentials: ChartCredentials): RegistryPlace {
  const found = URL.parse(url.replace(/^oci:/, 'https:'));
  if (found === null || found.hostname === '') {
    throw sourceError('InvalidSpec', `"${url}" is no address of a registry; expected oci://host/path`);
  }
  const isLoopback = /^(localhost|127\.[0-9.]+|\[::1\])$/.test(found.hostname);
  const isPlain = credentials.insecureHTTP === true || (isLoopback && credentials.caBundle === undefined);
  const host = found.host === 'docker.io' ? 'registry-1.docker.io' : found.host;
  return { origin: `${isPlain ? 'http' : 'https'}://${host}`, prefix: found.pathname.replace(/^\/+|\/+$/g, '') };
}

/**
 * Charts in one OCI registry (distribution specification 1.1), for one operation.
 *
 * Credentials go to the registry, and to the token service that it names in answer to a request without a token.
 */
export class Registry {
  readonly #http: ChartHttp;
  readonly #place: RegistryPlace;
  readonly #credentials: ChartCredentials;
  readonly #limits: Limits;
  #authorization: string | undefined;

  constructor(
    http: ChartHttp,
    place: RegistryPlace,
    { credentials, limits }: { credentials: ChartCredentials; limits: Limits },
  ) {
    this.#http = http;
    this.#place = place;
    this.#credentials = credentials;
    this.#limits = limits;
  }

  /** Versions by their tags; undefined: there is no such chart. */
  async versions(name: string): Promise<readonly string[] | undefined> {
    const tags: string[] = [];
    let next: string | undefined = `${this.#pathOf(name)}/tags/list?n=${tagsPerPage}`;
    let left = this.#limits.chartIndexBytes;
    while (next !== undefined) {
      const answer = await this.#get(next, { accept: [404], maxBytes: left, limit: 'chartIndexBytes' });
      if (answer.status === 404) return undefined;
      left -= answer.body.length;
      tags.push(...arrayAt(jsonOf(answer), 'tags').filter((tag) => typeof tag === 'string'));
      const following = nextPage(answer);
      // A server that points to the same page would never end.
      if (following === next || left <= 0)
        throw limitExceeded(`${addressOf(answer)}: the list of tags`, 'chartIndexBytes', this.#limits);
      next = following;
    }
    return tags.filter((tag) => !/^sha256-/.test(tag)).map((tag) => tag.replaceAll('_', '+'));
  }

  /** The digest of a version's archive; undefined: there is no such version. */
  async digest(name: string, version: string): Promise<string | undefined> {
    const path = `${this.#pathOf(name)}/manifests/${encodeURIComponent(version.replaceAll('+', '_'))}`;
    const answer = await this.#get(path, {
      accept: [404],
      headers: { accept: manifestTypes },
      maxBytes: manifestBytes,
      limit: 'chartIndexBytes',
    });
    if (answer.status === 404) return undefined;
    const layers = arrayAt(jsonOf(answer), 'layers').filter(isJsonObject);
    const layer = chartLayers.flatMap((type) => layers.filter((each) => stringAt(each, 'mediaType') === type))[0];
    const digest = /^sha256:([0-9a-f]{64})$/.exec(stringAt(layer, 'digest') ?? '')?.[1];
    if (digest !== undefined) return digest;
    const type = stringAt(objectAt(jsonOf(answer), 'config'), 'mediaType') ?? 'something unknown';
    throw sourceError('InvalidSpec', `${addressOf(answer)}: is no Helm chart (${type.slice(0, 100)})`);
  }

  async archive(name: string, digest: string): Promise<Buffer> {
    const path = `${this.#pathOf(name)}/blobs/sha256:${digest}`;
    const { chartBytes } = this.#limits;
    return (await this.#get(path, { maxBytes: chartBytes, limit: 'chartBytes' })).body;
  }

  #pathOf(name: string): string {
    const segments = [...this.#place.prefix.split('/'), ...name.split('/')].filter((segment) => segment !== '');
    return `/v2/${segments.map(encodeURIComponent).join('/')}`;
  }

  async #get(path: string, request: ChartRequest): Promise<ChartAnswer> {
    const ask = { ...request, accept: [...(request.accept ?? []), 401] };
    const address = `${this.#place.origin}${path}`;
    const first = await this.#http.get(address, this.#authorized(ask));
    if (first.status !== 401) return first;
    const challenge = first.header('www-authenticate') ?? '';
    const authorization = await this.#answerTo(challenge);
    if (authorization === undefined || authorization === this.#authorization) throw this.#http.refused(first);
    this.#authorization = authorization;
    const second = await this.#http.get(address, this.#authorized(ask));
    if (second.status === 401) throw this.#http.refused(second);
    return second;
  }

  #authorized(request: ChartRequest): ChartRequest {
    return this.#authorization === undefined ? request : { ...request, authorization: this.#authorization };
  }

  /** What a request has to carry, as the registry says; undefined: nothing that is there helps. */
  async #answerTo(challenge: string): Promise<string | undefined> {
    const { basic } = this.#credentials;
    if (!/^bearer /i.test(challenge)) return basic === undefined ? undefined : basicAuthorization(basic);
    const parameters = Object.fromEntries(
      [...challenge.matchAll(/([a-z_]+)="([^"]*)"/gi)].map(([, key = '', value = '']) => [key.toLowerCase(), value]),
    );
    const realm = URL.parse(parameters['realm'] ?? '');
    if (realm === null || (realm.protocol !== 'https:' && !this.#place.origin.startsWith('http:'))) return undefined;
    for (const key of ['service', 'scope'])
      if (parameters[key] !== undefined) realm.searchParams.set(key, parameters[key]);
    const token = await this.#token(realm);
    return token === undefined ? undefined : `Bearer ${token}`;
  }

  async #token(realm: URL): Promise<string | undefined> {
    const { basic } = this.#credentials;
    const answer = await this.#http.get(realm.href, {
      ...(basic === undefined ? {} : { authorization: basicAuthorization(basic), authorizesOrigin: realm.origin }),
      accept: [400],
      maxBytes: manifestBytes,
      limit: 'chartIndexBytes',
    });
    if (answer.status !== 200) throw this.#http.refused({ ...answer, status: 401 });
    const body = jsonOf(answer);
    return stringAt(body, 'token') ?? stringAt(body, 'access_token');
  }
}

function jsonOf(answer: ChartAnswer): JsonValue {
  try {
    return decodeJson(answer.body.toString('utf8'));
  } catch (error) {
    throw chartUnavailable(`${addressOf(answer)}: the answer is no JSON`, error);
  }
}

/** Path and query of the page that `Link: <…>; rel="next"` names. */
function nextPage(answer: ChartAnswer): string | undefined {
  const target = /<([^>]+)>\s*;\s*rel="?next"?/.exec(answer.header('link') ?? '')?.[1];
  const url = target === undefined ? null : URL.parse(target, answer.url);
  return url === null ? undefined : url.pathname + url.search;
}

/** Without a query: after redirects it may hold a signature. */
function addressOf({ url }: ChartAnswer): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}
