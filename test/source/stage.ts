import { mkdtemp, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Application, SourceSpec } from '../../src/model/application.ts';
import { applicationKey, installationNamed } from '../../src/model/installation.ts';
import type { GroupKind, KubeObject } from '../../src/model/object.ts';
import { groupKindKey } from '../../src/model/object.ts';
import type { Clock, ClusterFacts, Scopes } from '../../src/model/ports.ts';
import type { Connection, ConnectionFailure, GitFetch, GitPoll, Rendered } from '../../src/model/telemetry.ts';
import { createSource, type Limits, type Source, type SourceOptions } from '../../src/source/source.ts';
import { obtain } from '../../tools/assets/assets.ts';
import { createTemporaryFolder } from '../../tools/temporary-folder.ts';
import { realClock } from '../fakes/clock.ts';
import { KnownSecrets } from '../fakes/repository-secrets.ts';
import { sourceSpec, type SourceChange } from '../fakes/source-spec.ts';
import { applicationSpec } from '../fakes/application-spec.ts';

export interface ApplicationChange {
  readonly name?: string;
  readonly namespace?: string;
  readonly destinationNamespace?: string;
  readonly intervalMs?: number;
  readonly source: SourceChange & Pick<SourceSpec, 'repoURL'>;
}

/** An Application that follows `main` of a repository; everything else as the API defaults it. */
export function application(change: ApplicationChange): Application {
  const { name = 'app', namespace = 'argo', destinationNamespace = 'default', intervalMs = 30_000 } = change;
  return {
    key: applicationKey(namespace, name),
    namespace,
    name,
    uid: `uid-${name}`,
    resourceVersion: '1',
    generation: 1,
    deleting: false,
    finalizers: [],
    annotations: {},
    fieldsIgnored: [],
    status: {},
    record: [],
    spec: applicationSpec({
      sources: [sourceSpec({ targetRevision: 'main', ...change.source })],
      destinationNamespace,
      intervalMs,
    }),
  };
}

const clusterKinds = [
  '/Namespace',
  'rbac.authorization.k8s.io/ClusterRole',
  'apiextensions.k8s.io/CustomResourceDefinition',
];

/** Knows the scopes that a test says, and a few that every cluster has. */
export class KnownScopes implements Scopes {
  readonly known = new Map<string, 'Namespaced' | 'Cluster'>([
    ...clusterKinds.map((kind) => [kind, 'Cluster'] as const),
    ...['/ConfigMap', '/Service', 'apps/Deployment'].map((kind) => [kind, 'Namespaced'] as const),
  ]);
  asked = 0;

  scopeOf(kind: GroupKind): 'Namespaced' | 'Cluster' | undefined {
    this.asked++;
    return this.known.get(groupKindKey(kind));
  }
}

export class RecordedTelemetry {
  readonly polls: GitPoll[] = [];
  readonly fetches: GitFetch[] = [];
  readonly renders: Rendered[] = [];
  readonly failures: ConnectionFailure[] = [];
  readonly restored: Connection[] = [];
  readonly ended: Connection[] = [];

  gitPoll(event: GitPoll): void {
    this.polls.push(event);
  }

  gitFetch(event: GitFetch): void {
    this.fetches.push(event);
  }

  rendered(event: Rendered): void {
    this.renders.push(event);
  }

  connectionFailure(event: ConnectionFailure): void {
    this.failures.push(event);
  }

  connectionRestored(connection: Connection): void {
    this.restored.push(connection);
  }

  connectionEnded(connection: Connection): void {
    this.ended.push(connection);
  }
}

export interface Stage extends AsyncDisposable {
  readonly source: Source;
  readonly folder: string;
  readonly scopes: KnownScopes;
  readonly telemetry: RecordedTelemetry;
  /** Secrets by `namespace/name`. */
  readonly secrets: KnownSecrets['all'];
  readonly knownSecrets: KnownSecrets;
  /** What templates see of the cluster. */
  facts: ClusterFacts;
}

export interface StageChange {
  readonly clock?: Clock;
  readonly limits?: Partial<Limits>;
  /** The embedded one when left out. */
  readonly engine?: SourceOptions['gitEngine'];
  /** Searched before the tools of the tests. */
  readonly path?: string;
  readonly proxies?: SourceOptions['proxies'];
  /** Of an earlier stage; otherwise one of its own that goes with it. */
  readonly folder?: string;
  readonly version?: string;
}

/** A source on a folder of its own, without a git binary unless the test says otherwise. */
export async function startSource(change: StageChange = {}): Promise<Stage> {
  await using cleanup = new AsyncDisposableStack();
  const own = cleanup.use(await createTemporaryFolder('source'));
  const memory = cleanup.use(await createMemoryFolder());
  const { folder = own.path, clock = realClock, engine = 'embedded', version = 'test' } = change;
  const knownSecrets = new KnownSecrets();
  const parts = { scopes: new KnownScopes(), telemetry: new RecordedTelemetry(), knownSecrets };
  const stage = {
    folder,
    ...parts,
    secrets: knownSecrets.all,
    facts: { kubeVersion: 'v1.36.3', apiVersions: ['v1', 'apps/v1'] },
  };
  const source = cleanup.use(
    createSource({
      directory: folder,
      memoryDirectory: memory.path,
      random: () => 0.5,
      scopes: stage.scopes,
      telemetry: stage.telemetry,
      credentials: knownSecrets,
      cluster: () => stage.facts,
      normalise: (object) => object,
      mark,
      installation: installationNamed(''),
      path: await searchPath(change.path),
      proxies: change.proxies ?? { https: '', http: '', all: '', no: '' },
      maxRenders: 2,
      allowRemoteBases: false,
      ...{ clock, gitEngine: engine, version },
      ...(change.limits === undefined ? {} : { limits: change.limits }),
    }),
  );
  const all = cleanup.move();
  return Object.assign(stage, { source, [Symbol.asyncDispose]: () => all.disposeAsync() });
}

/** Secrets may only lie in memory. */
async function createMemoryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp('/dev/shm/evenkeel-secrets-');
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Where kustomize and Helm are, before the PATH of the process. */
async function searchPath(first = ''): Promise<string> {
  const { helm, kustomize } = await obtain(['helm', 'kustomize']);
  const folders = [first, dirname(helm), dirname(kustomize), process.env['PATH'] ?? ''];
  return folders.filter((folder) => folder !== '').join(':');
}

function mark(object: KubeObject, app: Application): KubeObject {
  return { ...object, metadata: { ...object.metadata, labels: { app: app.name } } };
}

export const never = new AbortController().signal;

export function configMap(name: string, more = ''): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n${more}`;
}
