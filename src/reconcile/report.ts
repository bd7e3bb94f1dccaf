import { isDeepStrictEqual } from 'node:util';
import type { Application, ApplicationStatus, DriftEntry, KnownApplication } from '../model/application.ts';
import { resourcesFinalizer } from '../model/application.ts';
import type { Step } from '../model/errors.ts';
import { OperatorError } from '../model/errors.ts';
import type { Health } from '../model/health.ts';
import type { ApplicationKey } from '../model/installation.ts';
import { refKey } from '../model/object.ts';
import type { Applied, Outcome, Settled } from '../model/outcome.ts';
import { refreshAnnotations } from './requests/asks.ts';
import type { Groups } from './claims.ts';
import { groupsOf } from './claims.ts';
import { healthsOnRecord, worstOfObjects } from './health/health-now.ts';
import { judge } from './health/judge.ts';
import { tellDriftOf } from './drift/plan-drift.ts';
import { withFights } from './drift/fight-words.ts';
import type { Ports } from './ports.ts';
import { rollBackWhenDegraded } from './requests/rollback.ts';
import { retryLimit } from './schedule.ts';
import { recordAfter } from './settle.ts';
import type { StatusInput } from './status/status-input.ts';
import { sameStatus, statusOfFailure, statusOfSettled, statusOfSuspended, statusWithDrift } from './status/status.ts';
import { tellReleased, tellTransitions } from './status/transitions.ts';

/** Argo CD's finalizers for delete hooks: ours to remove, else an Application that came from there never goes. */
const hookFinalizer = /^(pre|post)-delete-finalizer\.argocd\.argoproj\.io(\/cleanup)?$/;

/** Turns an outcome into status, events, metrics and a log line. `attempt` counts failures in a row, this one included. */
export async function report(outcome: Outcome, attempt: number, ports: Ports): Promise<void> {
  switch (outcome.kind) {
    case 'gone':
      forget(outcome.key, ports);
      return;
    case 'abandoned':
      forget(outcome.app.key, ports);
      return ports.applications.remove(outcome.app, { finalizers: isOurFinalizer });
    case 'suspended':
      ports.claims.notRendered(outcome.app.key);
      return write(
        { key: outcome.app.key, attempt, make: (input) => statusOfSuspended(withSpec(input, outcome.app)) },
        ports,
      );
    case 'settled':
      return reportSettled(outcome.app, outcome.settled, attempt, ports);
    case 'failed':
      return reportFailure(outcome, attempt, ports);
  }
}

async function reportSettled(app: Application, settled: Settled, attempt: number, ports: Ports): Promise<void> {
  if (app.deleting) tellReleased(app, settled.applied, ports);
  if (app.deleting && recordAfter(app.record, app.record, settled.applied).length === 0) {
    await ports.applications.remove(app, { finalizers: isOurFinalizer });
    return;
  }
  tellDriftOf(app, settled, ports);
  noteOverrides(app.key, settled.applied, ports);
  // What is written stays written when the status is not: a later one has the entries, then.
  for (const result of settled.applied.results)
    if (result.kind === 'applied') ports.status.corrected(app.key, result.entry);
  for (const { entry } of settled.applied.hooks?.results ?? [])
    if (entry !== undefined) ports.status.corrected(app.key, entry);
  await write(
    { key: app.key, attempt, ran: { app, settled }, make: (input) => statusOfSettled(withSpec(input, app), settled) },
    ports,
  );
  await cleanUp(app, ports);
  ports.dependencies.compared(app.key, settled.revision);
  await rollBackWhenDegraded(app.key, settled, ports);
}

function noteOverrides(key: ApplicationKey, { results, overrides }: Applied, ports: Ports): void {
  const byRef = Map.groupBy(overrides, ({ ref }) => refKey(ref));
  for (const { kind, change } of results) {
    if (kind === 'applied') ports.overrides.wrote(key, change.ref, byRef.get(refKey(change.ref)) ?? []);
    if (kind === 'removed') ports.overrides.gone(key, change.ref);
  }
}

async function reportFailure({ key, error, app: served }: Failed, attempt: number, ports: Ports): Promise<void> {
  const app = ports.applications.known(key)?.app;
  if (app === undefined) return;
  if (rendering.has(error.step)) ports.claims.notRendered(key, waitedFor(error, served));
  const known = { revision: ports.source.newestRevision(key) ?? '', health: await healthOf(app, served, ports) };
  await write({ key, attempt, make: (input) => statusOfFailure(input, error, known) }, ports);
  await cleanUp(served ?? app, ports);
}

/** As the watches tell it; undefined when nothing is on record. */
async function healthOf(
  app: KnownApplication,
  served: Application | undefined,
  ports: Ports,
): Promise<Health | undefined> {
  const { record = [] } = app;
  if (record.length === 0) return undefined;
  const progressMs = served?.spec.timeouts.progressMs ?? 0;
  const judged = { app, progressMs, objects: healthsOnRecord(record, ports.live) };
  return worstOfObjects(await judge(judged, ports, new AbortController().signal));
}

