import { join, resolve } from 'node:path';
import type { Cluster } from '../kube/cluster.ts';
import { connect, createRepositorySecrets, createSecretReader, loadCredentials } from '../kube/kube.ts';
import type { Application, KnownApplication } from '../model/application.ts';
import type { GroupKind, KubeObject, Target } from '../model/object.ts';
import type { ClusterFacts, RepositorySecrets, Scopes } from '../model/ports.ts';
import { createTelemetry } from '../telemetry/telemetry.ts';
import { knownApplication, rootOf, validApplication } from './application.ts';
import type { ClusterFlags } from './command.ts';
import type { Surroundings } from './source.ts';
import type { Terminal } from './terminal.ts';

/** What commands need of a cluster. */
export interface Connected extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly scopes: Scopes;
  readonly credentials: RepositorySecrets;
  readonly facts: () => ClusterFacts | undefined;
  /** What the kubeconfig calls the user. */
  readonly user: string;
  /** As the API server has it. Rejects when there is none of that name. */
  readonly read: (namespace: string, name: string) => Promise<KubeObject>;
  /** Throws OperatorError for what the operator would refuse, and when there is none of that name. */
  application(namespace: string, name: string): Promise<Application>;
  /** Also one with a spec that the operator refuses. Rejects when there is none of that name. */
  known(namespace: string, name: string): Promise<KnownApplication>;
}

/** Connects with the user's own credentials and reads discovery. Rejects when the cluster does not answer. */
export async function connectTo(flags: ClusterFlags, terminal: Terminal): Promise<Connected> {
  const { clock, random, version } = terminal;
  await using stack = new AsyncDisposableStack();
  const credentials = await loadCredentials(kubeconfigOf(flags, terminal), clock);
  const telemetry = createTelemetry({
    level: 'error',
    destination: { write: (line: string) => terminal.complain(line) },
    clock,
    build: { version, commit: 'unknown' },
    nodeMetrics: false,
  });
  const connection = stack.use(
    connect({ credentials, clock, random, telemetry, userAgent: `kubectl-evenkeel/${version}` }),
  );
  await connection.followDefinitions();
  const reader = stack.use(createSecretReader(connection, clock));
  const namespace = flags.operatorNamespace;
  const secrets = stack.use(createRepositorySecrets({ cluster: connection, reader, namespace }));
  const parts = stack.move();
  const read = (where: string, name: string): Promise<KubeObject> => readApplication(connection, where, name);
  return {
    cluster: connection,
    scopes: connection.scopes,
    credentials: secrets,
    facts: () => connection.facts(),
    user: credentials.user ?? '',
    read,
    application: async (where, name) => validApplication(await read(where, name)),
    known: async (where, name) => knownApplication(await read(where, name)),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** What a render of an Application of the cluster takes from there, and from the folder that stands for its repository. */
export function surroundingsOf(
  { scopes, credentials, facts }: Connected,
  { local, allowRemoteBases }: { readonly local?: string; readonly allowRemoteBases: boolean },
  { folder }: Terminal,
): Surroundings {
  const root = local === undefined ? {} : { local: rootOf(resolve(folder, local)).root };
  return { scopes, credentials, cluster: facts, allowRemoteBases, ...root };
}

function kubeconfigOf({ kubeconfig, context }: ClusterFlags, { environment, home }: Terminal) {
  const file = kubeconfig ?? environment['KUBECONFIG'] ?? join(home, '.kube', 'config');
  return { kind: 'kubeconfig' as const, file, ...(context === undefined ? {} : { context }) };
}

const group = 'evenkeel.dev';
export const applicationKind: GroupKind = { group, kind: 'Application' };
export const inventoryKind: GroupKind = { group, kind: 'Inventory' };

function applicationTarget(namespace: string, name: string): Target {
  return { ...applicationKind, apiVersion: `${group}/v1alpha1`, namespace, name };
}

async function readApplication(cluster: Cluster, namespace: string, name: string): Promise<KubeObject> {
  const object = await cluster.read(applicationTarget(namespace, name), {});
  if (object === undefined) throw new Error(`there is no Application ${namespace}/${name}`);
  return object;
}
