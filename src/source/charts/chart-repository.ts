import { OperatorError } from '../../model/errors.ts';
import { sha256Hex } from '../../model/hash.ts';
import type { BoundedFolder } from '../bounded-folder.ts';
import { chartUnavailable, sourceError } from '../failures.ts';
import { chartCredentials, type ChartCredentials } from './chart-credentials.ts';
import { ChartHttp, type ChartAnswer } from './chart-http.ts';
import { entriesOf, type IndexEntry } from './chart-index.ts';
import type { ChartRepository, ChartsOptions } from './charts.ts';
import type { Pace } from './pace.ts';
import { Registry, registryPlace } from './registry.ts';
import { newestOf, readConstraint, sortVersions } from '../versions.ts';

/** What a repository says stands so long; with `anew`, so long. */
const freshMs = 60_000;
const freshAnewMs = 2_000;
const maxListed = 20;
/** Charts of one repository whose versions are remembered. */
const maxRemembered = 200;

export interface RepositoryParts extends Pick<ChartsOptions, 'clock' | 'limits' | 'secrets' | 'proxies'> {
  readonly cache: BoundedFolder;
  /** By host, for what cannot be reached. */
  readonly hosts: Pace;
  /** By repository, for what is refused. */
  readonly refusals: Pace;
}

export interface Download {
  readonly signal: AbortSignal;
  readonly find: () => Promise<Buffer | undefined>;
  readonly keep: (archive: Buffer) => Promise<void>;
}

interface Versions {
  readonly entries: readonly IndexEntry[];
  readonly at: number;
}

type Ask<T> = (http: ChartHttp, credentials: ChartCredentials) => Promise<T>;