type Failed = Extract<Outcome, { kind: 'failed' }>;

/** An error in one of these leaves it unknown what Git wants. */
const rendering: ReadonlySet<Step> = new Set(['spec', 'source', 'render']);

/** The groups in which nothing is deleted until Git can be read again; none for an error that may last. */
function waitedFor({ retry }: OperatorError, app: Application | undefined): Groups | undefined {
  return retry === 'backoff' && app !== undefined ? groupsOf(app) : undefined;
}

/**
 * Removes what users asked for once it is served: it must not run again after a restart. What they wrote meanwhile is
 * another request, and is served next.
 */
async function cleanUp(served: KnownApplication & Partial<Application>, ports: Ports): Promise<void> {
  const parsed = ports.applications.known(served.key);
  if (parsed === undefined) return;
  const { annotations: present, status } = parsed.app;
  const request = parsed.kind === 'valid' ? parsed.app.request : undefined;
  const isServed = status.operationState?.phase !== 'Running' && isDeepStrictEqual(request, served.request);
  const operation = request?.from === 'operation' && isServed;
  const annotations = refreshAnnotations.filter(
    (name) => present[name] !== undefined && present[name] === served.annotations[name],
  );
  if (operation || annotations.length > 0) await ports.applications.remove(parsed.app, { operation, annotations });
}

interface Write {
  readonly key: ApplicationKey;
  readonly attempt: number;
  readonly make: (input: StatusInput) => ApplicationStatus;
  readonly ran?: { readonly app: Application; readonly settled: Settled };
}

/** Writes the status, when it is another one, and tells what changed. */
async function write({ key, attempt, make, ran }: Write, ports: Ports): Promise<void> {
  await ports.status.update(key, 'status', (current) => {
    const status = make(inputFor(current, attempt, ports));
    tellTransitions({ app: current, before: ports.told.get(key) ?? current.status, status }, ports);
    ports.told.set(key, status);
    const before = current.record ?? [];
    const record = ran === undefined ? before : recordAfter(before, ran.app.record, ran.settled.applied);
    const unchanged =
      sameStatus(status, current.status) && isDeepStrictEqual(record, before) && ran?.settled.wrote !== true;
    if (unchanged) return undefined;
    return ran === undefined || current.record === undefined ? { status } : { status, record };
  });
  ports.told.delete(key);
}

/** The spec that the run was about, with what is in the cluster by now of everything else. */
function withSpec(input: StatusInput, app: Application): StatusInput<Application> {
  const { status, record = app.record } = input.app;
  return { ...input, app: { ...app, status, record }, triesLeft: retryLimit(app) - input.attempt + 1 };
}

function inputFor(
  app: KnownApplication & Partial<Application>,
  attempt: number,
  ports: Ports,
): StatusInput<typeof app> {
  return {
    app,
    drift: withFights(ports.drift.entries(app.key, app.status.drift), ports.fights.of(app.key)),
    overrides: ports.overrides.of(app.key),
    now: ports.status.now(),
    attempt,
    triesLeft: app.spec === undefined ? 0 : retryLimit({ spec: app.spec }) - attempt + 1,
    unexplained: ports.live.unexplained(app.key).length,
  };
}

function forget(key: ApplicationKey, ports: Ports): void {
  ports.source.unfollow(key);
  ports.source.artefacts.keep(key, []);
  ports.live.undeclare(key);
  ports.wantedKinds.delete(key);
  ports.newestDigests.delete(key);
  ports.claims.forget(key);
  ports.asks.forget(key);
  ports.approvals.forget(key);
  ports.status.forget(key);
  ports.progress.forget(key);
  ports.rootCauses.forget(key);
  ports.judgeAgain.delete(key);
  ports.hookVerdicts.follow(key, []);
  ports.told.delete(key);
  ports.fights.forget(key);
  ports.overrides.forget(key);
  ports.drift.forget(key);
  ports.telemetry.applicationGone(key);
}

function isOurFinalizer(finalizer: string): boolean {
  return resourcesFinalizer.test(finalizer) || hookFinalizer.test(finalizer);
}

/**
 * Writes what the drift log has, beside the status as it is, and resolves with what status has then. Never throws: the
 * next status write has it, too.
 */
export async function writeDrift(key: ApplicationKey, ports: Ports): Promise<readonly DriftEntry[] | undefined> {
  try {
    await ports.status.update(key, 'status', (current) => {
      const status = statusWithDrift(inputFor(current, 0, ports));
      const record = current.record === undefined ? {} : { record: current.record };
      return { status, ...record };
    });
  } catch (error) {
    if (!(error instanceof OperatorError)) ports.telemetry.bug(error, { application: key });
  }
  return ports.applications.known(key)?.app.status.drift;
}
