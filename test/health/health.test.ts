import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { assessHealth, hasHealthInStatus, healthRules, worstOf } from '../../src/health/health.ts';
import type { HealthStatus } from '../../src/model/health.ts';
import type { KubeObject } from '../../src/model/object.ts';

const best: HealthStatus[] = ['Healthy', 'Suspended', 'Progressing', 'Missing', 'Degraded', 'Unknown'];

const kinds = [
  ['apps/v1', 'Deployment'],
  ['apps/v1', 'StatefulSet'],
  ['apps/v1', 'DaemonSet'],
  ['apps/v1', 'ReplicaSet'],
  ['v1', 'Pod'],
  ['batch/v1', 'Job'],
  ['v1', 'Service'],
  ['v1', 'PersistentVolumeClaim'],
  ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
  ['apiregistration.k8s.io/v1', 'APIService'],
  ['autoscaling/v1', 'HorizontalPodAutoscaler'],
  ['autoscaling/v2', 'HorizontalPodAutoscaler'],
  ['example.org/v1', 'Widget'],
] as const;

/** Values that a broken controller or a hand-written status could hold where something else is expected. */
const junk = fc.oneof(
  { depthSize: 'small' },
  fc.jsonValue({ maxDepth: 3 }),
  fc.bigInt(),
  fc.constantFrom(null, '', '3', '-1', 'True', [], {}, [null], [[]], [{}], -1, 1e308, Number.MAX_SAFE_INTEGER),
);

const condition = fc.oneof(
  junk,
  fc.dictionary(
    fc.constantFrom('type', 'status', 'reason', 'message'),
    fc.oneof(junk, fc.constantFrom('Ready', 'True')),
  ),
);

const body = fc.dictionary(
  fc.constantFrom(
    'replicas',
    'updatedReplicas',
    'observedGeneration',
    'updateStrategy',
    'rollingUpdate',
    'type',
    'phase',
    'restartPolicy',
    'containerStatuses',
    'initContainerStatuses',
    'loadBalancer',
    'ingress',
    'conditions',
    'paused',
    'volumeName',
  ),
  fc.oneof(
    junk,
    fc.array(condition, { maxLength: 4 }),
    fc.constantFrom('Always', 'Running', 'Pending', 'Failed', 'LoadBalancer', 'Bound', 'RollingUpdate'),
    fc.array(fc.dictionary(fc.constantFrom('name', 'state', 'lastState', 'restartCount'), junk), { maxLength: 3 }),
  ),
);

describe('assessHealth', () => {
  for (const [apiVersion, kind] of kinds) {
    it(`never throws on a malformed ${kind} of ${apiVersion}`, () => {
      const metadata = fc.oneof(
        junk,
        fc.dictionary(
          fc.constantFrom('name', 'generation', 'deletionTimestamp', 'finalizers', 'annotations', 'labels'),
          fc.oneof(junk, fc.constant({ 'autoscaling.alpha.kubernetes.io/conditions': '[1,{"type":4}]' })),
        ),
      );
      const objects = fc.record({ metadata, spec: fc.oneof(junk, body), status: fc.oneof(junk, body) });
      fc.assert(
        fc.property(objects, (parts) => {
          const health = assessHealth({ apiVersion, kind, ...parts } as unknown as KubeObject);
          assert.ok(best.includes(health.status));
          assert.equal(typeof health.message, 'string');
        }),
      );
    });
  }

  it('never throws on what is no object of Kubernetes at all', () => {
    const fields = fc.constantFrom('apiVersion', 'kind', 'metadata', 'status');
    fc.assert(
      fc.property(fc.dictionary(fields, junk), (value) => {
        assert.ok(best.includes(assessHealth(value as unknown as KubeObject).status));
      }),
    );
  });

  it('says of an object without a body only what its metadata say', () => {
    const metadata = { name: 'blue', generation: 3 };
    const health = assessHealth({ apiVersion: 'example.org/v1', kind: 'Widget', metadata });
    assert.equal(health.status, 'Healthy');
    assert.match(health.message, /^not assessed/);
  });
});

describe('worstOf', () => {
  it('follows the order of Argo CD', () => {
    for (const [i, worse] of best.entries()) {
      for (const better of best.slice(0, i)) {
        const verdicts = [better, worse, better].map((status) => ({ status, message: status }));
        assert.deepEqual(worstOf(verdicts), { status: worse, message: worse });
      }
    }
  });

  it('keeps the first of equals', () => {
    const verdicts = ['a', 'b'].map((message) => ({ status: 'Degraded' as const, message }));
    assert.equal(worstOf(verdicts).message, 'a');
  });

  it('is Healthy when there is nothing', () => {
    assert.equal(worstOf([]).status, 'Healthy');
  });
});

describe('hasHealthInStatus', () => {
  it('is true for kinds with a rule and for custom resources', () => {
    assert.ok(hasHealthInStatus({ group: 'apps', kind: 'Deployment' }));
    assert.ok(hasHealthInStatus({ group: '', kind: 'Pod' }));
    assert.ok(hasHealthInStatus({ group: 'gateway.networking.k8s.io', kind: 'Gateway' }));
    assert.ok(healthRules.needsStatus({ group: 'example.org', kind: 'Widget' }));
  });

  it('is false for kinds of Kubernetes whose status says nothing, and for same-named kinds of other built-in groups', () => {
    assert.ok(!hasHealthInStatus({ group: '', kind: 'ConfigMap' }));
    assert.ok(!hasHealthInStatus({ group: 'rbac.authorization.k8s.io', kind: 'Role' }));
    assert.ok(!hasHealthInStatus({ group: 'batch', kind: 'Deployment' }));
  });
});
