import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { foldForeign, isUntracked, narrowBeforeFirstApply } from '../../src/apply/ownership.ts';
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

  const foreign = { 'f:data': { '.': {}, 'f:foreign': {} } };
  const rows: readonly {
    title: string;
    left: JsonObject;
    ours: JsonObject;
    desired: JsonObject;
    after?: JsonObject;
  }[] = [
    {
      title: 'lose that owner where all it has is ours',
      left: { 'f:data': { '.': {}, 'f:a': {} } },
      ours: { 'f:data': { 'f:a': {} } },
      desired: { data: { a: '1' } },
    },
    {
      title: 'leave it what is neither ours nor of Git',
      left: { 'f:data': { '.': {}, 'f:a': {}, 'f:b': {}, 'f:foreign': {} } },
      ours: { 'f:data': { 'f:a': {} } },
      desired: { data: { b: '2' } },
      after: foreign,
    },
    {
      title: 'leave it nothing of an item of ours that Git has dropped',
      left: { 'f:spec': { 'k:{"name":"a"}': { '.': {}, 'f:name': {}, 'f:foreign': {} } } },
      ours: { 'f:spec': { 'k:{"name":"a"}': { '.': {}, 'f:name': {} } } },
      desired: { spec: [{ name: 'b' }] },
    },
    {
      title: 'leave it what is foreign in an item that stays, and an item that is foreign',
      left: { 'f:spec': { 'k:{"name":"a"}': { '.': {}, 'f:name': {}, 'f:foreign': {} }, 'v:"x"': {}, 'v:"y"': {} } },
      ours: { 'f:spec': { 'k:{"name":"a"}': { '.': {}, 'f:name': {} }, 'v:"x"': {} } },
      desired: { spec: [{ name: 'a' }] },
      after: { 'f:spec': { 'k:{"name":"a"}': { '.': {}, 'f:foreign': {} }, 'v:"y"': {} } },
    },
  ];
  for (const { title, left, ours, desired, after } of rows)
    it(title, () => {
      const own = entry('evenkeel', 'Apply', ours);
      const operations = narrow([entry('before-first-apply', 'Update', left), own], desired);
      const inLine = after === undefined ? [] : [entry('before-first-apply', 'Update', after)];
      assert.deepEqual(entriesAfter(operations), [...inLine, own]);
      assert.deepEqual(operations.at(-1), guard);
    });

  it('are in order again when that owner has nothing of ours, or is not there', () => {
    const ours = entry('evenkeel', 'Apply', { 'f:data': { 'f:a': {} } });
    assert.deepEqual(narrow([entry('before-first-apply', 'Update', foreign), ours], { data: { a: '1' } }), []);
    assert.deepEqual(narrow([ours], { data: { a: '1' } }), []);
  });

  it('lose that owner where it names the fields of another version', () => {
    const ours = entry('evenkeel', 'Apply', { 'f:data': { 'f:a': {} } });
    const other = entry('before-first-apply', 'Update', foreign, { apiVersion: 'v1beta1' });
    assert.deepEqual(entriesAfter(narrow([other, ours], { data: { a: '1' } })), [ours]);
  });

  function narrow(managedFields: readonly JsonObject[], content: JsonObject): PatchOperation[] {
    return narrowBeforeFirstApply(owned([...managedFields]), installation, { ...owned([]), ...content });
  }
});
