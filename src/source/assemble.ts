import { join } from 'node:path';
import type { Application } from '../model/application.ts';
import { OperatorError } from '../model/errors.ts';
import type { Installation } from '../model/installation.ts';
import type { KubeObject } from '../model/object.ts';
import type { Clock, ClusterFacts, Random, RepositorySecrets, Scopes } from '../model/ports.ts';
import { sha256Hex } from '../model/hash.ts';
import { ArtefactStore } from './artefacts.ts';
import { BoundedFolder } from './bounded-folder.ts';
import { createCharts } from './charts/chart-store.ts';
import type { Leniency } from './fit-to-schemas.ts';
import { Following } from './following.ts';
import { chooseEngine, type EngineChoice } from './git/choose.ts';
import type { GitEngine } from './git/engine.ts';
import type { ProxySettings } from './git/proxy.ts';
import { defaultLimits, type Limits } from './limits.ts';
import { Remotes, type SourceTelemetry } from './remotes.ts';
import { RenderCache } from './render/cache.ts';
import { planDirectory } from './render/directory.ts';
import { createHelmPlanner } from './render/helm/helm.ts';
import { createKustomizePlanner } from './render/kustomize/kustomize.ts';
import type { PrepareOptions } from './prepare.ts';
import { Rendering } from './rendering.ts';
import { memoryFiles } from './secret-files.ts';
import { Sources, type LocalTree } from './sources.ts';
import { startTools } from './tools/helper.ts';
import type { Tools } from './tools/tools.ts';
import { Verification } from './verification.ts';
import { diskWorkspaces } from './workspace.ts';

export interface SourceOptions {
  /** Local copies and artefacts; may be lost at any time. */
  readonly directory: string;
  /** In memory: where programs read secrets from. */
  readonly memoryDirectory: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: SourceTelemetry;
  readonly scopes: Scopes;
  /** Whose annotations speak to the operator. */
  readonly installation: Pick<Installation, 'prefix'>;
  readonly credentials: RepositorySecrets;
  /** What templates may ask of the cluster, as it is now; undefined: not known yet. */
  readonly cluster: () => ClusterFacts | undefined;
  /** Pure; called once the namespace is settled, before anything is hashed. */
  readonly normalise: PrepareOptions['normalise'];
  /** Pure; adds labels and the tracking id. */
  readonly mark: (object: KubeObject, app: Application) => KubeObject;
  /** For objects that are not to be validated, or have nulls; absent where there is no cluster to ask. */
  readonly leniency?: Leniency;
  /** Of the operator: what another version has rendered is not trusted. */
  readonly version: string;
  /** PATH of the programs that are started. */
  readonly path: string;
  readonly proxies: ProxySettings;
  readonly gitEngine: EngineChoice;
  /** Runs of kustomize and Helm at the same time. */
  readonly maxRenders: number;
  readonly allowRemoteBases: boolean;
  readonly limits?: Partial<Limits>;
  /** A folder on disk that stands for a repository. */
  readonly local?: LocalTree;
}

/** The parts of `source/`, connected. Disposing ends what they started. */
export interface SourceParts extends AsyncDisposable {
  readonly artefacts: ArtefactStore;
  readonly following: Following;
  readonly rendering: Rendering;
  readonly sources: Sources;
  /** Equal texts, equal facts. */
  readonly clusterFacts: () => string;
}

/** Small: one line of JSON for a render. */
const renderIndexBytes = 64 * 1024 * 1024;

/** Builds every part of `source/`; nothing is started before it is used. */
export function assemble(options: SourceOptions): SourceParts {
  const { directory, clock, random, credentials, telemetry } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const stack = new AsyncDisposableStack();
  const tools = stack.use(startTools({ ...options, scratch: join(directory, 'scratch') }));
  const workspaces = diskWorkspaces(join(directory, 'renders-under-way'), limits);
  const charts = stack.use(
    createCharts({ ...options, directory: join(directory, 'charts'), limits, secrets: credentials }),
  );
  const remotes: Remotes = stack.use(
    new Remotes({
      ...options,
      engine: chooser({ ...options, limits, tools }),
      folder: join(directory, 'git'),
      renewed: (remote) => following.lookAtRemote(remote),
      isFollowed: (remote) => following.isFollowed(remote),
      wanted: (remote, commit) => following.isNewest(remote, commit),
    }),
  );
  const following = new Following({ clock, random, remotes });
  const verification = new Verification({ secrets: credentials, tools, workspaces });
  const artefacts = new ArtefactStore(join(directory, 'artefacts'), limits.artefactBytes, clock);
  const renders = { folder: join(directory, 'renders'), extension: '.json', maxBytes: renderIndexBytes, clock };
  const clusterFacts = textOf(options.cluster);
  const rendering = new Rendering({
    ...options,
    limits,
    telemetry,
    artefacts,
    clusterFacts,
    cache: new RenderCache(new BoundedFolder(renders), options.scopes),
    renderers: { Directory: planDirectory, Helm: createHelmPlanner(), Kustomize: createKustomizePlanner() },
    tools: { ...options, tools, workspaces, charts, limits, cluster: () => knownFacts(options.cluster()) },
  });
  const { local } = options;
  const sources = new Sources({
    remotes,
    charts,
    following,
    verification,
    limits,
    ...(local === undefined ? {} : { local }),
  });
  const parts = { artefacts, following, rendering, sources, clusterFacts };
  return { ...parts, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Throws OperatorError, tried again soon: the API server is about to be asked. */
function knownFacts(facts: ClusterFacts | undefined): ClusterFacts {
  if (facts !== undefined) return facts;
  throw new OperatorError('the API server has not said yet which version it is and what it serves', {
    step: 'source',
    reason: 'ApiServerError',
    retry: 'backoff',
  });
}

/** Facts of a cluster are large and seldom change: they are hashed once. */
function textOf(facts: () => ClusterFacts | undefined): () => string {
  let last: { readonly facts: ClusterFacts; readonly text: string } | undefined;
  return () => {
    const now = facts();
    if (now === undefined) return '';
    if (last?.facts !== now) last = { facts: now, text: sha256Hex(JSON.stringify(now)) };
    return last.text;
  };
}

interface ChooserOptions extends Pick<
  SourceOptions,
  'clock' | 'directory' | 'gitEngine' | 'memoryDirectory' | 'proxies'
> {
  readonly limits: Limits;
  readonly tools: Tools;
}

/** The engine is asked for anew until there is one. */
function chooser(options: ChooserOptions): () => Promise<GitEngine> {
  const { gitEngine, directory, memoryDirectory, tools } = options;
  const means = { tools, secretFiles: memoryFiles(memoryDirectory) };
  let chosen: Promise<GitEngine> | undefined;
  return () => {
    chosen ??= chooseEngine(gitEngine, means, { ...options, scratch: join(directory, 'git', 'scratch') });
    chosen.catch(() => (chosen = undefined));
    return chosen;
  };
}
