import assert from 'node:assert/strict';
import type { JsonObject } from '../../../src/model/json.ts';
import { managedEntriesOf } from '../../../src/model/managed-fields.ts';
import type { KubeObject } from '../../../src/model/object.ts';
import { autoscaler, configMap } from '../../apply/objects.ts';
import { policies } from './drift-admission.ts';
import { web } from './drift-objects.ts';
import { announced, type DriftRow, forced, scaled, unforced } from './drift-row.ts';
import { type ForeignAct, forge, inTurn, kubectl, patch, type Subject } from './foreign-act.ts';

const map: DriftRow['object'] = (ns) => configMap(ns, 'map', { a: '1', b: '2' });
const byUnknown = { manager: '', operation: '' };

function putting(change: (live: KubeObject) => KubeObject): ForeignAct {
  return async ({ live }) => [
    { args: ['replace', '--field-manager=putter', '-f', '-'], stdin: JSON.stringify(change(await live())) },
  ];
}

function withManagedFields(live: KubeObject, managedFields: JsonObject[] | null | undefined): KubeObject {
  const { managedFields: wiped, ...others } = live.metadata;
  assert.ok(wiped !== undefined, 'it had managedFields');
  const metadata = managedFields === undefined ? others : { ...others, managedFields };
  return { ...live, metadata, data: { a: 'x', b: '2' } };
}

const put = {
  row: 'an update that says nothing of managedFields',
  object: map,
  requests: forced('configmaps'),
  drift: { fields: ['data.a'], manager: 'putter', operation: 'Update' },
};

const putRows: readonly DriftRow[] = [
  { ...put, act: 'left out', foreign: putting((live) => withManagedFields(live, undefined)) },
  { ...put, act: 'null', foreign: putting((live) => withManagedFields(live, null)) },
];

const wiped = 'managedFields are wiped';
const restored = ['get configmaps', 'apply forced configmaps', 'patch configmaps'];
const wipe = (value: JsonObject[]): ForeignAct =>
  patch('wiper', { op: 'replace', path: '/metadata/managedFields', value });

async function isOursAlone({ live }: Subject): Promise<void> {
  const entries = managedEntriesOf(await live());
  const managers = entries.map(({ manager, operation }) => `${manager}/${operation}`);
  assert.deepEqual(managers, ['evenkeel/Apply']);
}

const wipedRows: readonly DriftRow[] = [
  {
    row: wiped,
    act: '[{}]',
    object: map,
    foreign: wipe([{}]),
    requests: restored,
    moves: true,
    afterwards: isOursAlone,
  },
  { row: wiped, act: '[]', object: map, foreign: wipe([]), requests: restored, moves: true, afterwards: isOursAlone },
  {
    row: wiped,
    act: 'and then a value is changed, which nobody tracks',
    object: map,
    foreign: inTurn(wipe([{}]), patch('somebody', { op: 'replace', path: '/data/a', value: 'x' })),
    atOnce: true,
    requests: restored,
    drift: { ...byUnknown, fields: ['data.a'] },
    afterwards: isOursAlone,
  },
  {
    row: wiped,
    act: 'kubectl replace of such an object',
    object: map,
    foreign: putting((live) => withManagedFields(live, [{}])),
    requests: restored,
    drift: { ...byUnknown, fields: ['data.a'] },
    afterwards: isOursAlone,
  },
];

const forged = {
  row: 'a change is hidden by putting managedFields back, and the watch has shown the first step',
  atOnce: true,
};

const forgedRows: readonly DriftRow[] = [
  {
    ...forged,
    act: 'of a Deployment',
    object: web({ replicas: 2 }),
    foreign: forge('/spec/replicas', 5),
    alongside: scaled,
    requests: unforced('deployments'),
    drift: { fields: ['spec.replicas'], manager: 'forger', operation: 'Update' },
  },
  {
    ...forged,
    act: 'of a ConfigMap',
    object: map,
    foreign: forge('/data/a', 'x'),
    requests: unforced('configmaps'),
    drift: { fields: ['data.a'], manager: 'forger', operation: 'Update' },
  },
];

