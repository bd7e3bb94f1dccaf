import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import type { Clock, RepositorySecrets, SecretData } from '../../../src/model/ports.ts';
import { createCharts } from '../../../src/source/charts/chart-store.ts';
import type { Charts, OpenChart } from '../../../src/source/charts/charts.ts';
import { noProxies, type ProxySettings } from '../../../src/source/git/proxy.ts';
import { defaultLimits, type Limits } from '../../../src/source/limits.ts';
import type { Credential } from '../../../tools/certificates.ts';
import { runHelm } from '../../../tools/helm.ts';
import { listen, type Listener } from '../../../tools/listener.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../../tools/temporary-folder.ts';
import { realClock } from '../../fakes/clock.ts';

export interface ChartFiles {
  readonly name: string;
  readonly version: string;
  readonly files?: Readonly<Record<string, string>>;
}

/** A real archive, made by `helm package`; gives its path. */
export async function packageChart(folder: string, { name, version, files = {} }: ChartFiles): Promise<string> {
  const source = path.join(folder, 'sources', `${name}-${version}`, name);
  const all = {
    'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: ${version}\n`,
    'templates/map.yaml': configMap('{{ .Release.Name }}-{{ .Chart.Name }}', '{{ .Chart.Version }}'),
    ...files,
  };
  for (const [file, text] of Object.entries(all)) {
    await mkdir(path.dirname(path.join(source, file)), { recursive: true });
    await writeFile(path.join(source, file), text);
  }
  const archives = path.join(folder, 'archives');
  await mkdir(archives, { recursive: true });
  await runHelm(['package', source, '--destination', archives]);
  return path.join(archives, `${name}-${version}.tgz`);
}

function configMap(name: string, version: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  version: "${version}"\n`;
}

export interface SeenRequest {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly status: number;
}

/** Answers instead of the folder; undefined leaves the request to it. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => boolean;

/** A static web server for one folder, with ETags, a log and faults: all that an index needs. */
export class StaticServer implements AsyncDisposable {
  readonly requests: SeenRequest[] = [];
  /** Basic authentication, once it is set. */
  credentials: { readonly username: string; readonly password: string } | undefined;
  /** Goes before everything else. */
  answer: Answer | undefined;
  readonly folder: string;
  readonly #listener: Listener;

  constructor(listener: Listener, folder: string) {
    this.#listener = listener;
    this.folder = folder;
  }

  get url(): string {
    return this.#listener.url;
  }

  count(ending: string, status = 200): number {
    return this.requests.filter((seen) => seen.path.endsWith(ending) && seen.status === status).length;
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { authorization } = request.headers;
    const address = request.url ?? '/';
    response.on('finish', () => this.requests.push({ path: address, authorization, status: response.statusCode }));
    if (this.answer?.(request, response) === true) return;
    if (!this.#admits(authorization)) return void response.writeHead(401).end();
    const bytes = await readFile(path.join(this.folder, decodeURIComponent(address))).catch(() => undefined);
    if (bytes === undefined) return void response.writeHead(404).end();
    const etag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}"`;
    if (request.headers['if-none-match'] === etag) return void response.writeHead(304).end();
    response.writeHead(200, { etag }).end(bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener[Symbol.asyncDispose]();
  }

  #admits(authorization: string | undefined): boolean {
    if (this.credentials === undefined) return true;
    const { username, password } = this.credentials;
    return authorization === `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  }
}

export async function serveFolder(folder: string, certificate?: Credential): Promise<StaticServer> {
  const bound: { server?: StaticServer } = {};
  const listener = await listen(
    (request, response) => void bound.server?.serve(request, response).catch(() => response.destroy()),
    certificate === undefined ? {} : { certificate },
  );
  bound.server = new StaticServer(listener, folder);
  return bound.server;
}

/** Secrets that a test writes by hand. */
export class KnownSecrets implements RepositorySecrets {
  readonly byName = new Map<string, SecretData>();
  readonly byUrl = new Map<string, SecretData>();
  readonly #listeners = new Set<(what: { namespace: string; name: string }) => void>();

  named(namespace: string, name: string): Promise<SecretData | undefined> {
    return Promise.resolve(this.byName.get(`${namespace}/${name}`));
  }

  forUrl(url: string): ReturnType<RepositorySecrets['forUrl']> {
    const data = this.byUrl.get(url);
    return Promise.resolve(data === undefined ? undefined : { namespace: 'evenkeel', name: 'by-url', data });
  }

  onChange(listener: (what: { namespace: string; name: string }) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  changed(): void {
    for (const listener of this.#listeners) listener({ namespace: 'argo', name: 'charts' });
  }
}

export function secretOf(values: Readonly<Record<string, string>>): SecretData {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Buffer.from(value)]));
}

export interface StageChange {
  readonly limits?: Partial<Limits>;
  readonly clock?: Clock;
  readonly proxies?: ProxySettings;
}

export interface ChartsStage extends AsyncDisposable {
  readonly folder: string;
  readonly secrets: KnownSecrets;
  readonly charts: Charts;
  /** Another process, with the same folder on disk. */
  restart(change?: StageChange): Charts;
}

export async function createChartsStage(change: StageChange = {}): Promise<ChartsStage> {
  const folder: TemporaryFolder = await createTemporaryFolder('charts');
  const secrets = new KnownSecrets();
  const started: Charts[] = [];
  const start = (other: typeof change = change): Charts => {
    const limits = { ...defaultLimits, ...other.limits };
    const charts = createCharts({
      clock: other.clock ?? realClock,
      directory: path.join(folder.path, 'cache'),
      limits,
      secrets,
      proxies: other.proxies ?? noProxies,
    });
    started.push(charts);
    return charts;
  };
  return {
    folder: folder.path,
    secrets,
    charts: start(),
    restart: start,
    async [Symbol.asyncDispose]() {
      for (const charts of started) await charts[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Text of one file of an opened chart. */
export async function textIn(chart: OpenChart, file: string): Promise<string> {
  let oid = await chart.reader.rootTree('');
  for (const name of file.split('/')) {
    const entry = (await chart.reader.tree(oid)).find((each) => each.name === name);
    if (entry === undefined) throw new Error(`the chart has no ${file}`);
    oid = entry.oid;
  }
  return Buffer.from(await chart.reader.blob(oid, file)).toString('utf8');
}

export const never: AbortSignal = new AbortController().signal;
