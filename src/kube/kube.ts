import { ApiClient } from './client.ts';
import type { Cluster, KindAnswer, ReflectorSpec } from './cluster.ts';
import type { Credentials } from './credentials.ts';
import { DefinitionFollower } from './definitions.ts';
import { discover } from './discovery.ts';
import { HttpCluster } from './http-cluster.ts';
import type { HttpClusterParts } from './http-cluster.ts';
import { DiscoveredKinds } from './kinds.ts';
import type { KubeTelemetry } from './kube-telemetry.ts';
import { holdLease } from './lease.ts';
import type { Lease, LeaseOptions } from './lease.ts';
import { startReflector } from './reflector.ts';
import { readServerVersion, ServerVersion } from './server-version.ts';
import type { Timeouts } from './transport.ts';
import type { Clock, ClusterFacts, Random, Scopes } from '../model/ports.ts';

export { loadCredentials } from './credentials.ts';
export type { CredentialSource, Credentials, TlsIdentity } from './credentials.ts';
export { followConfigMap } from './config-map.ts';
export type { FoundConfigMap } from './config-map.ts';
export { createEvents } from './events.ts';
export type { EventEmitter, EventsOptions } from './events.ts';
export type { KubeTelemetry } from './kube-telemetry.ts';
export type { Lease, LeaseOptions } from './lease.ts';
export { followWebhookSecrets } from './labelled-secrets.ts';
export { createRepositorySecrets } from './repository-secrets.ts';
export { createSecretReader } from './secrets.ts';
export type { SecretReader } from './secrets.ts';

export interface ConnectOptions {
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: KubeTelemetry;
  /** `evenkeel/<version>` */
  readonly userAgent: string;
  /** Sockets for requests besides the Lease's one; at least 2, 8 when left out. */
  readonly connections?: number;
  readonly timeouts?: Partial<Timeouts>;
  /** With it nothing is sent unless the Lease is held; without it everything may be sent (the CLI). */
  readonly lease?: LeaseOptions;
}

/** One server: the port, and what keeps it going. */
export interface ClusterConnection extends Cluster, AsyncDisposable {
  /** Present if and only if `ConnectOptions.lease` was. Competing for it begins with `connect`. */
  readonly lease: Lease | undefined;
  /** Of the kinds that discovery knows. */
  readonly scopes: Scopes;
  /** True from an answer, whatever it said, until a request that got none: for `/readyz`. */
  readonly reachable: boolean;
  /** What is served and by which version, one object until it changes; undefined until both were read. */
  facts(): ClusterFacts | undefined;
  /** Reads discovery and keeps it current until the connection is disposed. Resolves when the first look has ended. */
  followDefinitions(): Promise<void>;
}

const defaultTimeouts: Timeouts = { connectMs: 5_000, requestMs: 60_000 };
const defaultConnections = 8;

/**
 * Sends nothing but the Lease's requests until it is used.
 * Disposing stops every reflector, gives the Lease back after what is on its way has ended, and closes every connection.
 */
export function connect(options: ConnectOptions): ClusterConnection {
  const { clock, connections = defaultConnections, timeouts } = options;
  // The Lease sends through the client that asks it whether to send: bound here, once.
  const bound: { lease?: Lease } = {};
  const client = new ApiClient({
    ...options,
    connections,
    timeouts: { ...defaultTimeouts, ...timeouts },
    mayWrite: () => options.lease === undefined || bound.lease?.mayWrite() === true,
  });
  const kinds = new DiscoveredKinds((root, last) => discover(client, root, last));
  const closing = new AbortController();
  const parts = { ...options, client, watchList: { refused: false }, closed: closing.signal };
  const reflect = (spec: ReflectorSpec) => startReflector(parts, spec);
  const version = new ServerVersion(() => readServerVersion(client));
  const follower = new DefinitionFollower({ kinds, version, reflect, clock });
  if (options.lease !== undefined) bound.lease = holdLease(parts, options.lease);
  return new KubeConnection({ client, kinds, version, reflect, clock, follower, closing, lease: bound.lease });
}

interface ConnectionParts extends Omit<HttpClusterParts, 'closed'> {
  readonly kinds: DiscoveredKinds;
  readonly version: ServerVersion;
  readonly follower: DefinitionFollower;
  /** Stops every reflector, and ends what is remembered. */
  readonly closing: AbortController;
  readonly lease: Lease | undefined;
}

class KubeConnection extends HttpCluster implements ClusterConnection {
  readonly lease: Lease | undefined;
  readonly scopes: Scopes = { scopeOf: (kind) => scopeOf(this.kinds.find(kind)) };
  readonly #parts: ConnectionParts;
  #follows = false;
  #facts: ClusterFacts | undefined;

  constructor(parts: ConnectionParts) {
    super({ ...parts, closed: parts.closing.signal });
    this.#parts = parts;
    this.lease = parts.lease;
  }

  get reachable(): boolean {
    return this.#parts.client.reachable;
  }

  async followDefinitions(): Promise<void> {
    if (!this.#follows) this.#parts.follower.start();
    this.#follows = true;
    await Promise.all([this.kinds.refresh(), this.#parts.version.refresh()]);
  }

  facts(): ClusterFacts | undefined {
    const kubeVersion = this.#parts.version.known;
    const apiVersions = this.#parts.kinds.apiVersions();
    if (kubeVersion === undefined || apiVersions === undefined) return undefined;
    const isSame = this.#facts?.kubeVersion === kubeVersion && this.#facts.apiVersions === apiVersions;
    if (!isSame) this.#facts = { kubeVersion, apiVersions };
    return this.#facts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#parts.follower.stop();
    this.#parts.closing.abort();
    await this.lease?.[Symbol.asyncDispose]();
    await this.#parts.client[Symbol.asyncDispose]();
  }
}

function scopeOf(answer: KindAnswer): ReturnType<Scopes['scopeOf']> {
  if (answer.state !== 'served') return undefined;
  return answer.kind.namespaced ? 'Namespaced' : 'Cluster';
}
