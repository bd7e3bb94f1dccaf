import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { operatorErrorOf, throwAll } from '../../src/apply/errors.ts';
import { ApiError } from '../../src/model/api-error.ts';
import type { ApiErrorCause, ApiErrorDetails, ApiErrorKind } from '../../src/model/api-error.ts';
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

const secret = { group: '', kind: 'Secret', namespace: 'shop', name: 'db' };

function aboutSecret(message: string, details: Partial<ApiErrorDetails> = {}): string {
  const error = new ApiError(message, { kind: 'invalid', status: 422, ...details });
  return operatorErrorOf(error, { step: 'apply', ref: secret }).message;
}

function cause(field: string, message: string, reason = 'FieldValueInvalid'): { causes: ApiErrorCause[] } {
  return { causes: [{ field, message, reason }] };
}

/** What the server says that has, or may have, a value of the object in it, by what is shown of it. */
const refusals: Readonly<Record<string, (value: string) => string>> = {
  'data[token]: Invalid value: correct the manifest': (value) =>
    aboutSecret(
      `Secret "db" is invalid: data[token]: Invalid value: "${value}": too weak`,
      cause('data[token]', `Invalid value: "${value}": too weak`),
    ),
  'type: Invalid value: field is immutable: correct the manifest': (value) =>
    aboutSecret(
      `Secret "db" is invalid: type: Invalid value: "${value}": field is immutable`,
      cause('type', `Invalid value: "${value}": field is immutable`),
    ),
  'FieldValueTypeInvalid: correct the manifest': (value) =>
    aboutSecret(`Secret "db" is invalid: ${value}`, cause('', value, 'FieldValueTypeInvalid')),
  'failed to create typed patch object (shop/db; /v1, Kind=Secret): .data.a: expected string: correct the manifest': (
    value,
  ) =>
    aboutSecret(
      `failed to create typed patch object (shop/db; /v1, Kind=Secret): .data.a: expected string, got &value.valueUnstructured{Value:map[string]interface {}{"b":"${value}"}}`,
      { status: 500 },
    ),
  'illegal base64 data at input byte 4: correct the manifest': (value) =>
    aboutSecret(
      `failed to convert new object (shop/db; /v1, Kind=Secret) to smd typed: ${value}: illegal base64 data at input byte 4`,
      { status: 500 },
    ),
  'the server refuses it with HTTP 400 (values of Secrets are not shown): correct the manifest': (value) =>
    aboutSecret(`Secret in version "v1" cannot be handled as a Secret: error found in ...|"a":"${value}"|...`, {
      status: 400,
    }),
  'admission webhook "strong.example.com" denied the request (values of Secrets are not shown): correct the manifest': (
    value,
  ) => aboutSecret(`admission webhook "strong.example.com" denied the request: ${value} is weak`, { status: 400 }),
  "ValidatingAdmissionPolicy 'strong' with binding 'all' denied request (values of Secrets are not shown): grant the permission":
    (value) =>
      aboutSecret(
        `secrets "db" is forbidden: ValidatingAdmissionPolicy 'strong' with binding 'all' denied request: ${value} is weak`,
        { kind: 'forbidden', status: 403 },
      ),
};

describe('what the server says about a Secret', () => {
  for (const [shown, said] of Object.entries(refusals))
    it(`no value of it is told: ${shown}`, () => {
      assert.ok(said('hunter2').startsWith(`Secret shop/db: ${shown}`), said('hunter2'));
      fc.assert(
        fc.property(fc.string({ minLength: 1, maxLength: 40 }), (text) => !said(`<${text}>`).includes(`<${text}>`)),
      );
    });

  it('is told where no value can be in it', () => {
    const rights = 'secrets "db" is forbidden: User "a" cannot patch resource "secrets" in API group ""';
    assert.match(aboutSecret(rights, { kind: 'forbidden', status: 403 }), /User "a" cannot patch resource "secrets"/);
    const immutable = 'Forbidden: field is immutable when `immutable` is set';
    assert.match(
      aboutSecret('', cause('data', immutable, 'FieldValueForbidden')),
      /data: Forbidden: field is imm.* set/,
    );
  });

  it('and of other kinds all is told', () => {
    const error = new ApiError('data[a]: Invalid value: "hunter2"', { kind: 'invalid', status: 422 });
    const ref = { ...secret, kind: 'ConfigMap' };
    assert.match(operatorErrorOf(error, { step: 'apply', ref }).message, /"hunter2"/);
  });
});
