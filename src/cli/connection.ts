import { join } from 'node:path';
import type { ClusterConnection } from '../kube/kube.ts';
import { connect, createRepositorySecrets, createSecretReader, loadCredentials } from '../kube/kube.ts';
import type { Application } from '../model/application.ts';
import type { ClusterFacts, RepositorySecrets, Scopes } from '../model/ports.ts';
import { createTelemetry } from '../telemetry/telemetry.ts';
import { validApplication } from './application.ts';
import type { Terminal } from './terminal.ts';

export interface ConnectionFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly operatorNamespace: string;
}

/** What commands need of a cluster; nothing is written to it. */
export interface Connected extends AsyncDisposable {
  readonly scopes: Scopes;
  readonly credentials: RepositorySecrets;
  readonly cluster: () => ClusterFacts | undefined;
  /** Throws OperatorError for what the operator would refuse, and when there is none of that name. */
  application(namespace: string, name: string): Promise<Application>;
}

/** Connects with the user's own credentials and reads discovery. Rejects when the cluster does not answer. */
export async function connectTo(flags: ConnectionFlags, terminal: Terminal): Promise<Connected> {
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
  return {
    scopes: connection.scopes,
    credentials: secrets,
    cluster: () => connection.facts(),
    application: (where, name) => readApplication(connection, where, name),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

function kubeconfigOf({ kubeconfig, context }: ConnectionFlags, { environment, home }: Terminal) {
  const file = kubeconfig ?? environment['KUBECONFIG'] ?? join(home, '.kube', 'config');
  return { kind: 'kubeconfig' as const, file, ...(context === undefined ? {} : { context }) };
}

async function readApplication(connection: ClusterConnection, namespace: string, name: string): Promise<Application> {
  const group = 'evenkeel.dev';
  const target = { group, kind: 'Application', apiVersion: `${group}/v1alpha1`, namespace, name };
  const object = await connection.read(target, {});
  if (object === undefined) throw new Error(`there is no Application ${namespace}/${name}`);
  return validApplication(object);
}
