import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { remedyFor } from '../../src/apply/refusals.ts';
import { ApiError } from '../../src/model/api-error.ts';
import { installationNamed } from '../../src/model/installation.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';

const installation = installationNamed('');

function widget(spec: JsonObject): KubeObject {
  const metadata = { name: 'one', namespace: 'shop', resourceVersion: '7' };
  return { apiVersion: 'example.com/v1', kind: 'Widget', metadata, spec };
}

function nullAt(field: string): ApiError {
  const message = `Invalid value: "null": ${field} in body must be of type object: "null"`;
  const causes = [{ reason: 'FieldValueTypeInvalid', message, field }];
  return new ApiError('refused', { kind: 'invalid', status: 422, causes });
}

describe('what an apply leaves empty, and the server makes a null of', () => {
  const live = widget({ map: { a: '1', 'b/c': '2' }, list: ['x', 'y'], other: 1 });

  it('is emptied first, under a test of resourceVersion', () => {
    const patch = (field: string): unknown =>
      remedyFor(nullAt(field), { desired: widget({ other: 1 }), live, installation });
    const guard = { op: 'replace', path: '/metadata/resourceVersion', value: '7' };
    assert.deepEqual(patch('spec.map'), {
      kind: 'emptied',
      patch: [{ op: 'remove', path: '/spec/map/b~1c' }, { op: 'remove', path: '/spec/map/a' }, guard],
    });
    assert.deepEqual(patch('spec.list'), {
      kind: 'emptied',
      patch: [{ op: 'remove', path: '/spec/list/1' }, { op: 'remove', path: '/spec/list/0' }, guard],
    });
  });

  it('is left alone where Git says something, and where there is nothing to empty', () => {
    const desired = widget({ map: { a: '1' } });
    assert.equal(remedyFor(nullAt('spec.map'), { desired, live, installation }), undefined);
    assert.equal(remedyFor(nullAt('spec.none'), { desired, live, installation }), undefined);
  });
});
