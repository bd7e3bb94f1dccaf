import { forges } from '../model/push.ts';
import { reasons } from '../model/reasons.ts';
import { missReasons } from '../model/telemetry.ts';
import type { ApiVerb, Connection, GitFetch, GitPoll, Reconciled, WebhookRequest } from '../model/telemetry.ts';
import { transitionTargets } from './application-events.ts';
import { logLevels } from './logger.ts';
import { managerLabels } from './managers.ts';
import type { Metrics } from './metrics.ts';

/** Each known series starts at 0, so that the first event is an increase and not a series without a past. */
export function initialiseSeries(metrics: Metrics): void {
  initialiseRuns(metrics);
  initialiseConnections(metrics);
  for (const manager of managerLabels) {
    metrics.driftDetected.inc({ manager }, 0);
    metrics.driftCorrected.inc({ manager }, 0);
    metrics.fights.set({ manager }, 0);
    metrics.fightsBegun.inc({ manager }, 0);
  }
  for (const level of logLevels) metrics.logLines.inc({ level }, 0);
}

const outcomes: readonly Reconciled['outcome'][] = ['gone', 'suspended', 'settled', 'failed'];

function initialiseRuns(metrics: Metrics): void {
  for (const outcome of outcomes) metrics.reconcileDuration.zero({ outcome });
  for (const reason of Object.keys(reasons)) metrics.reconcileFailures.inc({ reason }, 0);
  for (const [what, targets] of Object.entries(transitionTargets)) {
    for (const to of targets) metrics.transitions.inc({ what, to }, 0);
  }
}

const verbs: readonly ApiVerb[] = [
  'get',
  'list',
  'watch',
  'create',
  'apply',
  'patch',
  'merge',
  'replace',
  'delete',
  'discovery',
];
const polls: readonly GitPoll['outcome'][] = ['changed', 'unchanged', 'failed'];
const fetches: readonly GitFetch['outcome'][] = ['succeeded', 'failed'];

const webhookOutcomes: readonly WebhookRequest['outcome'][] = [
  'pushed',
  'ignored',
  'unauthorized',
  'malformed',
  'tooLarge',
  'tooSlow',
  'cut',
  'refused',
  'unavailable',
];

/** The reasons to expect; others begin with their first failure. */
const failureReasons: Readonly<Record<Connection['target'], readonly string[]>> = {
  watch: ['unavailable', 'throttled', 'forbidden', 'gone', 'idle', 'cut'],
  lease: ['unavailable', 'throttled', 'forbidden', 'conflict'],
  request: ['unavailable', 'throttled', 'unauthorized'],
  git: ['GitUnavailable', 'AuthenticationFailed'],
};

function initialiseConnections(metrics: Metrics): void {
  for (const verb of verbs) {
    metrics.apiRequests.inc({ verb, code: '200' }, 0);
    metrics.apiRequestDuration.zero({ verb });
  }
  for (const outcome of polls) metrics.gitPolls.inc({ outcome }, 0);
  for (const forge of [...forges, 'unknown']) {
    for (const outcome of webhookOutcomes) metrics.webhookRequests.inc({ forge, outcome }, 0);
  }
  for (const outcome of fetches) metrics.gitFetches.inc({ outcome }, 0);
  for (const outcome of ['hit', 'miss', 'failed']) metrics.renderDuration.zero({ outcome });
  metrics.renders.inc({ outcome: 'hit', reason: '' }, 0);
  for (const reason of missReasons) metrics.renders.inc({ outcome: 'miss', reason }, 0);
  for (const [target, list] of Object.entries(failureReasons)) {
    metrics.connectionsFailing.set({ target }, 0);
    for (const reason of list) metrics.connectionFailures.inc({ target, reason }, 0);
  }
}