/** Everything that is asked of one repository: one question at a time, answers kept for a moment. */
export class RepositoryClient {
  readonly id: string;
  readonly #parts: RepositoryParts;
  readonly #repository: ChartRepository;
  /** By chart. */
  readonly #versions = new Map<string, Versions>();
  /** Digests by chart and version, when they were last asked for. */
  readonly #digests = new Map<string, { readonly digest: string; readonly at: number }>();
  #index: { readonly text: string | undefined; readonly at: number } | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(repository: ChartRepository, parts: RepositoryParts) {
    this.#repository = repository;
    this.#parts = parts;
    this.id = idOf(repository);
  }

  /** A Secret is another: where it may be this one's, what was refused may be allowed, and what was seen may not be. */
  secretChanged(changed: { readonly namespace: string; readonly name: string }): void {
    const { secret } = this.#repository;
    if (secret !== undefined && (secret.name !== changed.name || secret.namespace !== changed.namespace)) return;
    this.#parts.refusals.succeeded(this.id);
    this.#versions.clear();
    this.#digests.clear();
    this.#index = undefined;
  }

  async resolve(name: string, constraint: string, anew: boolean): Promise<string> {
    const satisfies = readConstraint(constraint);
    if (satisfies === undefined) {
      throw sourceError('InvalidSpec', `"${constraint}" is neither a version of the chart ${name} nor a constraint`);
    }
    return await this.#inTurn(async () => {
      const maxAgeMs = anew ? freshAnewMs : freshMs;
      // A registry need not list its tags to give one of them.
      if (this.#isRegistry && isExact(constraint) && (await this.#tagged(name, constraint, maxAgeMs)) !== undefined)
        return constraint;
      const entries = await this.#list(name, maxAgeMs);
      if (entries.some(({ version }) => version === constraint)) return constraint;
      const versions = entries.map(({ version }) => version);
      const newest = newestOf(versions, satisfies);
      if (newest !== undefined) return newest;
      throw this.#notFound(name, constraint, versions);
    });
  }

  /** The digest that the repository promises for a version; undefined: it promises none. */
  async digest(name: string, version: string): Promise<string | undefined> {
    return await this.#inTurn(async () => {
      if (!this.#isRegistry) return (await this.#entry(name, version)).digest;
      const digest = await this.#tagged(name, version, freshMs);
      if (digest !== undefined) return digest;
      throw this.#notFound(
        name,
        version,
        (await this.#list(name, freshMs)).map(({ version: other }) => other),
      );
    });
  }

  /** `find` is asked again when it is this one's turn: another may have fetched it meanwhile; `keep` ends the turn. */
  async download(name: string, version: string, { signal, find, keep }: Download): Promise<Buffer> {
    return await this.#inTurn(async () => {
      const found = await find();
      if (found !== undefined) return found;
      const { url } = this.#isRegistry ? { url: '' } : await this.#entry(name, version);
      const bytes = await this.#ask(signal, async (http, credentials) => {
        if (this.#isRegistry) return await this.#fromRegistry(http, credentials, { name, version });
        return await this.#fromAddress(http, url, name);
      });
      await keep(bytes);
      return bytes;
    });
  }

  get #isRegistry(): boolean {
    return this.#repository.url.startsWith('oci://');
  }

  async #fromRegistry(
    http: ChartHttp,
    credentials: ChartCredentials,
    { name, version }: { name: string; version: string },
  ) {
    const registry = this.#registry(http, credentials);
    const digest = this.#digests.get(`${name}\n${version}`)?.digest ?? (await registry.digest(name, version));
    if (digest === undefined) throw this.#notFound(name, version, []);
    return await registry.archive(name, digest);
  }

  /** Indexes may point to other hosts, registries among them; these see credentials only with passCredentials. */
  async #fromAddress(http: ChartHttp, address: string, name: string): Promise<Buffer> {
    const { limits } = this.#parts;
    const found = URL.parse(address, `${this.#repository.url.replace(/\/+$/, '')}/`);
    if (found?.protocol === 'oci:') return await this.#fromOtherRegistry(http, found);
    if (found === null || !['http:', 'https:'].includes(found.protocol)) {
      throw chartUnavailable(`${this.#repository.url}: the index gives no usable address for ${name}`);
    }
    found.username = '';
    found.password = '';
    const isDowngrade = this.#repository.url.startsWith('https:') && found.protocol === 'http:';
    if (isDowngrade)
      throw chartUnavailable(`${this.#repository.url}: the index leads from TLS to ${found.origin}, which is refused`);
    return (await http.get(found.href, { maxBytes: limits.chartBytes, limit: 'chartBytes' })).body;
  }

  async #fromOtherRegistry(http: ChartHttp, { host, pathname }: URL): Promise<Buffer> {
    const [, path = '', tag = ''] = /^\/(.*?)(?::([^:/]*))?$/.exec(pathname) ?? [];
    const slash = path.lastIndexOf('/');
    const [prefix, name] = [path.slice(0, Math.max(slash, 0)), path.slice(slash + 1)];
    const registry = new Registry(http, registryPlace(`oci://${host}/${prefix}`, {}), {
      credentials: {},
      limits: this.#parts.limits,
    });
    const digest = await registry.digest(name, tag);
    if (digest === undefined) throw this.#notFound(name, tag, []);
    return await registry.archive(name, digest);
  }

  async #entry(name: string, version: string): Promise<IndexEntry> {
    const entries = await this.#list(name, freshMs);
    const entry = entries.find((each) => each.version === version);
    if (entry !== undefined) return entry;
    throw this.#notFound(
      name,
      version,
      entries.map((each) => each.version),
    );
  }

  async #tagged(name: string, version: string, maxAgeMs: number): Promise<string | undefined> {
    const key = `${name}\n${version}`;
    const known = this.#digests.get(key);
    if (known !== undefined && this.#isFresh(known.at, maxAgeMs)) return known.digest;
    const digest = await this.#ask(undefined, (http, credentials) =>
      this.#registry(http, credentials).digest(name, version),
    );
    if (digest === undefined) this.#digests.delete(key);
    else remember(this.#digests, key, { digest, at: this.#parts.clock.monotonic() });
    return digest;
  }

  /** Throws RevisionNotFound when there is no such chart. */
  async #list(name: string, maxAgeMs: number): Promise<readonly IndexEntry[]> {
    const known = this.#versions.get(name);
    if (known !== undefined && this.#isFresh(known.at, maxAgeMs)) return known.entries;
    const entries = this.#isRegistry ? await this.#tags(name) : await this.#indexed(name, maxAgeMs);
    if (entries === undefined) throw sourceError('RevisionNotFound', `${this.#repository.url}: has no chart "${name}"`);
    remember(this.#versions, name, { entries, at: this.#parts.clock.monotonic() });
    return entries;
  }

  async #tags(name: string): Promise<readonly IndexEntry[] | undefined> {
    const versions = await this.#ask(undefined, (http, credentials) =>
      this.#registry(http, credentials).versions(name),
    );
    return versions?.map((version) => ({ version, url: '', digest: undefined }));
  }

  async #indexed(name: string, maxAgeMs: number): Promise<readonly IndexEntry[] | undefined> {
    const { clock } = this.#parts;
    if (this.#index === undefined || !this.#isFresh(this.#index.at, maxAgeMs)) {
      const text = await this.#ask(undefined, (http) => this.#readIndex(http));
      this.#versions.clear();
      this.#index = { text, at: clock.monotonic() };
    }
    const text = this.#index.text ?? (await this.#keptIndex())?.text;
    // It is kept on disk: tens of megabytes that are looked at once a minute.
    this.#index = { ...this.#index, text: undefined };
    if (text !== undefined) return entriesOf(this.#repository.url, text, name);
    this.#index = undefined;
    return entriesOf(this.#repository.url, await this.#ask(undefined, (http) => this.#readIndex(http)), name);
  }

  async #readIndex(http: ChartHttp): Promise<string> {
    const { limits } = this.#parts;
    const address = `${this.#repository.url.replace(/\/+$/, '')}/index.yaml`;
    const old = await this.#keptIndex();
    const answer = await http.get(address, {
      ...(old === undefined ? {} : { headers: old.headers }),
      accept: [304, 404],
      maxBytes: limits.chartIndexBytes,
      limit: 'chartIndexBytes',
    });
    if (answer.status === 304 && old !== undefined) return old.text;
    if (answer.status !== 200) {
      throw sourceError(
        'RevisionNotFound',
        `${this.#repository.url}: is no repository of charts: it has no index.yaml`,
      );
    }
    await this.#keepIndex(answer);
    return answer.body.toString('utf8');
  }

  /** With the headers that ask whether it is still the same. */
  async #keptIndex(): Promise<
    { readonly headers: Readonly<Record<string, string>>; readonly text: string } | undefined
  > {
    const kept = (await this.#parts.cache.read(this.#indexName))?.toString('utf8');
    const end = kept?.indexOf('\n') ?? -1;
    if (kept === undefined || end < 0) return undefined;
    return { headers: JSON.parse(kept.slice(0, end)) as Record<string, string>, text: kept.slice(end + 1) };
  }

  async #keepIndex(answer: ChartAnswer): Promise<void> {
    const [etag, modified] = [answer.header('etag'), answer.header('last-modified')];
    const headers = {
      ...(etag === undefined ? {} : { 'if-none-match': etag }),
      ...(modified === undefined ? {} : { 'if-modified-since': modified }),
    };
    const bytes = Buffer.concat([Buffer.from(`${JSON.stringify(headers)}\n`), answer.body]);
    // What cannot be kept is fetched again.
    await this.#parts.cache.write(this.#indexName, bytes).catch(() => undefined);
  }

  get #indexName(): string {
    return sha256Hex(`index\n${this.id}`);
  }

  #registry(http: ChartHttp, credentials: ChartCredentials): Registry {
    const place = registryPlace(this.#repository.url, credentials);
    return new Registry(http, place, { credentials, limits: this.#parts.limits });
  }

  /** One operation: paced, with the credentials of now. */
  async #ask<T>(signal: AbortSignal | undefined, work: Ask<T>): Promise<T> {
    const { hosts, refusals } = this.#parts;
    const host = URL.parse(this.#repository.url)?.host ?? this.#repository.url;
    hosts.check(host);
    refusals.check(this.id);
    try {
      const result = await this.#connected(signal ?? new AbortController().signal, work);
      hosts.succeeded(host);
      refusals.succeeded(this.id);
      return result;
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      if (error.reason === 'ChartUnavailable') hosts.failed(host, error);
      if (error.reason === 'AuthenticationFailed') refusals.failed(this.id, error);
      throw error;
    }
  }

  async #connected<T>(signal: AbortSignal, work: Ask<T>): Promise<T> {
    const { limits, clock, secrets, proxies } = this.#parts;
    const { url: address, passCredentials = false } = this.#repository;
    const credentials = await chartCredentials(this.#repository, secrets);
    const url = this.#isRegistry ? registryPlace(address, credentials).origin : address;
    await using http = new ChartHttp({ url, credentials, passCredentials, proxies, limits, clock, signal });
    return await work(http, credentials);
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#queue.then(work);
    this.#queue = turn.catch(() => undefined);
    return await turn;
  }

  #isFresh(at: number, maxAgeMs: number): boolean {
    return this.#parts.clock.monotonic() - at < maxAgeMs;
  }

  #notFound(name: string, wanted: string, versions: readonly string[]): OperatorError {
    const sorted = sortVersions(versions);
    const more = sorted.length > maxListed ? ', …' : '';
    const listing = sorted.length === 0 ? '' : `; there are ${sorted.slice(0, maxListed).join(', ')}${more}`;
    return sourceError(
      'RevisionNotFound',
      `${this.#repository.url}: the chart ${name} has no version "${wanted}"${listing}`,
    );
  }
}

/** Equal ids, one view of one repository. */
export function idOf({ url, secret, passCredentials = false }: ChartRepository): string {
  const owner = secret === undefined ? '' : `${secret.namespace}/${secret.name}`;
  return sha256Hex(JSON.stringify([url.replace(/\/+$/, ''), owner, passCredentials])).slice(0, 32);
}

function isExact(constraint: string): boolean {
  return /^v?[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]*)?$/.test(constraint);
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (oldest !== undefined && map.size > maxRemembered) map.delete(oldest);
}
