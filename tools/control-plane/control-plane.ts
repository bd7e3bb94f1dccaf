import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { obtain, type Binary } from '../assets/assets.ts';
import type { CertificateRequest, Credential } from '../certificates.ts';
import { eventually } from '../eventually.ts';
import { freePort } from '../ports.ts';
import { isStopped } from '../process-identity.ts';
import { startChild, type Child } from '../process.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../temporary-folder.ts';
import { ApiClient } from './api-client.ts';
import { AuditLog, type AuditRequest } from './audit-log.ts';
import { fileIn, flagsOf, type Component, type Layout } from './components.ts';
import { writeIdentity, type Identity } from './identity.ts';
import { kubeconfigOf, type KubeconfigParts } from './kubeconfig.ts';
import { runKubectl, runKubectlAtOnce, type KubectlCommand } from './kubectl.ts';
import { createNodes, stageFiles } from './nodes.ts';

export type { ApiAnswer, ApiClient, ApiRequest } from './api-client.ts';
export type { AuditRequest } from './audit-log.ts';
export type { Component } from './components.ts';
export type { KubectlCommand } from './kubectl.ts';

export interface ControlPlaneOptions {
  /**
   * Garbage collection, namespaces that finish terminating, Deployments, Jobs, default ServiceAccounts, and the rules of
   * aggregated roles: without it `admin`, `edit` and `view` are empty.
   */
  readonly controllerManager?: boolean;
  readonly scheduler?: boolean;
  /** Fake nodes, played by kwok. More than none starts controller-manager and scheduler too. */
  readonly nodes?: number;
  /** Flags after our own, for example `{ 'kube-apiserver': ['--event-ttl=1m'] }`. */
  readonly extraFlags?: Partial<Record<Component, readonly string[]>>;
}

const READY_WITHIN_MS = 120_000;
const TOKEN_SECONDS = 24 * 3600;

/**
 * A real Kubernetes control plane on free loopback ports, with its data in a temporary folder.
 *
 * *Guarantees*: it ends with this process, however that ends. A component that is killed and started again keeps its
 * port and its data.
 */
export class ControlPlane implements AsyncDisposable {
  readonly url: string;
  readonly caPem: string;
  /** Path of a kubeconfig of a member of system:masters. */
  readonly kubeconfig: string;
  /** Raw requests as that admin. */
  readonly api: ApiClient;
  readonly #home: TemporaryFolder;
  readonly #layout: Layout;
  readonly #identity: Identity;
  readonly #binaries: Record<string, string>;
  readonly #children = new Map<Component, Child>();
  readonly #audit: AuditLog;

  constructor(home: TemporaryFolder, parts: { layout: Layout; identity: Identity; binaries: Record<string, string> }) {
    this.#home = home;
    this.#layout = parts.layout;
    this.#identity = parts.identity;
    this.#binaries = parts.binaries;
    this.url = serverUrl(parts.layout);
    this.caPem = parts.identity.authority.certPem;
    this.kubeconfig = parts.layout.adminKubeconfig;
    this.api = new ApiClient(this.url, this.caPem, parts.identity.admin);
    this.#audit = new AuditLog(fileIn(parts.layout, 'audit.log'));
  }

  /** Folder for files of the test, removed with the control plane; the components' logs are `<component>.log` in it. */
  get folder(): string {
    return this.#home.path;
  }

