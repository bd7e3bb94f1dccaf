import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { request } from 'undici';
import { obtain } from './assets/assets.ts';
import { eventually } from './eventually.ts';
import { freePort } from './ports.ts';
import { startChild, type Child } from './process.ts';
import { createTemporaryFolder, type TemporaryFolder } from './temporary-folder.ts';

export interface ScrapeTarget {
  readonly job: string;
  /** `host:port`. */
  readonly address: string;
  readonly path?: string;
  readonly labels?: Record<string, string>;
}

export interface PrometheusOptions {
  readonly targets: readonly ScrapeTarget[];
  readonly intervalMs?: number;
}

export interface Sample {
  readonly labels: Record<string, string>;
  readonly value: number;
}

interface QueryAnswer {
  status: string;
  error?: string;
  data?: { resultType: string; result: { metric: Record<string, string>; value: [number, string] }[] };
}

/** A real Prometheus on a free loopback port, its data in a temporary folder. */
class Prometheus implements AsyncDisposable {
  readonly url: string;
  readonly #child: Child;
  readonly #folder: TemporaryFolder;

  constructor(url: string, child: Child, folder: TemporaryFolder) {
    this.url = url;
    this.#child = child;
    this.#folder = folder;
  }

  /** An instant query that yields a vector; throws with Prometheus's words when the expression is refused. */
  async query(expression: string): Promise<Sample[]> {
    const answer = (await this.#get(
      `/api/v1/query?${new URLSearchParams({ query: expression }).toString()}`,
    )) as QueryAnswer;
    if (answer.data === undefined) throw new Error(`${expression}: ${answer.error ?? answer.status}`);
    if (answer.data.resultType !== 'vector') throw new Error(`${expression} yields a ${answer.data.resultType}`);
    return answer.data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  /** Waits until the job's targets have been scraped, successfully and at least twice, so that rates have data. */
  async scraped(job: string): Promise<void> {
    const expression = `min(min_over_time(up{job=${JSON.stringify(job)}}[1h])) == 1 and min(count_over_time(up{job=${JSON.stringify(job)}}[1h])) >= 2`;
    await eventually(`Prometheus to scrape ${job}`, async () => (await this.query(expression)).length > 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.kill();
    await this.#folder[Symbol.asyncDispose]();
  }

  async #get(pathAndQuery: string): Promise<unknown> {
    const answer = await request(this.url + pathAndQuery);
    return answer.body.json();
  }
}

export async function startPrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const { prometheus: command } = await obtain(['prometheus']);
  await using cleanup = new AsyncDisposableStack();
  const folder = cleanup.use(await createTemporaryFolder('prometheus'));
  const config = path.join(folder.path, 'prometheus.json');
  await writeFile(config, JSON.stringify(configOf(options)));
  const address = `127.0.0.1:${await freePort()}`;
  const child = await startChild({
    command,
    args: [
      `--config.file=${config}`,
      `--storage.tsdb.path=${path.join(folder.path, 'data')}`,
      `--web.listen-address=${address}`,
    ],
    log: path.join(folder.path, 'prometheus.log'),
  });
  const server = cleanup.use(new Prometheus(`http://${address}`, child, folder));
  await untilReady(server.url, child);
  cleanup.move();
  return server;
}

async function untilReady(url: string, child: Child): Promise<void> {
  await eventually('Prometheus to be ready', async () => {
    if (!child.running) return true;
    const { statusCode, body } = await request(`${url}/-/ready`);
    await body.dump();
    return statusCode === 200;
  });
  if (!child.running) throw new Error(`Prometheus ended at its start:\n${child.logTail()}`);
}

function configOf({ targets, intervalMs = 500 }: PrometheusOptions): unknown {
  const interval = `${intervalMs}ms`;
  return {
    global: { scrape_interval: interval, scrape_timeout: interval },
    scrape_configs: targets.map(({ job, address, path: metricsPath = '/metrics', labels = {} }) => ({
      job_name: job,
      metrics_path: metricsPath,
      static_configs: [{ targets: [address], labels }],
    })),
  };
}
