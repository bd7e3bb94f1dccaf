import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dropBeforeFirstApply, foldForeign, isUntracked } from '../../src/apply/ownership.ts';
import type { PatchOperation } from '../../src/kube/cluster.ts';
import { installationNamed } from '../../src/model/installation.ts';
import type { JsonObject, JsonValue } from '../../src/model/json.ts';
import { isJsonArray } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';

const installation = installationNamed('');

function entry(
  manager: string,
  operation: 'Apply' | 'Update',
  fieldsV1: JsonObject,
  more: JsonObject = {},
): JsonObject {
  return {
    manager,
    operation,
    apiVersion: 'v1',
    time: '2026-01-01T00:00:00Z',
    fieldsType: 'FieldsV1',
    fieldsV1,
    ...more,
  };
}

function owned(managedFields: JsonValue, annotations: JsonObject = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'map', resourceVersion: '7', annotations, managedFields },
  };
}

function entriesAfter(operations: readonly PatchOperation[]): readonly JsonValue[] {
  const value = operations.find(({ path }) => path === '/metadata/managedFields')?.value;
  return value !== undefined && isJsonArray(value) ? value : [];
}

const guard = { op: 'replace', path: '/metadata/resourceVersion', value: '7' };

describe('folding what makes an object invalid', () => {
  it('never takes what subresources and controllers own', () => {
    const status = entry('somebody', 'Update', { 'f:x': {} }, { subresource: 'status' });
    const controller = entry('kube-controller-manager', 'Update', { 'f:x': {} });
    assert.deepEqual(
      foldForeign(owned([status, controller]), installation, () => true),
      [],
    );
    const edit = entry('kubectl-edit', 'Update', { 'f:x': {} });
    const after = entriesAfter(foldForeign(owned([status, controller, edit]), installation, () => true));
    assert.deepEqual(after.slice(0, 2), [status, controller]);
    assert.equal(after.length, 3);
  });
});

describe('wiped managedFields', () => {
  const all = entry('before-first-apply', 'Update', { 'f:data': {} });

  it('are told by there being no owner but the one that the server invents', () => {
    assert.equal(isUntracked(owned([])), true);
    assert.equal(isUntracked(owned(null)), true);
    assert.equal(isUntracked(owned([all, entry('kubelet', 'Update', {}, { subresource: 'status' })])), true);
    assert.equal(isUntracked(owned([all, entry('other', 'Apply', {})])), false);
  });

  it('lose that owner, and nobody else', () => {
    const ours = entry('evenkeel', 'Apply', { 'f:data': {} });
    const operations = dropBeforeFirstApply(owned([all, ours]));
    assert.deepEqual(entriesAfter(operations), [ours]);
    assert.deepEqual(operations.at(-1), guard);
    assert.deepEqual(dropBeforeFirstApply(owned([ours])), []);
  });
});
