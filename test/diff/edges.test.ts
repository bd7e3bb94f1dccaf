import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { removalsInBatches, writesInBatches } from '../../src/diff/diff.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { describeRef } from '../../src/model/object.ts';
import type { ChangeOf } from '../../src/model/plan.ts';
import { desiredOf, installation, live, manifest } from './world.ts';

function creations(...objects: readonly KubeObject[]): ChangeOf<'create'>[] {
  return desiredOf(...objects).objects.map((desired) => ({ kind: 'create', ref: desired.ref, desired }));
}

function batches(...objects: readonly KubeObject[]): string[][] {
  const changes = creations(...objects);
  return writesInBatches(changes, changes).map((batch) => batch.map(({ change }) => describeRef(change.ref)));
}

/** `written ConfigMap shop/a`: what the last of some objects needs. */
function needsOfLast(...objects: readonly KubeObject[]): string[] {
  const changes = creations(...objects);
  const last = changes.at(-1);
  const found = writesInBatches(changes, changes)
    .flat()
    .find(({ change }) => change === last);
  return found?.needs.map(({ ref, until }) => `${until} ${describeRef(ref)}`) ?? [];
}

function dependent(name: string, on: string): KubeObject {
  return manifest({ name }, { metadata: { annotations: { 'evenkeel.dev/depends-on': on } } });
}

function deployment(name: string, podSpec: JsonObject = {}): KubeObject {
  const template = { metadata: { labels: { app: name } }, spec: { containers: [], ...podSpec } };
  return manifest({ group: 'apps', kind: 'Deployment', name }, { spec: { template } });
}

const service = manifest({ kind: 'Service', name: 'hook' }, { spec: { selector: { app: 'hook' } } });

const clientConfig = { service: { namespace: 'shop', name: 'hook' } };

const calling: readonly KubeObject[] = [
  manifest(
    { group: 'admissionregistration.k8s.io', kind: 'ValidatingWebhookConfiguration', namespace: '', name: 'check' },
    { webhooks: [{ name: 'check.example.com', clientConfig }] },
  ),
  manifest(
    { group: 'apiregistration.k8s.io', kind: 'APIService', namespace: '', name: 'v1.example.com' },
    { spec: { service: clientConfig.service } },
  ),
];

describe('the order within a wave', () => {
  it('2. goes by the table of kinds, custom kinds last', () => {
    const custom = manifest({ group: 'example.com', kind: 'Widget', name: 'one' });
    const account = manifest({ kind: 'ServiceAccount', name: 'web' });
    const order = batches(custom, deployment('web'), service, manifest({ kind: 'Secret', name: 'key' }), account);
    assert.deepEqual(order, [
      ['ServiceAccount shop/web'],
      ['Secret shop/key'],
      ['Service shop/hook'],
      ['Deployment.apps shop/web'],
      ['Widget.example.com shop/one'],
    ]);
  });

  it('what an object names comes before it, also when that comes late itself', () => {
    const settings = dependent('settings', 'batch/namespaces/shop/Job/migrate');
    const job = manifest({ group: 'batch', kind: 'Job', name: 'migrate' });
    const web = deployment('web', { volumes: [{ name: 'v', configMap: { name: 'settings' } }] });
    const other = deployment('other');
    assert.deepEqual(batches(settings, web, other, job), [
      ['Deployment.apps shop/other', 'Job.batch shop/migrate'],
      ['ConfigMap shop/settings'],
      ['Deployment.apps shop/web'],
    ]);
  });

  it('an autoscaler comes after a target of a custom kind', () => {
    const target = { apiVersion: 'example.com/v1', kind: 'Widget', name: 'one' };
    const autoscaler = manifest(
      { group: 'autoscaling', version: 'v2', kind: 'HorizontalPodAutoscaler', name: 'one' },
      { spec: { scaleTargetRef: target } },
    );
    const widget = manifest({ group: 'example.com', kind: 'Widget', name: 'one' });
    assert.deepEqual(batches(autoscaler, widget), [
      ['Widget.example.com shop/one'],
      ['HorizontalPodAutoscaler.autoscaling shop/one'],
    ]);
  });

  for (const object of calling)
    it(`${object.kind} waits until what is behind its Service is available`, () => {
      assert.deepEqual(needsOfLast(deployment('hook'), deployment('other'), service, object), [
        'written Service shop/hook',
        'available Deployment.apps shop/hook',
      ]);
    });

  it('a reference that closes a cycle counts for nothing, what depends-on says counts', () => {
    const settings = dependent('settings', 'apps/namespaces/shop/Deployment/web');
    const web = deployment('web', { volumes: [{ name: 'v', configMap: { name: 'settings' } }] });
    assert.deepEqual(batches(settings, web), [['Deployment.apps shop/web'], ['ConfigMap shop/settings']]);
  });

  it('removals go in the reverse order', () => {
    const objects = [
      manifest({ name: 'base' }),
      dependent('on-base', '/namespaces/shop/ConfigMap/base'),
      deployment('web'),
      manifest({ kind: 'ServiceAccount', name: 'web' }),
    ];
    const removals = creations(...objects).map(({ ref }, index): ChangeOf<'prune'> => {
      return { kind: 'prune', ref, live: live(objects[index] ?? service) };
    });
    const order = removalsInBatches(removals, installation).map((batch) => batch.map(({ ref }) => ref.name));
    assert.deepEqual(order, [['web'], ['on-base'], ['base', 'web']]);
  });
});

