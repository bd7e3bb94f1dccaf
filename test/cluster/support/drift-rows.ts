import { autoscaler, configMap, networkPolicy, role, service } from '../../apply/objects.ts';
import { container, web, widget } from './drift-objects.ts';
import { type DriftRow, forced, scaled, unforced } from './drift-row.ts';
import { applyAs, inTurn, kubectl, merge, patch } from './foreign-act.ts';

const env = [
  { name: 'A', value: '1' },
  { name: 'B', value: '2' },
];

const changed = {
  row: 'a client changes a field that we own',
  object: web({ replicas: 2, container: { env } }),
  requests: forced('deployments'),
};

const changedRows: readonly DriftRow[] = [
  {
    ...changed,
    act: 'patch',
    foreign: merge('kubectl-patch', { spec: { replicas: 7 } }),
    alongside: scaled,
    drift: { fields: ['spec.replicas'], manager: 'kubectl-patch', operation: 'Update' },
  },
  {
    ...changed,
    act: 'edit',
    foreign: merge('kubectl-edit', { metadata: { labels: { 'evenkeel.dev/slot': '99' } } }),
    drift: { fields: ['metadata.labels[evenkeel.dev/slot]'], manager: 'kubectl-edit', operation: 'Update' },
  },
  {
    ...changed,
    act: 'set image',
    foreign: kubectl('set', 'image', 'deployment/web', 'web=other:2'),
    drift: { fields: [`${container}.image`], manager: 'kubectl-set', operation: 'Update' },
  },
  {
    ...changed,
    act: 'set env',
    foreign: kubectl('set', 'env', 'deployment/web', 'A=2'),
    drift: { fields: [`${container}.env[name=A].value`], manager: 'kubectl-set', operation: 'Update' },
  },
  {
    ...changed,
    act: 'scale',
    foreign: kubectl('scale', 'deployment/web', '--replicas=5'),
    alongside: scaled,
    drift: { fields: ['spec.replicas'], manager: 'kubectl', operation: 'Update' },
  },
  {
    ...changed,
    act: 'client-side apply',
    object: (ns) => configMap(ns, 'map', { a: '1', b: '2' }),
    foreign: ({ object }) => [{ args: ['apply', '-f', '-'], stdin: JSON.stringify({ ...object, data: { a: 'x' } }) }],
    requests: forced('configmaps'),
    drift: { fields: ['data.a'], manager: 'kubectl-client-side-apply', operation: 'Update' },
  },
];

const removed = {
  row: 'something that we own is removed',
  object: web(
    { container: { env }, podSpec: { hostname: 'front' } },
    { labels: { tier: '1' }, annotations: { a: '1' } },
  ),
  requests: unforced('deployments'),
};
const byUnknown = { manager: '', operation: '' };

const removedRows: readonly DriftRow[] = [
  {
    ...removed,
    act: 'a field',
    foreign: patch('somebody', { op: 'remove', path: '/spec/template/spec/hostname' }),
    drift: { ...byUnknown, fields: ['spec.template.spec.hostname'] },
  },
  {
    ...removed,
    act: 'a label',
    foreign: kubectl('label', 'deployment', 'web', 'tier-'),
    drift: { ...byUnknown, fields: ['metadata.labels.tier'] },
  },
  {
    ...removed,
    act: 'an annotation',
    foreign: kubectl('annotate', 'deployment', 'web', 'a-'),
    drift: { ...byUnknown, fields: ['metadata.annotations.a'] },
  },
  {
    ...removed,
    act: 'an item of a list',
    foreign: kubectl('set', 'env', 'deployment/web', 'B-'),
    drift: { ...byUnknown, fields: [`${container}.env[name=B]`] },
  },
  {
    ...removed,
    act: 'a whole list',
    foreign: patch('somebody', { op: 'remove', path: '/spec/template/spec/containers/0/env' }),
    drift: { ...byUnknown, fields: [`${container}.env`] },
  },
];

const atomic = {
  row: 'inside an atomic list or map something is changed, appended or reordered',
  object: web({ container: { args: ['a', 'b'] }, podSpec: { tolerations: [{ key: 'x', operator: 'Exists' }] } }),
};
const bySomebody = { manager: 'somebody', operation: 'Update' };

