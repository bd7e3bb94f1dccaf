import type { Application, ApplicationStatus } from '../model/application.ts';
import { resourcesFinalizer } from '../model/application.ts';
import type { OperatorError } from '../model/errors.ts';
import type { ApplicationKey } from '../model/installation.ts';
import type { Outcome, Settled } from '../model/outcome.ts';
import { refreshAnnotations } from './asks.ts';
import { worstHealth } from './health-now.ts';
import { groupOf } from './load.ts';
import type { Ports } from './ports.ts';
import { retryLimit } from './schedule.ts';
import { recordAfter } from './settle.ts';
import type { StatusInput } from './status.ts';
import { sameStatus, statusOfFailure, statusOfSettled, statusOfSuspended } from './status.ts';
import { tellTransitions } from './transitions.ts';

/** Argo CD's finalizers for delete hooks: ours to remove, else an Application that came from there never goes. */
const hookFinalizer = /^(pre|post)-delete-finalizer\.argocd\.argoproj\.io(\/cleanup)?$/;

/** Turns an outcome into status, events, metrics and a log line. `attempt` counts failures in a row, this one included. */
export async function report(outcome: Outcome, attempt: number, ports: Ports): Promise<void> {
  switch (outcome.kind) {
    case 'gone':
      return forget(outcome.key, ports);
    case 'abandoned':
      forget(outcome.app.key, ports);
      return ports.applications.remove(outcome.app, { finalizers: isOurFinalizer });
    case 'suspended':
      ports.claims.rendered({ key: outcome.app.key, group: groupOf(outcome.app), revision: undefined, refs: [] });
      return write({ key: outcome.app.key, attempt, make: statusOfSuspended }, ports);
    case 'settled':
      return reportSettled(outcome.app, outcome.settled, attempt, ports);
    case 'failed':
      return reportFailure(outcome.key, outcome.error, attempt, ports);
  }
}

async function reportSettled(app: Application, settled: Settled, attempt: number, ports: Ports): Promise<void> {
  if (app.deleting && recordAfter(app.record, settled.applied.results).length === 0) {
    await ports.applications.remove(app, { finalizers: isOurFinalizer });
    return;
  }
  await write({ key: app.key, attempt, settled, make: (input) => statusOfSettled(input, settled) }, ports);
  ports.live.declare(app.key, { record: ports.applications.recordOf(app.key) });
  await cleanUp(app, ports);
}

async function reportFailure(key: ApplicationKey, error: OperatorError, attempt: number, ports: Ports): Promise<void> {
  const app = ports.applications.known(key)?.app;
  if (app === undefined) return;
  if (error.step === 'spec' || error.step === 'source' || error.step === 'render') {
    ports.claims.rendered({ key, group: groupOf(app), revision: undefined, refs: [] });
  }
  const known = { revision: ports.source.newestRevision(key) ?? '', health: worstHealth(app.record, ports.live) };
  await write({ key, attempt, make: (input) => statusOfFailure(input, error, known) }, ports);
  await cleanUp(app, ports);
}

/** Removes what users asked for once it is served: it must not run again after a restart. */
async function cleanUp(app: Application, ports: Ports): Promise<void> {
  const phase = ports.applications.known(app.key)?.app.status.operationState?.phase;
  const operation = app.request?.from === 'operation' && phase !== 'Running';
  const annotations = refreshAnnotations.filter((name) => app.annotations[name] !== undefined);
  if (operation || annotations.length > 0) await ports.applications.remove(app, { operation, annotations });
}

interface Write {
  readonly key: ApplicationKey;
  readonly attempt: number;
  readonly make: (input: StatusInput) => ApplicationStatus;
  readonly settled?: Settled;
}

/** Writes the status, when it is another one, and tells what changed. */
async function write({ key, attempt, make, settled }: Write, ports: Ports): Promise<void> {
  await ports.status.update(key, 'status', (current) => {
    const status = make(inputFor(current, attempt, ports));
    const record = settled === undefined ? current.record : recordAfter(current.record, settled.applied.results);
    const unchanged = sameStatus(status, current.status) && record.length === current.record.length && settled?.wrote !== true;
    tellTransitions(current, status, ports);
    return unchanged ? undefined : { status, record };
  });
}

export function inputFor(app: Application, attempt: number, ports: Ports): StatusInput {
  return {
    app,
    drift: ports.drift.entries(app.key, app.status.drift),
    now: ports.status.now(),
    attempt,
    triesLeft: retryLimit(app) - attempt + 1,
    unexplained: ports.live.unexplained(app.key).length,
  };
}

function forget(key: ApplicationKey, ports: Ports): void {
  ports.source.unfollow(key);
  ports.live.undeclare(key);
  ports.claims.forget(key);
  ports.asks.forget(key);
  ports.drift.forget(key);
  ports.telemetry.applicationGone(key);
}

function isOurFinalizer(finalizer: string): boolean {
  return resourcesFinalizer.test(finalizer) || hookFinalizer.test(finalizer);
}