describe('what an object names', () => {
  const spec = {
    serviceAccountName: 'account',
    imagePullSecrets: [{ name: 'pull' }],
    volumes: [
      { name: 'a', persistentVolumeClaim: { claimName: 'claim' } },
      { name: 'b', secret: { secretName: 'volume' } },
      { name: 'c', projected: { sources: [{ configMap: { name: 'projected' } }, { secret: { name: 'projected' } }] } },
    ],
    initContainers: [{ name: 'i', envFrom: [{ configMapRef: { name: 'all' } }, { secretRef: { name: 'all' } }] }],
    containers: [
      {
        name: 'c',
        env: [
          { name: 'A', valueFrom: { configMapKeyRef: { name: 'one', key: 'k' } } },
          { name: 'B', valueFrom: { secretKeyRef: { name: 'one', key: 'k' } } },
        ],
      },
    ],
  };

  it('is found everywhere in the spec of pods', () => {
    const names: readonly [kind: string, name: string][] = [
      ['ServiceAccount', 'account'],
      ['Secret', 'pull'],
      ['PersistentVolumeClaim', 'claim'],
      ['Secret', 'volume'],
      ['ConfigMap', 'projected'],
      ['Secret', 'projected'],
      ['ConfigMap', 'all'],
      ['Secret', 'all'],
      ['ConfigMap', 'one'],
      ['Secret', 'one'],
    ];
    const others = names.map(([kind, name]) => manifest({ kind, name }));
    const found = needsOfLast(...others, deployment('web', spec)).sort();
    assert.deepEqual(found, names.map(([kind, name]) => `written ${kind} shop/${name}`).sort());
  });

  it('is found in bindings, claims and Ingresses', () => {
    const rbac = 'rbac.authorization.k8s.io';
    const binding = manifest(
      { group: rbac, kind: 'RoleBinding', name: 'b' },
      {
        roleRef: { apiGroup: rbac, kind: 'Role', name: 'r' },
        subjects: [{ kind: 'ServiceAccount', namespace: 'other', name: 'account' }],
      },
    );
    const account = manifest({ kind: 'ServiceAccount', namespace: 'other', name: 'account' });
    const role = manifest({ group: rbac, kind: 'Role', name: 'r' });
    assert.deepEqual(needsOfLast(account, role, binding), [
      `written Role.${rbac} shop/r`,
      'written ServiceAccount other/account',
    ]);
    const fast = manifest({ group: 'storage.k8s.io', kind: 'StorageClass', namespace: '', name: 'fast' });
    const claim = manifest({ kind: 'PersistentVolumeClaim', name: 'c' }, { spec: { storageClassName: 'fast' } });
    assert.deepEqual(needsOfLast(fast, claim), ['written StorageClass.storage.k8s.io fast']);
    const ingressClass = manifest({ group: 'networking.k8s.io', kind: 'IngressClass', namespace: '', name: 'edge' });
    const ingress = manifest(
      { group: 'networking.k8s.io', kind: 'Ingress', name: 'i' },
      { spec: { ingressClassName: 'edge' } },
    );
    assert.deepEqual(needsOfLast(ingressClass, ingress), ['written IngressClass.networking.k8s.io edge']);
  });
});
