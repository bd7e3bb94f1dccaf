import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { request } from 'undici';
import { obtain } from './assets/assets.ts';
import { eventually } from './eventually.ts';
import { freePort } from './ports.ts';
import { startChild, type Child } from './process.ts';
import { createTemporaryFolder, type TemporaryFolder } from './temporary-folder.ts';

/** The one user of a registry that asks for credentials; it takes bcrypt only, which Node does not make. */
export const registryUser = {
  username: 'helm',
  password: 'charts-secret-7f3a',
  htpasswd: 'helm:$2a$04$jGoqJ72kUjLaZhUjYopUaOE/iyzTOk8D5tmmjPUBnKNh3ara2XHS2\n',
} as const;

export interface OciRegistryOptions {
  /** Basic authentication by {@link registryUser}. */
  readonly authenticated?: boolean;
}

/** A real registry (distribution) on a free loopback port without TLS, its data in a temporary folder. */
class OciRegistry implements AsyncDisposable {
  /** `127.0.0.1:port` */
  readonly host: string;
  readonly #child: Child;
  readonly #folder: TemporaryFolder;

  constructor(host: string, child: Child, folder: TemporaryFolder) {
    this.host = host;
    this.#child = child;
    this.#folder = folder;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.kill();
    await this.#folder[Symbol.asyncDispose]();
  }
}

export async function startOciRegistry({ authenticated = false }: OciRegistryOptions = {}): Promise<OciRegistry> {
  const { registry: command } = await obtain(['registry']);
  await using cleanup = new AsyncDisposableStack();
  const folder = cleanup.use(await createTemporaryFolder('registry'));
  const host = `127.0.0.1:${await freePort()}`;
  const config = path.join(folder.path, 'config.json');
  const users = path.join(folder.path, 'htpasswd');
  await writeFile(users, registryUser.htpasswd);
  await writeFile(config, JSON.stringify(configOf(host, folder.path, authenticated ? users : undefined)));
  const child = await startChild({
    command,
    args: ['serve', config],
    log: path.join(folder.path, 'registry.log'),
    env: { PATH: process.env['PATH'], HOME: folder.path, OTEL_TRACES_EXPORTER: 'none' },
  });
  cleanup.use(child);
  await eventually('the registry to answer', async () => {
    if (!child.running) throw new Error(child.logTail());
    const { statusCode, body } = await request(`http://${host}/v2/`);
    await body.dump();
    return statusCode === 200 || statusCode === 401;
  });
  cleanup.move();
  return new OciRegistry(host, child, folder);
}

function configOf(addr: string, folder: string, users: string | undefined) {
  return {
    version: 0.1,
    log: { level: 'warn' },
    storage: { filesystem: { rootdirectory: path.join(folder, 'data') } },
    http: { addr },
    ...(users === undefined ? {} : { auth: { htpasswd: { realm: 'charts', path: users } } }),
  };
}
