import type { Application, SourceSpec } from '../model/application.ts';
import { isFullCommitId } from '../model/revision.ts';
import type { ChartRepository, Charts } from './charts/charts.ts';
import { remoteOf, type Remote } from './git/remote.ts';
import { revisionKey } from './git/revision.ts';
import type { Remotes } from './remotes.ts';

/** What a target means now. */
export interface Meant {
  /** Commit, or version of the chart. */
  readonly revision: string;
  /** Id of the annotated tag by which the commit was found. */
  readonly tag?: string | undefined;
}

/** Something that has a newest revision, shared by all Applications that follow it. */
export interface Target {
  readonly id: string;
  /** Of a Git repository: its local copies live as long as somebody follows it. */
  readonly remote?: Remote;
  readonly repoURL: string;
  readonly targetRevision: string;
  /** The only revision that it can ever mean: nobody has to look. */
  readonly fixed?: string;
  /** Throws OperatorError. */
  look(known: string | undefined): Promise<Meant>;
}

export interface TargetPorts {
  readonly remotes: Remotes;
  readonly charts: Charts;
}

/** What a source follows. Throws OperatorError InvalidSpec. */
export function targetOf(app: Application, source: SourceSpec, ports: TargetPorts): Target {
  return source.chart === '' ? gitTarget(app, source, ports.remotes) : chartTarget(app, source, ports.charts);
}

export function remoteOfSource({ namespace }: Application, { repoURL, secretRef }: SourceSpec): Remote {
  return remoteOf(repoURL, secretRef === undefined ? undefined : { namespace, name: secretRef });
}

export function chartRepositoryOf({ namespace }: Application, source: SourceSpec): ChartRepository {
  const { repoURL, secretRef, helm } = source;
  const secret = secretRef === undefined ? undefined : { namespace, name: secretRef };
  return { url: repoURL, secret, ...(helm?.passCredentials === true ? { passCredentials: true } : {}) };
}

function gitTarget(app: Application, source: SourceSpec, remotes: Remotes): Target {
  const remote = remoteOfSource(app, source);
  const { repoURL, targetRevision, tagPrefix } = source;
  return {
    id: `${remote.id} ${revisionKey({ text: targetRevision, tagPrefix })}`,
    remote,
    repoURL,
    targetRevision,
    ...(isFullCommitId(targetRevision) ? { fixed: targetRevision } : {}),
    look: async (known) => {
      const { commit, tag } = await remotes.poll(remote, { text: targetRevision, tagPrefix }, known);
      return { revision: commit, tag };
    },
  };
}

/** Anything shorter is a constraint. */
const exactVersion = /^v?[0-9]+\.[0-9]+\.[0-9]+([-+].*)?$/;

function chartTarget(app: Application, source: SourceSpec, charts: Charts): Target {
  const repository = chartRepositoryOf(app, source);
  const { repoURL, targetRevision, chart } = source;
  const owner = repository.secret === undefined ? '' : `${repository.secret.namespace}/${repository.secret.name}`;
  return {
    id: `chart ${repoURL} ${owner} ${chart} ${targetRevision}`,
    repoURL,
    targetRevision,
    ...(exactVersion.test(targetRevision) ? { fixed: targetRevision } : {}),
    look: async () => ({ revision: await charts.resolve(repository, chart, targetRevision, true) }),
  };
}
