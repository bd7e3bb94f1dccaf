import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Application, ApplicationStatus, DriftEntry, SyncRequest } from '../../../src/model/application.ts';
import { OperatorError, OperatorErrors } from '../../../src/model/errors.ts';
import type { ChangeResult } from '../../../src/model/outcome.ts';
import { mergeConditions } from '../../../src/reconcile/status/conditions.ts';
import type { StatusInput } from '../../../src/reconcile/status/status-input.ts';
import {
  statusOfFailure,
  statusOfSettled,
  statusOfSuspended,
  statusWithDrift,
} from '../../../src/reconcile/status/status.ts';
import { applicationNamed } from '../../apply/application.ts';
import { desiredMap, keep, kept, settledAs } from '../settled.ts';

const early = '2026-01-01T00:00:00Z';
const late = '2026-01-01T01:00:00Z';

function input(app: Application, now = early, drift: readonly DriftEntry[] = []): StatusInput<Application> {
  return { app, drift, overrides: undefined, now, attempt: 1, triesLeft: 5, unexplained: 0 };
}

const app = applicationNamed('shop');
const inSync = settledAs({ results: [kept(keep(desiredMap('a'), 'inSync'))] });
const first = statusOfSettled(input(app), inSync);

function error(message: string, reason: 'InvalidObject' | 'GitUnavailable' = 'InvalidObject'): OperatorError {
  const isGit = reason === 'GitUnavailable';
  return new OperatorError(message, {
    step: isGit ? 'source' : 'preflight',
    reason,
    retry: isGit ? 'backoff' : 'interval',
  });
}

function conditionsOf({ conditions = [] }: ApplicationStatus): Record<string, string> {
  return Object.fromEntries(conditions.map(({ type, status, reason }) => [type, `${status} ${reason}`]));
}

describe('the status of a run', () => {
  it('is the very same when nothing has changed, an hour later too', () => {
    const again = { ...app, status: first };
    assert.equal(statusOfSettled(input(again, late), inSync), first);
    assert.equal(statusWithDrift(input(again, late)), first);
    const unknown = { revision: 'r1', health: undefined };
    const failed = statusOfFailure(input(again, early), error('wrong'), unknown);
    assert.equal(statusOfFailure(input({ ...app, status: failed }, late), error('wrong'), unknown), failed);
    const suspended = statusOfSuspended(input(again, early));
    assert.equal(statusOfSuspended(input({ ...app, status: suspended }, late)), suspended);
  });

  it('moves lastTransitionTime with the status of a condition, not with its message', () => {
    const before = [
      { type: 'Ready', status: 'False', reason: 'OutOfSync', message: 'a', lastTransitionTime: early } as const,
    ];
    const at = { generation: 2, now: late };
    const [same] = mergeConditions(
      before,
      [{ type: 'Ready', status: 'False', reason: 'Progressing', message: 'b' }],
      at,
    );
    assert.deepEqual([same?.reason, same?.lastTransitionTime, same?.observedGeneration], ['Progressing', early, 2]);
    const [other] = mergeConditions(before, [{ type: 'Ready', status: 'True', reason: 'Healthy', message: '' }], at);
    assert.equal(other?.lastTransitionTime, late);
    assert.deepEqual(mergeConditions(before, [], at), [], 'what ceased to hold is removed');
  });

  it('says the older revision of a commit that changes nothing', () => {
    const again = { ...app, status: first };
    assert.equal(statusOfSettled(input(again, late), { ...inSync, revision: 'r2' }), first);
    assert.equal(statusOfSettled(input(again, late), { ...inSync, revision: 'r2', digest: 'd2' }).sync?.revision, 'r2');
  });

  const rows: readonly [string, ApplicationStatus, Record<string, string>][] = [
    ['in sync', first, { Ready: 'True Healthy', Reconciling: 'False Healthy', Stalled: 'False Healthy' }],
    [
      'progressing',
      statusOfSettled(
        input(app),
        settledAs({ health: { status: 'Progressing', message: '1 of 2' }, progressing: true }),
      ),
      { Ready: 'False Progressing', Reconciling: 'True Progressing', Stalled: 'False Healthy' },
    ],
    [
      'degraded',
      statusOfSettled(input(app), settledAs({ health: { status: 'Degraded', message: 'crashes' } })),
      { Ready: 'False HealthDegraded', Reconciling: 'False Healthy', Stalled: 'False Healthy' },
    ],
    [
      'unknown',
      statusOfSettled(
        input(app),
        settledAs({ sync: 'Unknown', results: [kept(keep(desiredMap('a'), 'unknown', 'no list'))] }),
      ),
      { Ready: 'Unknown KindUnknown', Reconciling: 'False Healthy', Stalled: 'False Healthy' },
    ],
    [
      'refused',
      statusOfFailure(input(app), error('wrong'), { revision: 'r1', health: undefined }),
      { Ready: 'False InvalidObject', Reconciling: 'False InvalidObject', Stalled: 'True InvalidObject' },
    ],
    [
      'without Git',
      statusOfFailure(input(app), error('down', 'GitUnavailable'), { revision: '', health: undefined }),
      { Ready: 'False GitUnavailable', Reconciling: 'True GitUnavailable', Stalled: 'False GitUnavailable' },
    ],
  ];
  for (const [name, status, expected] of rows) {
    it(`has the conditions of an Application that is ${name}`, () => assert.deepEqual(conditionsOf(status), expected));
  }

  it('keeps the revision and says Unknown while Git cannot be read, and names every error of a preflight', () => {
    const again = { ...app, status: first };
    const down = statusOfFailure(input(again), error('down', 'GitUnavailable'), { revision: 'r9', health: undefined });
    assert.deepEqual(down.sync, { status: 'Unknown', revision: 'r1' });
    const errors = new OperatorErrors([error('one'), error('two'), error('three')]);
    const refused = statusOfFailure(input(again), errors, { revision: 'r9', health: undefined });
    assert.deepEqual(refused.sync, { status: 'OutOfSync', revision: 'r9' });
    assert.match(refused.conditions?.[0]?.message ?? '', /one; two; three/);
  });

  it('does not count a request as served while it is suspended', () => {
    const initiatedBy = { username: '', automated: false };
    const request: SyncRequest = {
      revisions: [],
      prune: false,
      dryRun: false,
      initiatedBy,
      from: 'annotation',
      token: 'now',
    };
    const ended = { operation: {}, phase: 'Succeeded', message: '', startedAt: early, finishedAt: early } as const;
    const asked = { ...app, request, status: { ...first, operationState: ended } };
    assert.equal(statusOfSuspended(input(asked)).lastSyncRequest, undefined);
    assert.equal(statusOfSettled(input(asked), inSync).lastSyncRequest, 'now');
  });
});

