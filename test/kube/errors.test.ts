import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { errorOfAnswer, errorOfEvent, errorOfFailure, neverSent, parseRetryAfter } from '../../src/kube/errors.ts';
import type { ApiErrorKind } from '../../src/model/api-error.ts';

/** [status, body, kind]; a string body is plain text. */
const answers: readonly [status: number, body: object | string, kind: ApiErrorKind][] = [
  [400, { reason: 'BadRequest' }, 'invalid'],
  [401, { reason: 'Unauthorized' }, 'unauthorized'],
  [403, { reason: 'Forbidden' }, 'forbidden'],
  [
    403,
    { reason: 'Forbidden', details: { causes: [{ reason: 'NamespaceTerminating', field: 'metadata.namespace' }] } },
    'terminating',
  ],
  [403, 'forbidden', 'forbidden'],
  [404, { reason: 'NotFound', details: { kind: 'configmaps', name: 'x' } }, 'notFound'],
  [404, { reason: 'NotFound', details: { kind: 'namespaces', name: 'x' } }, 'namespaceMissing'],
  [404, '404 page not found\n', 'notServed'],
  [405, { reason: 'MethodNotAllowed' }, 'invalid'],
  [409, { reason: 'Conflict' }, 'conflict'],
  [409, { reason: 'AlreadyExists' }, 'exists'],
  [410, { reason: 'Expired' }, 'gone'],
  [413, 'request entity too large', 'tooLarge'],
  [415, { reason: 'UnsupportedMediaType' }, 'invalid'],
  [
    422,
    { reason: 'Invalid', details: { causes: [{ reason: 'FieldValueInvalid', field: 'spec.selector' }] } },
    'invalid',
  ],
  [
    422,
    { reason: 'Invalid', details: { causes: [{ reason: 'FieldValueInvalid', field: 'metadata.uid' }] } },
    'conflict',
  ],
  [429, { reason: 'TooManyRequests' }, 'throttled'],
  [429, 'slow down', 'throttled'],
  [
    500,
    {
      message:
        'failed to create typed patch object (ns/x; apps/v1, Kind=Deployment): .spec.foo: field not declared in schema',
    },
    'invalid',
  ],
  [
    500,
    { message: 'failed to convert new object (default/s; /v1, Kind=Secret) to proper version: illegal base64 data' },
    'invalid',
  ],
  [500, { reason: 'InternalError', message: 'Internal error occurred: failed calling webhook "x"' }, 'unavailable'],
  [500, '<html>', 'unavailable'],
  [503, 'service unavailable', 'unavailable'],
  [504, { reason: 'Timeout' }, 'unavailable'],
  [418, '', 'invalid'],
];

describe('errors of the API server', () => {
  for (const [status, body, kind] of answers) {
    const text = typeof body === 'string' ? body : JSON.stringify({ kind: 'Status', ...body });
    test(`${status} ${text.trim()} → ${kind}`, () => {
      const error = errorOfAnswer({ status, text }, 0);
      assert.equal(error.kind, kind);
      assert.equal(error.status, status);
      assert.notEqual(error.message, '');
    });
  }

  test('causes and the words of the server are kept', () => {
    const causes = [{ reason: 'FieldManagerConflict', message: 'conflict with "kubectl"', field: '.spec.replicas' }];
    const text = JSON.stringify({ kind: 'Status', reason: 'Conflict', message: 'Apply failed', details: { causes } });
    const error = errorOfAnswer({ status: 409, text }, 0);
    assert.equal(error.message, 'Apply failed');
    assert.deepEqual(error.causes, causes);
  });

  test('Retry-After: seconds, a date, the Status, nothing, nonsense', () => {
    const now = Date.UTC(2026, 0, 1);
    assert.equal(parseRetryAfter('5', now), 5_000);
    assert.equal(parseRetryAfter(' 0 ', now), 0);
    assert.equal(parseRetryAfter('Thu, 01 Jan 2026 00:00:30 GMT', now), 30_000);
    assert.equal(parseRetryAfter('Thu, 01 Jan 2025 00:00:30 GMT', now), 0);
    assert.equal(parseRetryAfter('soon', now), undefined);
    assert.equal(parseRetryAfter(undefined, now), undefined);
    assert.equal(parseRetryAfter('99999999', now), 3_600_000);
    const text = JSON.stringify({ kind: 'Status', details: { retryAfterSeconds: 7 } });
    assert.equal(errorOfAnswer({ status: 500, text }, now).retryAfterMs, 7_000);
    assert.equal(errorOfAnswer({ status: 500, text, retryAfter: '3' }, now).retryAfterMs, 3_000);
  });

  test('an error event of a watch is judged by its code', () => {
    assert.equal(errorOfEvent({ kind: 'Status', code: 410, reason: 'Expired' }).kind, 'gone');
    assert.equal(errorOfEvent({ kind: 'Status', code: 500 }).kind, 'unavailable');
    assert.equal(errorOfEvent(undefined).kind, 'unavailable');
    assert.equal(errorOfEvent({}).kind, 'unavailable');
  });

  test('what was never sent is told from what may have been executed', () => {
    const coded = (code: string) => errorOfFailure(Object.assign(new Error('x'), { code }), 'no answer');
    for (const code of ['ECONNREFUSED', 'ENOTFOUND', 'UND_ERR_CONNECT_TIMEOUT']) assert.ok(neverSent(coded(code)));
    for (const code of ['ECONNRESET', 'UND_ERR_SOCKET', 'UND_ERR_HEADERS_TIMEOUT']) assert.ok(!neverSent(coded(code)));
    const both = new AggregateError([Object.assign(new Error('x'), { code: 'ECONNREFUSED' })], '');
    assert.ok(neverSent(errorOfFailure(both, 'no answer')));
    assert.equal(coded('UND_ERR_RES_EXCEEDED_MAX_SIZE').kind, 'tooLarge');
    assert.equal(coded('ECONNRESET').kind, 'unavailable');
  });
});
