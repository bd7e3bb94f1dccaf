import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { mark, normalise } from '../diff/diff.ts';
import type { Application, SourceSpec } from '../model/application.ts';
import type { Desired, DesiredObject } from '../model/desired.ts';
import type { Installation } from '../model/installation.ts';
import { installationNamed } from '../model/installation.ts';
import type { ClusterFacts, RepositorySecrets, Scopes } from '../model/ports.ts';
import { createSource, type SourceOptions } from '../source/source.ts';
import { builtInScopes } from './built-in-scopes.ts';
import type { Terminal } from './terminal.ts';

/** What a render takes from outside of the sources. */
export interface Surroundings {
  readonly scopes: Scopes;
  readonly credentials: RepositorySecrets;
  readonly cluster: () => ClusterFacts | undefined;
  /** Folder that stands for the repository of the Application's first source with a path. */
  readonly local?: string;
  readonly allowRemoteBases?: boolean;
  /** Of the Application; the first of a cluster when left out. */
  readonly installation?: Installation;
  /** One for each source, instead of the Application's own. */
  readonly revisions?: readonly string[];
}

interface OfflineFlags {
  readonly kubeVersion: string;
  readonly apiVersions: readonly string[];
}

/** Without a cluster: kinds that every cluster has, no Secrets. */
export function offline({ kubeVersion, apiVersions }: OfflineFlags): Surroundings {
  const facts = { kubeVersion, apiVersions };
  const none = (): Promise<undefined> => Promise.resolve(undefined);
  return {
    scopes: builtInScopes,
    credentials: { named: none, forUrl: none, onChange: () => () => undefined },
    cluster: () => facts,
  };
}

const silent: SourceOptions['telemetry'] = {
  gitPoll: () => undefined,
  gitFetch: () => undefined,
  rendered: () => undefined,
  connectionFailure: () => undefined,
  connectionRestored: () => undefined,
  connectionEnded: () => undefined,
};

/** Loads once with the operator's engine, on a temporary folder that is gone afterwards. Throws OperatorError. */
export async function loadOnce(
  app: Application,
  { revisions = [], ...surroundings }: Surroundings,
  terminal: Terminal,
): Promise<Desired> {
  const directory = await mkdtemp(join(tmpdir(), 'kubectl-evenkeel-'));
  try {
    await using source = createSource(optionsFor(app, directory, surroundings, terminal));
    return withBodies(await source.load(app, { revisions }, terminal.signal));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function optionsFor(
  app: Application,
  directory: string,
  { local, allowRemoteBases = false, installation = installationNamed(''), ...ports }: Omit<Surroundings, 'revisions'>,
  { clock, random, environment, version }: Terminal,
): SourceOptions {
  return {
    ...ports,
    directory,
    memoryDirectory: environment['EVENKEEL_MEMORY_DIR'] ?? '/dev/shm/evenkeel',
    clock,
    random,
    telemetry: silent,
    normalise,
    installation,
    mark: (object, { key }) => mark(object, { key, installation }),
    version,
    path: environment['PATH'] ?? '',
    proxies: proxiesIn(environment),
    gitEngine: 'auto',
    maxRenders: availableParallelism(),
    allowRemoteBases,
    ...(local === undefined ? {} : { local: { folder: local, standsFor: standsFor(app) } }),
  };
}

/** A folder stands for one repository: that of the first source that has a path, wherever else it is named. */
function standsFor({ spec: { sources } }: Application): (source: SourceSpec) => boolean {
  const repoURL = (sources.find(({ chart, path }) => chart === '' && path !== '') ?? sources[0]).repoURL;
  return (source) => source.chart === '' && source.repoURL === repoURL;
}

/** Objects are decoded from disk at each call; here the disk is about to go. */
function withBodies(desired: Desired): Desired {
  return { ...desired, objects: desired.objects.map(withBody), hooks: desired.hooks.map(withBody) };
}

function withBody<T extends DesiredObject>(object: T): T {
  const body = object.body();
  return { ...object, body: () => body };
}

/** As the operator's settings of the same names; lower case works, too. */
function proxiesIn(environment: Terminal['environment']): SourceOptions['proxies'] {
  const text = (name: string): string => environment[name] ?? environment[name.toLowerCase()] ?? '';
  return { https: text('HTTPS_PROXY'), http: text('HTTP_PROXY'), all: text('ALL_PROXY'), no: text('NO_PROXY') };
}
