import assert from 'node:assert/strict';
import type { JsonObject } from '../../../src/model/json.ts';
import { managedEntriesOf } from '../../../src/model/managed-fields.ts';
import { objectAt } from '../../../src/model/json.ts';
import { autoscaler, configMap, deployment } from '../../apply/objects.ts';
import { policies } from './drift-admission.ts';
import { web, widget } from './drift-objects.ts';
import { type DriftRow, looked, unforced } from './drift-row.ts';
import { applyAs, type ForeignAct, inTurn, kubectl, merge, patch } from './foreign-act.ts';

const env = [{ name: 'A', value: '1' }];
const ports = [{ name: 'http', containerPort: 80 }];
const template = '/spec/template/spec';

const added = {
  row: 'something is added beside what we own',
  object: web({ container: { env, ports } }, { labels: { tier: '1' } }),
  requests: looked('deployments'),
};

const addedRows: readonly DriftRow[] = [
  {
    ...added,
    act: 'a sidecar',
    foreign: patch('somebody', { op: 'add', path: `${template}/containers/-`, value: { name: 'side', image: 's:1' } }),
  },
  { ...added, act: 'an env item', foreign: kubectl('set', 'env', 'deployment/web', 'X=1') },
  {
    ...added,
    act: 'a port',
    foreign: patch('somebody', { op: 'add', path: `${template}/containers/0/ports/-`, value: { containerPort: 81 } }),
  },
  {
    ...added,
    act: 'a finalizer',
    foreign: patch('somebody', { op: 'add', path: '/metadata/finalizers', value: ['example.com/hold'] }),
    requests: [],
  },
  { ...added, act: 'a label', foreign: kubectl('label', 'deployment', 'web', 'team=x'), requests: [] },
  { ...added, act: 'an annotation', foreign: kubectl('annotate', 'deployment', 'web', 'note=1') },
  { ...added, act: 'a field that we do not own', foreign: merge('x', { spec: { minReadySeconds: 5 } }) },
  {
    ...added,
    act: 'a key of a ConfigMap',
    object: (ns) => configMap(ns, 'map', { a: '1' }),
    foreign: merge('somebody', { data: { b: '2' } }),
    requests: looked('configmaps'),
  },
  {
    ...added,
    act: 'an item of a set',
    object: widget({ set: ['a'] }),
    foreign: patch('somebody', { op: 'add', path: '/spec/set/-', value: 'b' }),
    requests: looked('widgets'),
  },
];

const map: DriftRow['object'] = (ns) => configMap(ns, 'map', { a: '1', b: '2' });
const underPolicy = ({ name: policy }: { name: string }): DriftRow['object'] => {
  return (ns) => configMap(ns, 'map', { a: '1', policy });
};
const admission = 'admission changes a field of ours';
const touch = kubectl('label', 'configmap', 'map', 'touched=yes');

const admissionRows: readonly DriftRow[] = [
  {
    row: admission,
    act: 'at every write: accepted',
    object: underPolicy(policies.always),
    foreign: touch,
    atOnce: true,
    requests: unforced('configmaps'),
  },
  {
    row: admission,
    act: 'at the write of somebody, and at ours that follows',
    object: underPolicy(policies.whenTouched),
    foreign: touch,
    atOnce: true,
    requests: unforced('configmaps'),
  },
  {
    row: admission,
    act: 'and stamps every write: our own echo is not answered',
    object: underPolicy(policies.counting),
    foreign: touch,
    atOnce: true,
    requests: unforced('configmaps'),
    moves: true,
  },
];

const sharedRows: readonly DriftRow[] = [
  {
    row: 'a value is changed and changed back',
    act: 'two patches',
    object: map,
    foreign: inTurn(merge('somebody', { data: { a: 'x' } }), merge('somebody', { data: { a: '1' } })),
    atOnce: true,
    requests: unforced('configmaps'),
    moves: true,
  },
  {
    row: 'another manager applies the same value',
    act: 'server-side apply',
    object: map,
    foreign: applyAs('other', {}),
    requests: looked('configmaps'),
  },
  {
    row: 'another manager applies another value without force',
    act: 'server-side apply',
    object: map,
    foreign: applyAs('other', { data: { a: 'x' } }),
    isRefused: true,
    requests: [],
  },
];

