import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dropBeforeFirstApply, foldForeign, isUntracked, migrateClientSideApply } from '../../src/apply/ownership.ts';
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

describe('taking over what client-side apply owns', () => {
  const theirs = entry('kubectl-client-side-apply', 'Update', { 'f:data': { '.': {}, 'f:a': {}, 'f:b': {} } });

  it('its main entry becomes ours, under a test of resourceVersion, and its annotation goes', () => {
    const last = 'kubectl.kubernetes.io/last-applied-configuration';
    const operations = migrateClientSideApply(owned([theirs], { [last]: '{}' }), installation);
    assert.deepEqual(entriesAfter(operations), [{ ...theirs, manager: 'evenkeel', operation: 'Apply' }]);
    assert.deepEqual(operations[0], {
      op: 'remove',
      path: '/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration',
    });
    assert.deepEqual(operations.at(-1), guard);
  });

  it('is joined with the entry that we have', () => {
    const ours = entry('evenkeel', 'Apply', { 'f:data': { 'f:c': {} } });
    const [merged] = entriesAfter(migrateClientSideApply(owned([theirs, ours]), installation));
    assert.deepEqual(merged, { ...ours, fieldsV1: { 'f:data': { '.': {}, 'f:a': {}, 'f:b': {}, 'f:c': {} } } });
  });

  it('is left alone where it names fields of another API version', () => {
    const ours = entry('evenkeel', 'Apply', {}, { apiVersion: 'v2' });
    assert.deepEqual(migrateClientSideApply(owned([theirs, ours]), installation), []);
  });

  it('asks nothing of an object that it never touched', () => {
    assert.deepEqual(migrateClientSideApply(owned([entry('kubectl-create', 'Update', {})]), installation), []);
  });
});

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
