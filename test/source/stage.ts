import type { Application, SourceSpec } from '../../src/model/application.ts';
import { applicationKey } from '../../src/model/installation.ts';
import type { GroupKind, KubeObject } from '../../src/model/object.ts';
import { groupKindKey } from '../../src/model/object.ts';
import type { Clock, Scopes } from '../../src/model/ports.ts';
import type { Connection, ConnectionFailure, GitFetch, GitPoll } from '../../src/model/telemetry.ts';
import { memoryFiles } from '../../src/source/secret-files.ts';
import { createSource, type GitSettings, type Limits, type Source } from '../../src/source/source.ts';
import { startTools } from '../../src/source/tools/helper.ts';
import { createTemporaryFolder } from '../../tools/temporary-folder.ts';
import { realClock } from '../fakes/clock.ts';
import { KnownSecrets } from '../fakes/repository-secrets.ts';
import { sourceSpec, type SourceChange } from '../fakes/source-spec.ts';

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
    spec: {
      project: 'default',
      sources: [sourceSpec({ targetRevision: 'main', ...change.source })],
      hasSourceList: false,
      destinationNamespace,
      intervalMs,
      retry: { durationMs: 5_000, factor: 2, maxDurationMs: 180_000 },
      revisionHistoryLimit: 10,
      guard: { maxObjects: 50, maxPercent: 25, protectedKinds: [], onTrip: 'RequireApproval' },
      drift: { correction: 'OnSync', explicit: false, minIntervalMs: 2_000, auditMs: 0 },
    },
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
  readonly failures: ConnectionFailure[] = [];
  readonly restored: Connection[] = [];
  readonly ended: Connection[] = [];

  gitPoll(event: GitPoll): void {
    this.polls.push(event);
  }

  gitFetch(event: GitFetch): void {
    this.fetches.push(event);
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
}

export interface StageChange {
  readonly clock?: Clock;
  readonly limits?: Partial<Limits>;
  /** The embedded one when left out. */
  readonly engine?: 'native' | 'embedded';
  /** What the native engine starts programs with; its own when left out. */
  readonly native?: GitSettings['native'];
  readonly proxies?: GitSettings['proxies'];
  /** PATH of what the native engine starts. */
  readonly path?: string;
  /** One that is kept afterwards; else the stage has its own. */
  readonly folder?: string;
}

/** A source on a folder of its own. */
export async function startSource(change: StageChange = {}): Promise<Stage> {
  await using cleanup = new AsyncDisposableStack();
  const folder = change.folder ?? cleanup.use(await createTemporaryFolder('source')).path;
  const scopes = new KnownScopes();
  const telemetry = new RecordedTelemetry();
  const secrets = new KnownSecrets();
  const source = createSource({
    directory: folder,
    clock: change.clock ?? realClock,
    random: () => 0.5,
    telemetry,
    scopes,
    credentials: secrets,
    normalise: (object) => object,
    mark,
    ...(change.limits === undefined ? {} : { limits: change.limits }),
    git: change.engine === 'native' ? await nativeGit(change, cleanup) : { engine: 'embedded', ...proxiesOf(change) },
  });
  cleanup.use(source);
  const all = cleanup.move();
  return {
    source,
    folder,
    scopes,
    telemetry,
    secrets: secrets.all,
    knownSecrets: secrets,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

async function nativeGit(change: StageChange, cleanup: AsyncDisposableStack): Promise<GitSettings> {
  const native = change.native ?? cleanup.use(await startNativeMeans(change.path));
  return { engine: 'native', native, ...proxiesOf(change) };
}

/** The git of this machine, by the real helper process; its secrets lie in memory where the machine has some. */
export async function startNativeMeans(
  path = process.env['PATH'] ?? '',
): Promise<Required<GitSettings>['native'] & AsyncDisposable & { readonly secretFolder: string }> {
  await using cleanup = new AsyncDisposableStack();
  const folder = cleanup.use(await createTemporaryFolder('git-tools')).path;
  const options = { clock: realClock, maxRenders: 1, path, scratch: `${folder}/scratch`, proxies: {} };
  const tools = cleanup.use(startTools(options));
  const secretFolder = `${folder}/secrets`;
  const secretFiles = memoryFiles(secretFolder, { mayLieOnDisk: true });
  const all = cleanup.move();
  return { tools, secretFiles, secretFolder, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

function proxiesOf({ proxies }: StageChange): Pick<GitSettings, 'proxies'> {
  return proxies === undefined ? {} : { proxies };
}

function mark(object: KubeObject, app: Application): KubeObject {
  return { ...object, metadata: { ...object.metadata, labels: { app: app.name } } };
}

export const never = new AbortController().signal;

export function configMap(name: string, more = ''): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n${more}`;
}
