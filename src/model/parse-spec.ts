import type { SpecResource } from './application-schema.ts';
import type {
  ApplicationSpec,
  Dependency,
  ManagedNamespace,
  PruneGuard,
  RetryPolicy,
  SourceSet,
  SourceSpec,
  Suspension,
} from './application.ts';
import { parseDuration } from './duration.ts';
import type { FightAction, FightPolicy } from './fight.ts';
import { parseThreshold } from './fight.ts';
import { Findings } from './findings.ts';
import type { OwnershipPolicy } from './ownership.ts';
import { readConflicts, readIgnoreRules } from './parse-differences.ts';
import { readSource } from './parse-source.ts';
import { readSyncOptions } from './sync-options.ts';

/** What holds where the spec says nothing. */
const specDefaults = {
  project: 'default',
  interval: '30s',
  revisionHistoryLimit: 10,
  retry: { duration: '5s', factor: 2, maxDuration: '3m' },
  preflight: 'All',
  rollback: { within: '5m' },
  timeouts: { hook: '1h', progress: '10m' },
  drift: { minInterval: '2s', audit: '1h' },
  fight: { threshold: '5/m', action: 'BackOff' },
} as const;

export const defaultGuard: PruneGuard = {
  maxObjects: 50,
  maxPercent: 25,
  protectedKinds: ['Namespace', 'CustomResourceDefinition', 'PersistentVolumeClaim', 'PersistentVolume', 'Application'],
  onTrip: 'RequireApproval',
};

const defaultOwnership: OwnershipPolicy = { adopt: 'IfUnowned', migrateFrom: ['kubectl'], migrateManagers: [] };

/** Status keeps no more entries than this, so that it stays small. */
const mostHistory = 100;

/** A spec whose fields have the right types; what is wrong with their values goes to `findings`. */
export function readSpec(spec: SpecResource, findings: Findings): ApplicationSpec {
  const automated = readAutomated(spec);
  return {
    project: readProject(spec, findings),
    ...readSources(spec, findings),
    destinationNamespace: readDestination(spec.destination ?? {}, findings),
    intervalMs: readInterval(spec, findings),
    ...(spec.suspend === undefined ? {} : { suspend: readSuspend(spec.suspend, findings) }),
    ...(automated === undefined ? {} : { automated }),
    syncOptions: readSyncOptions(spec.syncPolicy?.syncOptions ?? [], 'spec.syncPolicy.syncOptions', findings),
    managedNamespace: readManagedNamespace(spec.syncPolicy, findings),
    ignoreDifferences: readIgnoreRules(spec, findings),
    conflicts: readConflicts(spec, findings),
    retry: readRetry(spec.syncPolicy?.retry, 'spec.syncPolicy.retry', findings),
    ...readPreflight(spec),
    ...readRollback(spec, findings),
    timeouts: readTimeouts(spec, findings),
    revisionHistoryLimit: readHistoryLimit(spec, findings),
    dependsOn: readDependencies(spec, findings),
    ...readHealthChecks(spec),
    guard: { ...defaultGuard, ...spec.prune?.guard },
    ownership: { ...defaultOwnership, ...spec.ownership },
    drift: readDrift(spec, automated?.selfHeal ?? false, findings),
  };
}

/**
 * What a deletion goes by when the spec cannot be read: it needs neither source nor times, only which kinds are
 * protected and which options hold. Defaults stand for everything else, and for what is wrong itself.
 */
export function specForDeletion({ guard, syncOptions }: Readable): ApplicationSpec {
  const findings = new Findings();
  const spec = readSpec({ syncPolicy: { syncOptions: [...syncOptions] } }, findings);
  return { ...spec, guard: { ...defaultGuard, ...guard } };
}

interface Readable {
  readonly guard: Partial<PruneGuard>;
  readonly syncOptions: readonly string[];
}

function readProject({ project = '' }: SpecResource, findings: Findings): string {
  const name = project === '' ? specDefaults.project : project;
  if (name !== specDefaults.project) findings.ignore('spec.project', 'limits of projects are not enforced');
  return name;
}

