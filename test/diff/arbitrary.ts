import fc from 'fast-check';
import type { JsonValue } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';

const key = fc.oneof(
  fc.constantFrom('a', 'b', 'spec', 'name', 'ports', 'protocol', 'data', 'a.b/c', '__proto__'),
  fc.string({ minLength: 1, maxLength: 5 }),
);

const scalar: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.boolean(),
  fc.integer(),
  fc.string({ maxLength: 8 }),
  fc.constantFrom('1000m', '1Gi', '', null, 12345678901234567890n),
);

/** Any JSON, with keys that occur in manifests and keys that break careless code. */
export const anyJson: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((pairs) => Object.fromEntries(pairs)),
  ),
})).value;

const kinds = fc.constantFrom(
  ['v1', 'ConfigMap'],
  ['v1', 'Secret'],
  ['v1', 'Service'],
  ['apps/v1', 'Deployment'],
  ['batch/v1', 'CronJob'],
  ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
  ['rbac.authorization.k8s.io/v1', 'ClusterRole'],
  ['example.com/v1', 'Widget'],
);

const text = fc.dictionary(fc.constantFrom('a', 'b', 'x.example/y'), fc.string({ maxLength: 4 }), { maxKeys: 3 });

const name = fc.stringMatching(/^[a-z]{1,4}$/);

/** Any object of some built-in or custom kind, sound or not. */
export const anyObject: fc.Arbitrary<KubeObject> = fc
  .record({
    kind: kinds,
    name,
    labels: text,
    annotations: text,
    body: fc.dictionary(fc.constantFrom('spec', 'data', 'stringData', 'rules', 'aggregationRule', 'status'), anyJson),
  })
  .map(({ kind: [apiVersion = '', kind = ''], name, labels, annotations, body }) => ({
    ...body,
    apiVersion,
    kind,
    metadata: { name, namespace: 'shop', labels, annotations },
  }));