const atomicRows: readonly DriftRow[] = [
  {
    ...atomic,
    act: 'args appended',
    foreign: patch('somebody', { op: 'add', path: '/spec/template/spec/containers/0/args/-', value: 'c' }),
    requests: forced('deployments'),
    drift: { ...bySomebody, fields: [`${container}.args`] },
  },
  {
    ...atomic,
    act: 'args reordered',
    foreign: patch('somebody', { op: 'replace', path: '/spec/template/spec/containers/0/args', value: ['b', 'a'] }),
    requests: forced('deployments'),
    drift: { ...bySomebody, fields: [`${container}.args`] },
  },
  {
    ...atomic,
    act: 'a toleration changed',
    foreign: patch('somebody', { op: 'replace', path: '/spec/template/spec/tolerations/0/key', value: 'y' }),
    requests: forced('deployments'),
    drift: { ...bySomebody, fields: ['spec.template.spec.tolerations'] },
  },
  {
    ...atomic,
    act: 'rules of a Role',
    object: (ns) => role(ns, 'reader', ['get']),
    foreign: patch('somebody', { op: 'add', path: '/rules/0/verbs/-', value: 'delete' }),
    requests: forced('roles'),
    drift: { ...bySomebody, fields: ['rules'] },
  },
  {
    ...atomic,
    act: 'selector of a Service',
    object: (ns) => service(ns, 'web', { app: 'web' }),
    foreign: patch('somebody', { op: 'add', path: '/spec/selector/tier', value: 'x' }),
    requests: forced('services'),
    drift: { ...bySomebody, fields: ['spec.selector'] },
  },
  {
    ...atomic,
    act: 'a list of a custom resource whose definition says nothing about it',
    object: widget({ list: ['a', 'b'] }),
    foreign: patch('somebody', { op: 'add', path: '/spec/list/-', value: 'c' }),
    requests: forced('widgets'),
    drift: { ...bySomebody, fields: ['spec.list'] },
  },
];

const filledRows: readonly DriftRow[] = [
  {
    row: 'somebody fills an empty atomic value of ours',
    act: '{}',
    object: (ns) => networkPolicy(ns, 'all', {}),
    foreign: patch('somebody', { op: 'add', path: '/spec/podSelector/matchLabels', value: { app: 'x' } }),
    requests: forced('networkpolicies'),
    drift: { ...bySomebody, fields: ['spec.podSelector'] },
  },
  {
    row: 'somebody fills an empty atomic value of ours',
    act: '[]',
    object: widget({ list: [] }),
    foreign: patch('somebody', { op: 'add', path: '/spec/list/-', value: 'a' }),
    requests: forced('widgets'),
    drift: { ...bySomebody, fields: ['spec.list'] },
  },
];

const reordered = 'an associative list is reordered';

const reorderedRows: readonly DriftRow[] = [
  {
    row: reordered,
    act: 'initContainers',
    object: web({ podSpec: { initContainers: ['first', 'second'].map((name) => ({ name, image: 'init:1' })) } }),
    foreign: patch('somebody', {
      op: 'move',
      from: '/spec/template/spec/initContainers/1',
      path: '/spec/template/spec/initContainers/0',
    }),
    requests: unforced('deployments'),
    drift: { ...byUnknown, fields: ['spec.template.spec.initContainers'] },
  },
  {
    row: reordered,
    act: 'env',
    object: web({ container: { env } }),
    foreign: patch('somebody', {
      op: 'move',
      from: '/spec/template/spec/containers/0/env/1',
      path: '/spec/template/spec/containers/0/env/0',
    }),
    requests: unforced('deployments'),
    drift: { ...byUnknown, fields: [`${container}.env`] },
  },
];

const map: DriftRow['object'] = (ns) => configMap(ns, 'map', { a: '1', b: '2' });

const takenRows: readonly DriftRow[] = [
  {
    row: 'another manager applies another value with force',
    act: 'server-side apply',
    object: map,
    foreign: applyAs('other', { data: { a: 'x' } }, '--force-conflicts'),
    requests: forced('configmaps'),
    drift: { fields: ['data.a'], manager: 'other', operation: 'Apply' },
  },
  {
    row: 'another manager takes a field and then stops sending it',
    act: 'two server-side applies',
    object: map,
    foreign: inTurn(
      applyAs('other', { data: { a: 'x' } }, '--force-conflicts'),
      applyAs('other', { data: { c: '3' } }),
    ),
    atOnce: true,
    requests: unforced('configmaps'),
    drift: { ...byUnknown, fields: ['data.a'] },
  },
  {
    row: 'it is written through another apiVersion',
    act: 'a field that we own',
    object: (ns) => autoscaler(ns, 'web', 'autoscaling/v2'),
    foreign: kubectl('patch', 'hpa.v1.autoscaling', 'web', '-p', '{"spec":{"maxReplicas":9}}'),
    requests: forced('horizontalpodautoscalers'),
    drift: { fields: ['spec.maxReplicas'], manager: 'kubectl-patch', operation: 'Update' },
  },
];

/** Rows of the table whose answer is a correction, but those where our ownership, our marks or the object is lost. */
export const driftRows: readonly DriftRow[] = [
  ...changedRows,
  ...removedRows,
  ...atomicRows,
  ...filledRows,
  ...reorderedRows,
  ...takenRows,
];
