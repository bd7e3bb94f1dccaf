import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ApplicationStatus } from '../../../src/model/application.ts';
import { OperatorError } from '../../../src/model/errors.ts';
import type { Override } from '../../../src/model/outcome.ts';
import { Overrides } from '../../../src/reconcile/status/overrides.ts';
import type { StatusInput } from '../../../src/reconcile/status/status-input.ts';
import { statusOfFailure, statusOfSettled, statusWithDrift } from '../../../src/reconcile/status/status.ts';
import { applicationNamed } from '../../apply/application.ts';
import { desiredMap, keep, kept, settledAs } from '../settled.ts';
import { configMapRef } from '../stage.ts';

const key = 'apps/shop';
const ref = configMapRef('a');

function replaced(got: string, path = 'data.k', of = ref): Override {
  return { ref: of, path, sent: '1', got };
}

describe('what admission replaces at our writes', () => {
  it('is nothing that is known before the first write, and nothing when a write goes through as it is', () => {
    const overrides = new Overrides();
    assert.equal(overrides.of(key), undefined);
    overrides.wrote(key, ref, []);
    assert.deepEqual(overrides.of(key), []);
  });

  it('is another one when other fields are replaced, not when a field is given another value each time', () => {
    const overrides = new Overrides();
    overrides.wrote(key, ref, [replaced('x')]);
    overrides.wrote(key, ref, [replaced('xx')]);
    assert.deepEqual(overrides.of(key), [replaced('x')], 'status is not written for it');
    overrides.wrote(key, ref, [replaced('x'), replaced('y', 'data.other')]);
    overrides.wrote(key, ref, []);
    assert.deepEqual(overrides.of(key), []);
  });

  it('is told in the order of the objects, and of no more than fifty', () => {
    const overrides = new Overrides();
    for (let n = 99; n >= 0; n -= 1) {
      const other = configMapRef(`m${n}`);
      overrides.wrote(key, other, [replaced('x', 'data.k', other)]);
    }
    const names = overrides.of(key)?.map((row) => row.ref.name) ?? [];
    assert.equal(names.length, 50);
    assert.deepEqual(names, names.toSorted());
  });

  it('goes with the object, and with the Application', () => {
    const overrides = new Overrides();
    overrides.wrote(key, ref, [replaced('x')]);
    overrides.gone(key, ref);
    assert.deepEqual(overrides.of(key), []);
    overrides.forget(key);
    assert.equal(overrides.of(key), undefined);
  });
});

describe('the condition AdmissionOverride', () => {
  const inSync = settledAs({ results: [kept(keep(desiredMap('a'), 'inSync'))] });
  const said = 'ConfigMap shop/a data.k: sent 1, got x';

  function input(
    status: ApplicationStatus,
    overrides?: readonly Override[],
  ): StatusInput<ReturnType<typeof applicationNamed>> {
    const app = { ...applicationNamed('shop'), status };
    return { app, drift: [], overrides, now: '2026-01-01T00:00:00Z', attempt: 1, triesLeft: 5, unexplained: 0 };
  }

  function messageIn({ conditions = [] }: ApplicationStatus): string | undefined {
    return conditions.find(({ type }) => type === 'AdmissionOverride')?.message;
  }

  it('stands while it holds: through runs that write nothing, failures, drift, and a restart', () => {
    const told = statusOfSettled(input({}, [replaced('x')]), inSync);
    assert.equal(messageIn(told), said);
    assert.equal(statusOfSettled(input(told, [replaced('x')]), inSync), told);
    assert.equal(statusOfSettled(input(told), inSync), told, 'after a restart');
    assert.equal(statusWithDrift(input(told, [replaced('x')])), told);
    const error = new OperatorError('out', { step: 'source', reason: 'GitUnavailable', retry: 'backoff' });
    const failed = statusOfFailure(input(told, [replaced('x')]), error, { revision: 'r1', health: undefined });
    assert.equal(messageIn(failed), said);
  });

  it('is told between two runs, and taken back', () => {
    const settled = statusOfSettled(input({}, []), inSync);
    const told = statusWithDrift(input(settled, [replaced('x')]));
    assert.equal(messageIn(told), said);
    assert.equal(messageIn(statusWithDrift(input(told, []))), undefined);
  });
});