  /** Starts a component that is not running, and waits until the API server, if it is that, is ready. */
  async start(component: Component): Promise<void> {
    if (this.#children.get(component)?.running === true) throw new Error(`${component} is running already`);
    const child = await startChild({
      command: this.#binary(component),
      args: flagsOf(component, this.#layout),
      log: fileIn(this.#layout, `${component}.log`),
      name: component,
    });
    this.#children.set(component, child);
    if (component === 'kube-apiserver') await this.#untilReady(child);
  }

  /** SIGKILL; the component stays down until {@link start}. */
  async kill(component: Component): Promise<void> {
    await this.#child(component).kill();
  }

  async restart(component: Component): Promise<void> {
    await this.kill(component);
    await this.start(component);
  }

  /** SIGSTOP: connections stay open and nothing answers. Resolves when the process has stopped. */
  async freeze(component: Component): Promise<void> {
    const child = this.#child(component);
    child.signal('SIGSTOP');
    await eventually(`${component} to stop`, () => isStopped(child.pid), { every: 2 });
  }

  thaw(component: Component): void {
    this.#child(component).signal('SIGCONT');
  }

  /** Path of a new kubeconfig with a client certificate for this user. A proxy cannot pass certificates on: tokens can. */
  async userKubeconfig(name: string, groups: readonly string[] = []): Promise<string> {
    const user = this.#identity.authority.issue({ commonName: name, organizations: groups });
    return this.#writeKubeconfig({ server: this.url, caPem: this.caPem, user });
  }

  /** A token by the TokenRequest API; the ServiceAccount must exist. */
  async serviceAccountToken(namespace: string, name: string): Promise<string> {
    const answer = await this.api.must({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
      body: {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { expirationSeconds: TOKEN_SECONDS },
      },
    });
    return (answer as { status: { token: string } }).status.token;
  }

  /** Path of a new kubeconfig with a token; `server` leads it through a proxy that has a certificate of our authority. */
  async tokenKubeconfig(token: string, server: string = this.url): Promise<string> {
    return this.#writeKubeconfig({ server, caPem: this.caPem, user: { token } });
  }

  /** A certificate of the authority that all kubeconfigs trust. */
  issueServingCertificate(request: Partial<CertificateRequest> = {}): Credential {
    return this.#identity.authority.issue({ commonName: 'localhost', ...request });
  }

  /** Runs kubectl as admin; throws with its words when it fails. */
  async kubectl(args: readonly string[], stdin?: string): Promise<string> {
    const { kubeconfig } = this;
    return runKubectl({ binary: this.#binary('kubectl'), kubeconfig, home: this.folder }, args, stdin);
  }

  /** Runs kubectl as admin, once per command, while this process stands still: an operator in it sees the end only. */
  kubectlAtOnce(...commands: readonly KubectlCommand[]): string[] {
    const { kubeconfig } = this;
    return runKubectlAtOnce({ binary: this.#binary('kubectl'), kubeconfig, home: this.folder }, commands);
  }

  /**
   * The requests of a user, of all users when left out, since the start or {@link forgetRequests}, oldest first.
   *
   * *Guarantees*: each request that was answered before the call is in it exactly once, watches from the moment they
   * are accepted. Only a SIGKILL of the API server itself may lose the last ones before it.
   */
  async requests(user?: string): Promise<AuditRequest[]> {
    await this.#readAudit();
    return this.#audit.requests.filter((request) => user === undefined || request.user === user);
  }

  /** Counts from here: drops every request answered before the call. */
  async forgetRequests(): Promise<void> {
    await this.#readAudit();
    this.#audit.forget();
  }

  async stop(): Promise<void> {
    await this.api[Symbol.asyncDispose]();
    await Promise.all([...this.#children.values()].map((child) => child.kill()));
    await this.#home[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #readAudit(): Promise<void> {
    await this.#audit.read();
    if (this.#children.get('kube-apiserver')?.running !== true) return;
    const marker = `/version?marker=${randomUUID()}`;
    await this.api.must({ path: marker });
    await eventually(
      'the marker to appear in the audit log',
      async () => {
        await this.#audit.read();
        return this.#audit.take(marker);
      },
      { every: 5 },
    );
  }

  async #untilReady(child: Child): Promise<void> {
    const ready = eventually(
      'the API server to be ready',
      async () => !child.running || (await this.api.send({ path: '/readyz' })).status === 200,
      { within: READY_WITHIN_MS },
    );
    await ready.catch((cause: unknown) => {
      throw new Error(`the API server did not become ready:\n${child.logTail()}`, { cause });
    });
    if (!child.running) throw new Error(`the API server ended at its start:\n${child.logTail()}`);
  }

  async #writeKubeconfig(parts: KubeconfigParts): Promise<string> {
    const file = path.join(this.folder, `kubeconfig-${randomUUID()}.json`);
    await writeFile(file, kubeconfigOf(parts), { mode: 0o600 });
    return file;
  }

  #child(component: Component): Child {
    const child = this.#children.get(component);
    if (child === undefined) throw new Error(`${component} was not started`);
    return child;
  }

  #binary(name: Binary): string {
    const file = this.#binaries[name];
    if (file === undefined) throw new Error(`${name} was not obtained`);
    return file;
  }
}

/** Starts etcd and the API server, and on request the controllers; ready to use when it resolves. */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const components = componentsOf(options);
  const binaries = await obtain([...components, 'kubectl']);
  await using cleanup = new AsyncDisposableStack();
  const home = cleanup.use(await createTemporaryFolder('control-plane'));
  const identity = await writeIdentity(home.path);
  const layout = await layOut(home.path, options);
  const admin = kubeconfigOf({ server: serverUrl(layout), caPem: identity.authority.certPem, user: identity.admin });
  await writeFile(layout.adminKubeconfig, admin, { mode: 0o600 });
  const plane = cleanup.use(new ControlPlane(home, { layout, identity, binaries }));
  for (const component of components) await plane.start(component);
  if (options.nodes !== undefined && options.nodes > 0) await createNodes(plane.api, options.nodes);
  await plane.forgetRequests();
  cleanup.move();
  return plane;
}

function componentsOf({ nodes = 0, controllerManager = false, scheduler = false }: ControlPlaneOptions): Component[] {
  const wanted: [Component, boolean][] = [
    ['etcd', true],
    ['kube-apiserver', true],
    ['kube-controller-manager', controllerManager || nodes > 0],
    ['kube-scheduler', scheduler || nodes > 0],
    ['kwok', nodes > 0],
  ];
  return wanted.filter(([, starts]) => starts).map(([component]) => component);
}

async function layOut(folder: string, options: ControlPlaneOptions): Promise<Layout> {
  return {
    folder,
    etcdPort: await freePort(),
    apiPort: await freePort(),
    adminKubeconfig: path.join(folder, 'admin-kubeconfig.json'),
    stages: await stageFiles(),
    extraFlags: options.extraFlags ?? {},
  };
}

const serverUrl = (layout: Layout): string => `https://127.0.0.1:${layout.apiPort}`;