function readSources(spec: SpecResource, findings: Findings): SourceSet {
  const read = readSourceSet(spec, 'spec', findings);
  if (read !== undefined) return read;
  findings.invalid('spec.source', 'is required');
  // What is read of an absent one is good for nothing, as `findings` says.
  const place = { path: 'spec.source', isListed: false };
  return { sources: [readSource({ repoURL: '', path: '.' }, place, new Findings())], hasSourceList: false };
}

/** `sources` wins when it is not empty; undefined without either. `at` is where the two stand. */
export function readSourceSet(
  { source, sources: listed = [] }: Pick<SpecResource, 'source' | 'sources'>,
  at: string,
  findings: Findings,
): SourceSet | undefined {
  const [first, ...others] = listed.map((one, index) =>
    readSource(one, { path: `${at}.sources[${index}]`, isListed: true }, findings),
  );
  if (first !== undefined) {
    const sources = [first, ...others] as const;
    inspectRefs(sources, `${at}.sources`, findings);
    return { sources, hasSourceList: true };
  }
  if (source === undefined) return undefined;
  return { sources: [readSource(source, { path: `${at}.source`, isListed: false }, findings)], hasSourceList: false };
}

function inspectRefs(sources: readonly SourceSpec[], path: string, findings: Findings): void {
  const seen = new Set<string>();
  for (const [index, { ref }] of sources.entries()) {
    if (ref !== '' && seen.has(ref))
      findings.invalid(`${path}[${index}].ref`, `expected a name of its own, got ${ref} again`);
    seen.add(ref);
  }
}

const thisCluster = { server: 'https://kubernetes.default.svc', name: 'in-cluster' };

type Destination = NonNullable<SpecResource['destination']>;

function readDestination(destination: Destination, findings: Findings): string {
  const { namespace = '' } = destination;
  inspectCluster(destination, findings);
  if (namespace !== '' && !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace)) {
    findings.invalid('spec.destination.namespace', `expected the name of a namespace, got ${namespace}`);
  }
  return namespace;
}

function inspectCluster({ server = '', name = '' }: Destination, findings: Findings): void {
  const path = 'spec.destination';
  if (server !== '' && name !== '') findings.invalid(path, 'expected one of server and name, not both');
  if (server !== '' && server.replace(/\/$/, '') !== thisCluster.server) {
    findings.notYet(`${path}.server`, `only this cluster is, ${thisCluster.server}`);
  }
  if (name !== '' && name !== thisCluster.name) {
    findings.notYet(`${path}.name`, `only this cluster is, ${thisCluster.name}`);
  }
}

function readSuspend({ reason = '', by = '', until }: SuspendResource, findings: Findings): Suspension {
  if (until === undefined) return { reason, by };
  const untilMs = Date.parse(until);
  if (Number.isNaN(untilMs)) findings.invalid('spec.suspend.until', `expected a time in RFC 3339, got ${until}`);
  return { reason, by, untilMs };
}

type SuspendResource = NonNullable<SpecResource['suspend']>;

function readAutomated({ syncPolicy = {} }: SpecResource): ApplicationSpec['automated'] {
  const { automated } = syncPolicy;
  if (automated === undefined || automated.enabled === false) return undefined;
  const { prune = false, selfHeal = false, allowEmpty = false } = automated;
  return { prune, selfHeal, allowEmpty };
}

/** As they are: expressions are compiled by who evaluates them. */
function readHealthChecks({ healthChecks = [] }: SpecResource): Pick<ApplicationSpec, 'healthChecks'> {
  return { healthChecks };
}

function readManagedNamespace(
  { managedNamespaceMetadata, syncOptions = [] }: NonNullable<SpecResource['syncPolicy']> = {},
  findings: Findings,
): ManagedNamespace {
  const { labels = {}, annotations = {} } = managedNamespaceMetadata ?? {};
  const isEmpty = Object.keys(labels).length + Object.keys(annotations).length === 0;
  if (!isEmpty && !syncOptions.includes('CreateNamespace=true'))
    findings.ignore('spec.syncPolicy.managedNamespaceMetadata', 'syncOptions has no CreateNamespace=true');
  return { labels, annotations };
}

