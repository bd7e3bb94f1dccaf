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

describe('a list item of which somebody changed the key', () => {
  const port = (number: number, name: string): JsonObject => ({ port: number, name, protocol: 'TCP' });
  const keyOf = (number: number): string => `k:{"port":${number},"protocol":"TCP"}`;
  const item = { '.': {}, 'f:name': {}, 'f:port': {} };
  const entry = (manager: string, operation: string, fieldsV1: JsonObject): JsonObject => ({
    ...{ manager, operation, apiVersion: 'v1', time: '2026-03-01T10:00:00Z' },
    ...{ fieldsType: 'FieldsV1', fieldsV1 },
  });
  const service = (ports: readonly JsonObject[], managedFields: readonly JsonObject[] = []): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop', resourceVersion: '7', managedFields },
    spec: { ports },
  });
  const duplicate = (index: number, name: string): ApiError => {
    const cause = {
      reason: 'FieldValueDuplicate',
      message: `Duplicate value: "${name}"`,
      field: `spec.ports[${index}].name`,
    };
    return new ApiError('refused', { kind: 'invalid', status: 422, causes: [cause] });
  };
  const guard = { op: 'replace', path: '/metadata/resourceVersion', value: '7' };

  it('is removed before ours is put back, where others stay beside it', () => {
    const live = service([port(90, 'metrics'), port(81, 'http')]);
    const desired = service([port(90, 'metrics'), port(80, 'http')]);
    assert.deepEqual(remedyFor(duplicate(2, 'http'), { desired, live, installation }), {
      kind: 'listKey',
      patch: [{ op: 'remove', path: '/spec/ports/1' }, guard],
    });
  });

  it('becomes ours alone of all that its owner has, where the list would be empty without it', () => {
    const ours = entry('evenkeel', 'Apply', { 'f:spec': { 'f:selector': {} } });
    const theirs = { 'f:metadata': { 'f:labels': { 'f:tier': {} } }, 'f:spec': { 'f:ports': { [keyOf(81)]: item } } };
    const live = service([port(81, 'http')], [ours, entry('kubectl-edit', 'Update', theirs)]);
    const desired = service([port(80, 'http')]);
    const taken = [
      entry('kubectl-edit', 'Update', { 'f:metadata': { 'f:labels': { 'f:tier': {} } } }),
      entry('evenkeel', 'Apply', { 'f:spec': { 'f:selector': {}, 'f:ports': { [keyOf(81)]: item } } }),
    ];
    assert.deepEqual(remedyFor(duplicate(1, 'http'), { desired, live, installation }), {
      kind: 'listKey',
      patch: [{ op: 'replace', path: '/metadata/managedFields', value: taken }, guard],
    });
  });

  it('is removed all the same when it is nobody’s', () => {
    const live = service([port(81, 'http')]);
    const remedy = remedyFor(duplicate(1, 'http'), { desired: service([port(80, 'http')]), live, installation });
    assert.deepEqual(remedy, { kind: 'listKey', patch: [{ op: 'remove', path: '/spec/ports/0' }, guard] });
  });
});
