import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { request } from 'undici';
import { obtain } from './assets/assets.ts';
import type { ControlPlane } from './control-plane/control-plane.ts';
import { eventually } from './eventually.ts';
import { repositoryRoot } from './generated-file.ts';
import { freePort } from './ports.ts';
import type { Child } from './process.ts';
import { startChild } from './process.ts';

export interface OperatorProcessOptions {
  readonly plane: ControlPlane;
  /** Namespace and name of the chart's Deployment and ServiceAccount. */
  readonly namespace: string;
  readonly name: string;
  /** Kubeconfig with the ServiceAccount's token, perhaps through a proxy. */
  readonly kubeconfig: string;
  /** Folder for its data; kept over restarts. */
  readonly dataFolder: string;
  /** Wins over what the rendered Deployment says. */
  readonly environment?: Readonly<Record<string, string>>;
  /** In the repository; `src/main.ts` when left out. */
  readonly entry?: string | undefined;
}

interface Container {
  /** Node, its flags and the operator's entry. */
  readonly command: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

/** The operator as a process of this machine, with flags and environment of the Deployment that Helm installed. */
export class OperatorProcess implements AsyncDisposable {
  readonly child: Child;
  /** Of /metrics, /healthz and /readyz. */
  readonly url: string;
  /** `host:port` of the same, for Prometheus. */
  readonly address: string;

  constructor(child: Child, address: string) {
    this.child = child;
    this.address = address;
    this.url = `http://${address}`;
  }

  async get(pathname: string): Promise<{ status: number; body: string }> {
    const answer = await request(this.url + pathname);
    return { status: answer.statusCode, body: await answer.body.text() };
  }

  /** Value of one series of /metrics: the sum of all that match name and labels; undefined when there is none. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number | undefined> {
    const { body } = await this.get('/metrics');
    const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
    const values = body
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .filter((line) => wanted.every((label) => line.includes(label)))
      .map((line) => Number(line.slice(line.lastIndexOf(' '))));
    return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.child.stop();
  }
}

/** Resolves when its HTTP server answers; holding the Lease may take longer. */
export async function startOperatorProcess(options: OperatorProcessOptions): Promise<OperatorProcess> {
  const { plane, namespace, name } = options;
  const settings = await settingsInCluster(plane, namespace, name);
  const address = `127.0.0.1:${await freePort()}`;
  await mkdir(options.dataFolder, { recursive: true });
  const child = await startChild({
    command: path.join(repositoryRoot, 'node_modules/.bin/node'),
    args: [...settings.nodeFlags, path.join(repositoryRoot, options.entry ?? 'src/main.ts'), ...settings.args],
    log: path.join(plane.folder, 'operator.log'),
    name: 'operator',
    env: {
      ...settings.environment,
      KUBECONFIG: options.kubeconfig,
      EVENKEEL_DATA_DIR: options.dataFolder,
      EVENKEEL_HTTP_ADDRESS: address,
      ...options.environment,
    },
  });
  const operator = new OperatorProcess(child, address);
  await eventually('the operator to listen', async () => {
    if (!child.running) throw new Error(`the operator ended:\n${child.logTail()}`);
    return (await operator.get('/healthz')).status === 200;
  });
  return operator;
}

/** As in the image: kustomize and Helm at the pinned versions, git, ssh and gpg as the machine has them. */
async function searchPath(): Promise<string> {
  const { helm, kustomize } = await obtain(['helm', 'kustomize']);
  return [path.dirname(helm), path.dirname(kustomize), process.env['PATH'] ?? ''].join(':');
}

interface Settings {
  readonly nodeFlags: readonly string[];
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** What the Deployment that Helm installed gives to the operator, and what Kubernetes and the image would add. */
export async function settingsInCluster(plane: ControlPlane, namespace: string, name: string): Promise<Settings> {
  const deployment = await plane.kubectl(['get', 'deployment', name, '-n', namespace, '-o', 'json']);
  const { command, args = [], env = [] } = containerOf(JSON.parse(deployment) as DeploymentJson);
  const variables = Object.fromEntries(env.map((variable) => [variable.name, variable.value ?? '']));
  const own = { PATH: await searchPath(), EVENKEEL_MEMORY_DIR: '/dev/shm/evenkeel' };
  const nodeFlags = command.slice(1, -1);
  return { nodeFlags, args, environment: { ...variables, ...own, POD_NAME: `${name}-0`, POD_NAMESPACE: namespace } };
}

interface DeploymentJson {
  readonly spec: { readonly template: { readonly spec: { readonly containers: readonly Container[] } } };
}

function containerOf(deployment: DeploymentJson): Container {
  const [container] = deployment.spec.template.spec.containers;
  if (container === undefined) throw new Error('the Deployment has no container');
  return container;
}