const admittedRows: readonly DriftRow[] = [
  {
    row: 'admission changes a field of ours at the write of somebody',
    act: 'and not at ours',
    object: (ns) => configMap(ns, 'map', { a: '1', policy: policies.exceptByUs.name }),
    foreign: kubectl('label', 'configmap', 'map', 'touched=yes'),
    requests: unforced('configmaps'),
    drift: { fields: ['data.a'], manager: 'kubectl-label', operation: 'Update' },
  },
];

/** Exactly what we send, with another value: our marks included. */
const applyAsUs: ForeignAct = async ({ live, object }) => {
  const { metadata } = await live();
  const { name, namespace, labels, annotations } = metadata;
  const body = { ...object, metadata: { name, namespace, labels, annotations }, data: { a: 'x', b: '2' } };
  return [{ args: ['apply', '--server-side', '--field-manager=evenkeel', '-f', '-'], stdin: JSON.stringify(body) }];
};

const nameRows: readonly DriftRow[] = [
  {
    row: 'another client updates under our manager name',
    act: 'patch',
    object: map,
    foreign: patch('evenkeel', { op: 'replace', path: '/data/a', value: 'x' }),
    requests: forced('configmaps'),
    drift: { fields: ['data.a'], manager: 'evenkeel', operation: 'Update' },
  },
  {
    row: 'another client applies under our manager name: the same fields, other values',
    act: 'server-side apply',
    object: map,
    foreign: applyAsUs,
    requests: unforced('configmaps'),
    drift: { fields: ['data.a'], manager: 'evenkeel', operation: 'Apply' },
  },
  {
    row: 'our fields are applied with another apiVersion',
    act: 'by a client that uses our manager name',
    object: (ns) => autoscaler(ns, 'web', 'autoscaling/v2'),
    foreign: async ({ live, object }) => {
      const { name, namespace, labels, annotations } = (await live()).metadata;
      const spec = { ...(object['spec'] as JsonObject), maxReplicas: 9, targetCPUUtilizationPercentage: 50 };
      const metadata = { name, namespace, labels, annotations };
      const body = { apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler', metadata, spec };
      return [{ args: ['apply', '--server-side', '--field-manager=evenkeel', '-f', '-'], stdin: JSON.stringify(body) }];
    },
    requests: unforced('horizontalpodautoscalers'),
    drift: { fields: ['spec.maxReplicas'], manager: 'evenkeel', operation: 'Apply' },
  },
];

const partOf = 'evenkeel.dev/part-of';
const label = { row: 'our tracking label is removed or changed', object: map };

const goneRows: readonly DriftRow[] = [
  {
    ...label,
    act: 'removed',
    foreign: kubectl('label', 'configmap', 'map', `${partOf}-`),
    requests: unforced('configmaps'),
    drift: { ...byUnknown, fields: [`metadata.labels[${partOf}]`] },
  },
  {
    ...label,
    act: 'changed',
    foreign: kubectl('label', 'configmap', 'map', `${partOf}=other`, '--overwrite'),
    requests: forced('configmaps'),
    drift: { fields: [`metadata.labels[${partOf}]`], manager: 'kubectl-label', operation: 'Update' },
  },
  {
    row: 'it is deleted',
    act: 'kubectl delete',
    object: map,
    foreign: kubectl('delete', 'configmap', 'map'),
    requests: ['get configmaps 404', 'apply configmaps'],
    alongside: ['get namespaces', ...announced],
    drift: { ...byUnknown, fields: [] },
    afterwards: isOursAlone,
  },
  {
    row: 'it is deleted and created anew',
    act: 'replace --force',
    object: map,
    foreign: ({ object }) => [
      { args: ['replace', '--force', '-f', '-'], stdin: JSON.stringify({ ...object, data: { a: 'x' } }) },
    ],
    atOnce: true,
    requests: forced('configmaps'),
    alongside: announced,
    drift: { ...byUnknown, fields: [] },
  },
];

/** Rows of the table where our ownership, our marks or the object itself is lost. */
export const lostRows: readonly DriftRow[] = [
  ...putRows,
  ...wipedRows,
  ...forgedRows,
  ...admittedRows,
  ...nameRows,
  ...goneRows,
];
