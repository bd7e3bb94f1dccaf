import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { operatorErrorOf, throwAll } from '../../src/apply/errors.ts';
import { ApiError } from '../../src/model/api-error.ts';
import type { ApiErrorKind } from '../../src/model/api-error.ts';
import { OperatorError, OperatorErrors } from '../../src/model/errors.ts';

const ref = { group: 'apps', kind: 'Deployment', namespace: 'shop', name: 'web' };
const doing = { step: 'apply' as const, ref, origin: { file: 'web.yaml', document: 2, line: 7 } };

const cases: Record<ApiErrorKind, [string, string]> = {
  conflict: ['SyncFailed', 'backoff'],
  exists: ['SyncFailed', 'backoff'],
  notFound: ['SyncFailed', 'backoff'],
  namespaceMissing: ['MissingNamespace', 'interval'],
  notServed: ['KindNotServed', 'interval'],
  terminating: ['Terminating', 'backoff'],
  forbidden: ['Forbidden', 'interval'],
  unauthorized: ['ApiServerError', 'backoff'],
  invalid: ['InvalidObject', 'interval'],
  tooLarge: ['InvalidObject', 'interval'],
  gone: ['ApiServerError', 'backoff'],
  throttled: ['ApiServerError', 'backoff'],
  unavailable: ['ApiServerError', 'backoff'],
  notLeader: ['ApiServerError', 'backoff'],
};

describe('what an answer of the API server means for an object', () => {
  for (const [kind, [reason, retry]] of Object.entries(cases)) {
    it(kind, () => {
      const cause = new ApiError('the words of the server', {
        kind: kind as ApiErrorKind,
        status: 0,
        retryAfterMs: 1500,
      });
      const error = operatorErrorOf(cause, doing);
      assert.deepEqual([error.reason, error.retry, error.step], [reason, retry, 'apply']);
      assert.deepEqual([error.object, error.cause, error.retryAfterMs], [ref, cause, 1500]);
      assert.match(
        error.message,
        /^Deployment\.apps shop\/web \(web\.yaml:document 2:line 7\): the words of the server: ./,
      );
    });
  }

  it('an expected error passes through, a bug is thrown on', () => {
    const expected = new OperatorError('known', { step: 'plan', reason: 'Conflicted', retry: 'interval' });
    assert.equal(operatorErrorOf(expected, doing), expected);
    const bug = new TypeError('undefined is not a function');
    assert.throws(() => operatorErrorOf(bug, doing), bug);
  });

  it('several errors are thrown as one, one as itself, none not at all', () => {
    const [a, b] = ['a', 'b'].map(
      (text) => new OperatorError(text, { step: 'plan', reason: 'Conflicted', retry: 'interval' }),
    );
    assert.ok(a !== undefined && b !== undefined);
    throwAll([]);
    assert.throws(() => throwAll([a]), a);
    assert.throws(
      () => throwAll([a, b]),
      (error) => error instanceof OperatorErrors && error.errors.length === 2,
    );
  });
});
