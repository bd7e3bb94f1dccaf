import { OperatorError } from '../../model/errors.ts';
import { sha256Hex } from '../../model/hash.ts';
import { BoundedFolder } from '../bounded-folder.ts';
import { chartUnavailable, sourceError } from '../failures.ts';
import { ChartReader } from './chart-reader.ts';
import { idOf, RepositoryClient } from './chart-repository.ts';
import type { ChartRepository, Charts, ChartsOptions, ChartVersion, OpenChart } from './charts.ts';
import { Pace } from './pace.ts';
import { unpackChart } from './unpack.ts';

/** Unpacked charts that nobody uses at the moment and that are still at hand. */
const idleCharts = 16;
/** Beyond that the one that was asked least recently is asked anew. */
const knownRepositories = 1_000;

interface Unpacked {
  readonly archive: Buffer;
  readonly reader: ChartReader;
}

interface Held {
  readonly unpacked: Promise<Unpacked>;
  users: number;
}

/** Asks nobody before it is used. */
export function createCharts(options: ChartsOptions): Charts {
  return new ChartStore(options);
}

class ChartStore implements Charts {
  readonly #options: ChartsOptions;
  readonly #cache: BoundedFolder;
  readonly #hosts: Pace;
  readonly #refusals: Pace;
  readonly #repositories = new Map<string, RepositoryClient>();
  /** By digest; the least recently opened first. */
  readonly #held = new Map<string, Held>();
  readonly #unsubscribe: () => void;

  constructor(options: ChartsOptions) {
    this.#options = options;
    const { directory, limits, clock, secrets } = options;
    this.#cache = new BoundedFolder({
      folder: directory,
      extension: '.chart',
      maxBytes: limits.chartCacheBytes,
      clock,
    });
    this.#hosts = new Pace(clock);
    this.#refusals = new Pace(clock);
    this.#unsubscribe = secrets.onChange((changed) => {
      for (const repository of this.#repositories.values()) repository.secretChanged(changed);
    });
  }

  async resolve(repository: ChartRepository, name: string, constraint: string, anew: boolean): Promise<string> {
    checkName(name);
    return await this.#client(repository).resolve(name, constraint, anew);
  }

  async open(chart: ChartVersion, signal: AbortSignal): Promise<OpenChart> {
    checkName(chart.name);
    signal.throwIfAborted();
    const { digest, archive } = await this.#archive(chart, signal);
    const held = this.#held.get(digest) ?? { unpacked: this.#unpack(chart, digest, archive), users: 0 };
    this.#held.delete(digest);
    this.#held.set(digest, held);
    held.users++;
    try {
      return this.#opened(chart.version, digest, { held, unpacked: await held.unpacked });
    } catch (error) {
      held.users--;
      this.#held.delete(digest);
      throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#unsubscribe();
    this.#held.clear();
    return Promise.resolve();
  }

  #client(repository: ChartRepository): RepositoryClient {
    const id = idOf(repository);
    const parts = { ...this.#options, cache: this.#cache, hosts: this.#hosts, refusals: this.#refusals };
    const client = this.#repositories.get(id) ?? new RepositoryClient(repository, parts);
    this.#repositories.delete(id);
    this.#repositories.set(id, client);
    const [oldest] = this.#repositories.keys();
    if (oldest !== undefined && this.#repositories.size > knownRepositories) this.#repositories.delete(oldest);
    return client;
  }

  #opened(version: string, digest: string, { held, unpacked }: { held: Held; unpacked: Unpacked }): OpenChart {
    let isOpen = true;
    return {
      version,
      digest,
      reader: unpacked.reader,
      archive: () => Promise.resolve(unpacked.archive),
      [Symbol.asyncDispose]: () => {
        if (isOpen) held.users--;
        isOpen = false;
        this.#dropIdle();
        return Promise.resolve();
      },
    };
  }

  #dropIdle(): void {
    const idle = [...this.#held].filter(([, { users }]) => users === 0);
    for (const [digest] of idle.slice(0, Math.max(0, idle.length - idleCharts))) this.#held.delete(digest);
  }

  async #unpack({ name, version }: ChartVersion, digest: string, archive: Buffer | undefined): Promise<Unpacked> {
    const bytes = archive ?? (await this.#cached(digest));
    if (bytes === undefined) throw chartUnavailable(`the archive of ${name} ${version} was lost from the cache`);
    const { limits } = this.#options;
    return { archive: bytes, reader: new ChartReader(await unpackChart(`${name} ${version}`, bytes, limits), limits) };
  }

  /** Its digest, and its bytes unless they are at hand. */
  async #archive(chart: ChartVersion, signal: AbortSignal): Promise<{ digest: string; archive: Buffer | undefined }> {
    const client = this.#client(chart.repository);
    const memo = sha256Hex(`version\n${client.id}\n${chart.name}\n${chart.version}`);
    const known = await this.#known(memo);
    const promised = await this.#promised(client, chart, known);
    const digest = promised ?? known;
    if (digest !== undefined && this.#held.has(digest)) return { digest, archive: undefined };
    const archive = await client.download(chart.name, chart.version, {
      signal,
      find: async () => await this.#cached(promised ?? (await this.#known(memo))),
      keep: async (bytes) => await this.#keep(chart, bytes, { memo, promised }),
    });
    return { digest: sha256Hex(archive), archive };
  }

  async #known(memo: string): Promise<string | undefined> {
    const digest = (await this.#cache.read(memo))?.toString('latin1') ?? '';
    return /^[0-9a-f]{64}$/.test(digest) ? digest : undefined;
  }

  /** A version that was here before is good enough while its repository cannot be asked. */
  async #promised(client: RepositoryClient, { name, version }: ChartVersion, known: string | undefined) {
    try {
      return await client.digest(name, version);
    } catch (error) {
      if (known !== undefined && error instanceof OperatorError && error.reason === 'ChartUnavailable') return known;
      throw error;
    }
  }

  async #keep(
    { name, version, repository }: ChartVersion,
    archive: Buffer,
    { memo, promised }: { readonly memo: string; readonly promised: string | undefined },
  ): Promise<void> {
    const digest = sha256Hex(archive);
    if (promised !== undefined && digest !== promised) {
      throw chartUnavailable(
        `${repository.url}: the archive of ${name} ${version} has the digest sha256:${digest}, not the promised sha256:${promised}`,
      );
    }
    try {
      await this.#cache.write(digest, archive);
      await this.#cache.write(memo, Buffer.from(digest, 'latin1'));
    } catch {
      // What cannot be kept is fetched again.
    }
  }

  async #cached(digest: string | undefined): Promise<Buffer | undefined> {
    const bytes = digest === undefined ? undefined : await this.#cache.read(digest);
    return bytes === undefined || sha256Hex(bytes) !== digest ? undefined : bytes;
  }
}

/** What no chart is called: it becomes part of addresses. */
function checkName(name: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/.test(name) && name.length <= 250) return;
  throw sourceError('InvalidSpec', `"${name.slice(0, 100)}" can be no chart's name`);
}