function readDependencies({ dependsOn = [] }: SpecResource, findings: Findings): readonly Dependency[] {
  return dependsOn.map(({ name, namespace = '', kind = 'Application', apiVersion, ready }, index) => {
    if (apiVersion === undefined && kind !== 'Application')
      findings.invalid(`spec.dependsOn[${index}].apiVersion`, `is required with kind ${kind}`);
    const own = { apiVersion: apiVersion ?? 'evenkeel.dev/v1alpha1', kind, namespace, name };
    return ready === undefined ? own : { ...own, ready };
  });
}

type RetryResource = NonNullable<SpecResource['syncPolicy']>['retry'];

export function readRetry(retry: RetryResource, path: string, findings: Findings): RetryPolicy {
  const { duration, factor, maxDuration } = { ...specDefaults.retry, ...retry?.backoff };
  if (retry?.refresh === false) findings.ignore(`${path}.refresh`, 'a newer commit always ends a retry');
  return {
    ...(retry === undefined ? {} : { limit: retry.limit ?? 0 }),
    durationMs: readDuration(duration, `${path}.backoff.duration`, findings),
    factor,
    maxDurationMs: readDuration(maxDuration, `${path}.backoff.maxDuration`, findings),
  };
}

function readRollback({ rollback }: SpecResource, findings: Findings): Pick<ApplicationSpec, 'rollback'> {
  const { onDegraded } = rollback ?? {};
  if (onDegraded === undefined) return {};
  const within = onDegraded.within ?? specDefaults.rollback.within;
  return { rollback: { withinMs: readDuration(within, 'spec.rollback.onDegraded.within', findings) } };
}

function readHistoryLimit({ revisionHistoryLimit }: SpecResource, findings: Findings): number {
  const limit = revisionHistoryLimit ?? specDefaults.revisionHistoryLimit;
  if (limit > mostHistory) findings.ignore('spec.revisionHistoryLimit', `at most ${mostHistory} are kept`);
  return Math.min(limit, mostHistory);
}

function readDrift({ drift = {} }: SpecResource, selfHeal: boolean, findings: Findings): ApplicationSpec['drift'] {
  const { correction, minInterval, audit, fight } = { ...specDefaults.drift, ...drift };
  return {
    correction: correction ?? (selfHeal ? 'Immediate' : 'OnSync'),
    explicit: correction !== undefined,
    minIntervalMs: readDuration(minInterval, 'spec.drift.minInterval', findings),
    auditMs: readDuration(audit, 'spec.drift.audit', findings),
    fight: readFight({ ...specDefaults.fight, ...fight }, findings),
  };
}

function readFight(
  { threshold, action }: { readonly threshold: string; readonly action: FightAction },
  findings: Findings,
): FightPolicy {
  const parsed = parseThreshold(threshold);
  if (parsed === undefined)
    findings.invalid('spec.drift.fight.threshold', `expected a number per s, m or h such as 5/m, got ${threshold}`);
  return { limit: 1, windowMs: 60_000, ...parsed, action };
}

function readPreflight({ preflight = specDefaults.preflight }: SpecResource): Pick<ApplicationSpec, 'preflight'> {
  return { preflight };
}

function readTimeouts({ timeouts = {} }: SpecResource, findings: Findings): ApplicationSpec['timeouts'] {
  const { hook, progress } = { ...specDefaults.timeouts, ...timeouts };
  return {
    hookMs: readDuration(hook, 'spec.timeouts.hook', findings),
    progressMs: readDuration(progress, 'spec.timeouts.progress', findings),
  };
}

function readInterval({ interval = specDefaults.interval }: SpecResource, findings: Findings): number {
  const path = 'spec.interval';
  const ms = readDuration(interval, path, findings);
  if (ms < 1000 && !findings.spoils(path)) findings.invalid(path, `expected at least 1s, got ${interval}`);
  return ms;
}

const yearMs = 365 * 24 * 3_600_000;

function readDuration(text: string, path: string, findings: Findings): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms > yearMs) {
    findings.invalid(path, `expected a duration such as 30s, 5m or 1h30m of at most a year, got ${text}`);
  }
  return Math.min(ms ?? 0, yearMs);
}
