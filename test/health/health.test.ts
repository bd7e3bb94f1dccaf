import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createHealthRules, worstOf } from '../../src/health/health.ts';
import type { HealthStatus, VerdictField } from '../../src/model/health.ts';
import { verdictFields } from '../../src/model/health.ts';
import { wellKnownRules } from '../../src/health/rules/rules.generated.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { ruleCases, singleCases } from '../../tools/health-cases.ts';

const best: HealthStatus[] = ['Healthy', 'Suspended', 'Progressing', 'Missing', 'Degraded', 'Unknown'];

const health = createHealthRules();

/** One of each kind and rule that there is a case for, and one that there is no rule for. */
const kinds = new Set(
  [...singleCases().values(), ...[...ruleCases().values()].flat()].map(
    ({ object }) => `${object.apiVersion} ${object.kind}`,
  ),
);

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

/** Paths that rules read, and what they compare with, so that malformed values stand where something is looked for. */
const fields = [...Object.keys(verdictFields), 'message'] as (VerdictField | 'message')[];
const read = wellKnownRules.flatMap((rule) => fields.flatMap((field) => rule[field] ?? []));
const textsRead = [...new Set(read.flatMap((text) => [...text.matchAll(/"([^"]*)"/g)].map((match) => match[1] ?? '')))];
const names = [...new Set(textsRead.flatMap((text) => text.split('.')))].filter((name) => /^[a-zA-Z]+$/.test(name));

const body = fc.dictionary(
  fc.constantFrom(
    ...names,
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
    fc.constantFrom('Always', 'Running', 'Pending', 'Failed', 'LoadBalancer', 'Bound', 'RollingUpdate', ...textsRead),
    fc.dictionary(fc.constantFrom(...names, 'constructor', '__proto__'), junk),
    fc.array(fc.dictionary(fc.constantFrom(...names), fc.oneof(junk, fc.array(condition, { maxLength: 2 })))),
    fc.array(fc.dictionary(fc.constantFrom('name', 'state', 'lastState', 'restartCount'), junk), { maxLength: 3 }),
  ),
);

describe('health rules', () => {
  for (const [apiVersion = '', kind = ''] of [...kinds].map((text) => text.split(' '))) {
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
          const verdict = health.assess({ apiVersion, kind, ...parts } as unknown as KubeObject);
          assert.ok(best.includes(verdict.status));
          assert.equal(typeof verdict.message, 'string');
          assert.doesNotMatch(verdict.message, /rule is broken|no such overload|no matching overload/);
        }),
        { numRuns: 30 },
      );
    });
  }

  it('never throws on what is no object of Kubernetes at all', () => {
    const fields = fc.constantFrom('apiVersion', 'kind', 'metadata', 'status');
    fc.assert(
      fc.property(fc.dictionary(fields, junk), (value) => {
        assert.ok(best.includes(health.assess(value as unknown as KubeObject).status));
      }),
    );
  });

  it('says of an object without a body only what its metadata say', () => {
    const metadata = { name: 'blue', generation: 3 };
    const verdict = health.assess({ apiVersion: 'example.org/v1', kind: 'Widget', metadata });
    assert.equal(verdict.status, 'Healthy');
    assert.match(verdict.message, /^not assessed/);
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

describe('needsStatus', () => {
  it('is true for kinds with a rule and for custom resources', () => {
    assert.ok(health.needsStatus({ group: 'apps', kind: 'Deployment' }));
    assert.ok(health.needsStatus({ group: '', kind: 'Pod' }));
    assert.ok(health.needsStatus({ group: 'gateway.networking.k8s.io', kind: 'Gateway' }));
    assert.ok(health.needsStatus({ group: 'example.org', kind: 'Widget' }));
  });

  it('is false for kinds of Kubernetes whose status says nothing, and for same-named kinds of other built-in groups', () => {
    assert.ok(!health.needsStatus({ group: '', kind: 'ConfigMap' }));
    assert.ok(!health.needsStatus({ group: 'rbac.authorization.k8s.io', kind: 'Role' }));
    assert.ok(!health.needsStatus({ group: 'batch', kind: 'Deployment' }));
  });
});

describe('a huge status', () => {
  it('is judged within the budget of a rule, and never throws', () => {
    const entry = { type: 'Ready', status: 'False', conditions: [{ type: 'Accepted', status: 'True' }] };
    const many = Array.from({ length: 20_000 }, () => entry);
    const status = { conditions: many, parents: many, ancestors: many, byPod: many, ingress: many };
    for (const [apiVersion = '', kind = ''] of [...kinds].map((text) => text.split(' '))) {
      const verdict = health.assess({ apiVersion, kind, metadata: { name: 'blue' }, status });
      assert.ok(best.includes(verdict.status));
      assert.ok(verdict.message.length <= 4096);
    }
  });
});

describe('what an object says about its own verdict', () => {
  const pod = (annotations: Record<string, string>, restartPolicy: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'shop', annotations },
    spec: { restartPolicy },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  });
  const stuck = (annotations: Record<string, string>): KubeObject => ({
    ...pod(annotations, 'Always'),
    status: { phase: 'Failed', message: 'evicted' },
  });

  it('ignore-healthcheck: it counts as Healthy, in both spellings and in a second installation', () => {
    const second = createHealthRules('second.evenkeel.dev/part-of');
    for (const [rules, key] of [
      [health, 'argocd.argoproj.io/ignore-healthcheck'],
      [health, 'evenkeel.dev/ignore-healthcheck'],
      [second, 'second.evenkeel.dev/ignore-healthcheck'],
    ] as const) {
      assert.equal(rules.assess(stuck({ [key]: 'true' })).status, 'Healthy', key);
      assert.equal(rules.assess(stuck({ [key]: 'false' })).status, 'Degraded', key);
    }
    assert.equal(health.assess(stuck({ 'second.evenkeel.dev/ignore-healthcheck': 'true' })).status, 'Degraded');
  });

  it('ignore-restart-policy: a Pod that is to end is judged as one that is to run', () => {
    assert.equal(health.assess(pod({}, 'OnFailure')).status, 'Progressing');
    const annotations = { 'argocd.argoproj.io/ignore-restart-policy': 'true' };
    assert.equal(health.assess(pod(annotations, 'OnFailure')).status, 'Healthy');
  });
});