/** By merge patch of the status. */
function report(status: JsonObject): ForeignAct {
  return ({ object }) => {
    const about = [object.kind, object.metadata.name, '--subresource=status'];
    return [{ args: ['patch', ...about, '--type=merge', '-p', JSON.stringify({ status })] }];
  };
}

const reported = 'status is written, a heart beats';
const node: DriftRow['object'] = (ns) => ({ apiVersion: 'v1', kind: 'Node', metadata: { name: `${ns}-node` } });
const beat = { type: 'Ready', status: 'True', lastHeartbeatTime: '2026-01-01T00:00:00Z' };

const reportedRows: readonly DriftRow[] = [
  { row: reported, act: 'of a Deployment', object: web(), foreign: report({ replicas: 3 }), requests: [] },
  { row: reported, act: 'of a Node', object: node, foreign: report({ conditions: [beat] }), requests: [] },
  {
    row: reported,
    act: 'annotation of a Node',
    object: node,
    foreign: merge('kubelet', { metadata: { annotations: { 'volumes.kubernetes.io/detach': 'true' } } }),
    requests: looked('nodes'),
  },
];

const restartedRows: readonly DriftRow[] = [
  {
    row: 'rollout restart, scale of a field that we do not own',
    act: 'rollout restart',
    object: (ns) => deployment(ns, 'web'),
    foreign: kubectl('rollout', 'restart', 'deployment/web'),
    requests: looked('deployments'),
  },
  {
    row: 'rollout restart, scale of a field that we do not own',
    act: 'scale',
    object: web(),
    foreign: kubectl('scale', 'deployment/web', '--replicas=5'),
    requests: looked('deployments'),
    afterwards: async ({ live }) => assert.equal(objectAt(await live(), 'spec')['replicas'], 5),
  },
];

const scaler: DriftRow['object'] = (ns) => autoscaler(ns, 'web', 'autoscaling/v2');
const keepsVersion: DriftRow['afterwards'] = async ({ live }) => {
  const ours = managedEntriesOf(await live()).find(({ manager }) => manager === 'evenkeel');
  assert.equal(ours?.apiVersion, 'autoscaling/v2');
};

const versionRows: readonly DriftRow[] = [
  {
    row: 'it is read through another apiVersion',
    act: 'kubectl get',
    object: scaler,
    foreign: kubectl('get', 'hpa.v1.autoscaling', 'web'),
    requests: [],
    afterwards: keepsVersion,
  },
  {
    row: 'it is read through another apiVersion',
    act: 'kubectl annotate',
    object: scaler,
    foreign: kubectl('annotate', 'hpa.v1.autoscaling', 'web', 'note=1'),
    requests: looked('horizontalpodautoscalers'),
    afterwards: keepsVersion,
  },
];

const writers = Array.from({ length: 12 }, (_, index) => merge(`writer-${index}`, { data: { [`k${index}`]: 'x' } }));

const manyRows: readonly DriftRow[] = [
  {
    row: 'more than ten managers update',
    act: 'twelve patches',
    object: map,
    foreign: inTurn(...writers),
    requests: { upTo: 'get configmaps', most: writers.length },
    afterwards: async ({ live }) => {
      const managers = managedEntriesOf(await live()).map(({ manager }) => manager);
      assert.ok(managers.includes('ancient-changes'), 'the oldest were merged');
      assert.ok(managers.includes('evenkeel'), 'we were not');
    },
  },
];

/** Rows of the table that are no drift. */
export const quietRows: readonly DriftRow[] = [
  ...addedRows,
  ...admissionRows,
  ...sharedRows,
  ...reportedRows,
  ...restartedRows,
  ...versionRows,
  ...manyRows,
];
