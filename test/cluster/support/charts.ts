import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { obtain } from '../../../tools/assets/assets.ts';
import { createTemporaryFolder } from '../../../tools/temporary-folder.ts';

const execute = promisify(execFile);

/** Files of a chart, in the folder `chart`. */
export type ChartFiles = Readonly<Record<string, string>>;

/** A repository of Helm charts: a folder with packages, and the index that `helm repo index` makes of them. */
class ChartServer implements AsyncDisposable {
  readonly url: string;
  readonly #folder: string;
  readonly #resources: AsyncDisposableStack;

  constructor(url: string, folder: string, resources: AsyncDisposableStack) {
    this.url = url;
    this.#folder = folder;
    this.#resources = resources;
  }

  /** Packs these versions of a chart, also over what is there. */
  async publish(files: ChartFiles, versions: readonly string[]): Promise<void> {
    await publish(this.#folder, files, versions);
  }

  /** Takes a version away. */
  async withdraw(name: string, version: string): Promise<void> {
    await rm(path.join(this.#folder, `${name}-${version}.tgz`));
    await helm(this.#folder, 'repo', 'index', '.');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}

async function publish(folder: string, files: ChartFiles, versions: readonly string[]): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), content);
  }
  for (const version of versions) await helm(folder, 'package', 'chart', '--version', version);
  await helm(folder, 'repo', 'index', '.');
}

async function helm(folder: string, ...args: readonly string[]): Promise<void> {
  const { helm: command } = await obtain(['helm']);
  await execute(command, args, { cwd: folder, env: { PATH: process.env['PATH'], HOME: folder } });
}

export async function startCharts(files: ChartFiles, versions: readonly string[]): Promise<ChartServer> {
  await using cleanup = new AsyncDisposableStack();
  const folder = cleanup.use(await createTemporaryFolder('charts')).path;
  await publish(folder, files, versions);
  const server = createServer((request, response) => {
    void readFile(path.join(folder, path.basename(request.url ?? ''))).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanup.defer(() => new Promise<void>((resolve) => server.close(() => resolve())));
  cleanup.defer(() => server.closeAllConnections());
  const { port } = server.address() as AddressInfo;
  return new ChartServer(`http://127.0.0.1:${port}`, folder, cleanup.move());
}
