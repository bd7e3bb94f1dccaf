import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { statusAsJson, statusAsText } from '../../src/cli/status-print.ts';
import { reportOn } from '../../src/cli/status-report.ts';
import type { ApplicationStatus } from '../../src/model/application.ts';
import { FakeCluster } from '../fakes/cluster.ts';
import { crashing, deployment, imageMissing, seedPods } from '../reconcile/rollout.ts';

const deployed = { group: 'apps', version: 'v1', kind: 'Deployment', namespace: 'shop', name: 'web' };
const message = '0 of 2 updated replicas available';

const status: ApplicationStatus = {
  sync: { status: 'Synced', revision: 'abc' },
  health: {
    status: 'Degraded',
    message: `Deployment.apps shop/web: ${message}`,
    lastTransitionTime: '2026-01-01T10:00:00Z',
  },
  counts: { objects: 3, synced: 3, outOfSync: 0, healthy: 2, progressing: 0, degraded: 1, unexplained: 0 },
  conditions: [
    { type: 'Ready', status: 'False', reason: 'HealthDegraded', message, lastTransitionTime: '2026-01-01T10:00:00Z' },
    { type: 'Stalled', status: 'False', reason: 'Healthy', message: '', lastTransitionTime: '2026-01-01T10:00:00Z' },
  ],
  operationState: {
    operation: {},
    phase: 'Succeeded',
    message: 'successfully synced',
    startedAt: '2026-01-01T09:00:00Z',
    finishedAt: '2026-01-01T09:00:01Z',
  },
  resources: [
    { ...deployed, status: 'Synced', health: { status: 'Degraded', message } },
    { ...deployed, name: 'gone', status: 'Synced', health: { status: 'Missing', message: 'not in the cluster' } },
    { ...deployed, kind: 'Job', group: 'batch', status: 'Synced', health: { status: 'Suspended', message: '' } },
  ],
};

const app = { namespace: 'evenkeel', name: 'shop', status };

function shop(): FakeCluster {
  const cluster = new FakeCluster();
  cluster.seed({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  cluster.seed(deployment());
  seedPods(cluster, [imageMissing, crashing, imageMissing]);
  cluster.logs.set('shop/web-1-1/main', 'token: abc\n');
  return cluster;
}

const signal = new AbortController().signal;
const overview = [
  'Application  evenkeel/shop',
  'Sync         Synced at abc',
  `Health       Degraded since 2026-01-01T10:00:00Z: Deployment.apps shop/web: ${message}`,
  'Objects      3, 3 synced, 2 healthy, 1 degraded',
  'Operation    Succeeded at 2026-01-01T09:00:01Z: successfully synced',
  'Conditions',
  `  Ready    False  HealthDegraded  ${message}`,
  '  Stalled  False  Healthy',
];

describe('status of an Application', () => {
  test('in columns', async () => {
    const text = statusAsText(await reportOn(app, undefined, signal));
    assert.deepEqual(text.split('\n'), [...overview, '']);
  });

  test('with the tree of root causes, what most Pods have first', async () => {
    const text = statusAsText(await reportOn(app, shop(), signal));
    assert.deepEqual(text.split('\n'), [
      ...overview,
      '',
      'Application shop',
      `├─ Deployment.apps shop/web: Degraded: ${message}`,
      '│  └─ ReplicaSet web-1',
      '│     ├─ Pod web-1-0 and 1 more',
      '│     │  └─ ErrImagePull: image "web:1" cannot be pulled (not found)',
      '│     └─ Pod web-1-1',
      '│        └─ CrashLoopBackOff: container "main" ended with exit code 3, 4 restarts; its last line: token: [masked]',
      '└─ Deployment.apps shop/gone: Missing: not in the cluster',
      '',
    ]);
  });

  test('as JSON', async () => {
    const json = JSON.parse(statusAsJson(await reportOn(app, shop(), signal))) as Record<string, unknown>;
    const [web, gone] = json['why'] as { name: string; causes?: { children: { name: string }[] } }[];
    assert.deepEqual([json['name'], json['health']], ['shop', status.health]);
    assert.equal(web?.causes?.children[0]?.name, 'web-1');
    assert.deepEqual([gone?.name, gone?.causes], ['gone', undefined]);
    assert.equal('why' in (JSON.parse(statusAsJson({ app })) as object), false);
  });

  test('says what it may not read', async () => {
    const cluster = shop();
    cluster.fail(({ verb, ref }) => verb === 'list' && ref.kind === 'Pod', 'forbidden');
    const text = statusAsText(await reportOn(app, cluster, signal));
    assert.match(text, /└─ Deployment.apps shop\/web cannot be looked at: made to fail: forbidden/);
  });

  test('of one that was never looked at, and of one that is well', async () => {
    const fresh = statusAsText({ app: { ...app, status: {} } });
    assert.equal(fresh, 'Application  evenkeel/shop\nSync         not compared yet\nHealth       not known yet\n');
    const well = await reportOn({ ...app, status: { ...status, resources: [] } }, shop(), signal);
    assert.match(statusAsText(well), /Application shop: nothing keeps its objects from working\n$/);
  });
});