const text = (maxLength: number): fc.Arbitrary<string> => fc.nat(maxLength).map((length) => 'x'.repeat(length));

describe('the size of a status', () => {
  const failed = fc.array(text(3_000), { maxLength: 200 }).map((messages) =>
    messages.map((message, index): ChangeResult => {
      const desired = desiredMap(`${'n'.repeat(240)}-${index}`);
      return { kind: 'failed', change: { kind: 'create', ref: desired.ref, desired }, error: error(message) };
    }),
  );
  const drifts = fc.array(fc.array(text(4_000), { maxLength: 20 }), { maxLength: 30 }).map((rows) =>
    rows.map((fields, index): DriftEntry => {
      const ref = { group: '', kind: 'ConfigMap', namespace: 'shop', name: String(index) };
      return { ...ref, fields, manager: 'm', operation: 'Update', since: early };
    }),
  );

  it('stays below what is left of 100 KB beside a record, whatever goes wrong', () => {
    const entry = {
      ...first,
      id: 0,
      revision: 'r'.repeat(40),
      digest: 'd'.repeat(64),
      deployStartedAt: early,
      deployedAt: early,
    };
    const source = { repoURL: 'u'.repeat(2_000), path: 'p'.repeat(1_000) };
    const history = Array.from({ length: 100 }, () => ({ ...entry, initiatedBy: { automated: true }, source }));
    fc.assert(
      fc.property(failed, drifts, (results, drift) => {
        const settled = settledAs({ results, sync: 'OutOfSync', failure: error('x'.repeat(9_000)), wrote: true });
        const status = statusOfSettled(input({ ...app, status: { ...first, history } }, early, drift), settled);
        const bytes = JSON.stringify(status).length;
        assert.ok(bytes <= 50_000, String(bytes));
        const listed = (status.resources?.length ?? 0) + (status.resourcesOmitted ?? 0);
        assert.equal(listed, results.length, 'what is left out is counted');
      }),
      { numRuns: 40 },
    );
  });
});
