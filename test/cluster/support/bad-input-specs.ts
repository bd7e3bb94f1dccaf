import type { BadSpec } from './bad-input.ts';

/** Fields that the API server lets through and the operator has to refuse: by its path, with what to write instead. */
export const badSpecs: readonly BadSpec[] = [
  {
    name: 'unknown-field-in-spec',
    spec: { suspended: { reason: 'x' } },
    reason: 'UnknownField',
    message: /^spec\.suspended: unknown field; did you mean suspend\?$/,
  },
  {
    name: 'unknown-field-in-a-block',
    spec: { syncPolicy: { automated: { prun: true } } },
    reason: 'UnknownField',
    message: /^spec\.syncPolicy\.automated\.prun: unknown field; did you mean prune\?$/,
  },
  {
    name: 'unknown-field-in-operation',
    operation: { sync: { revison: 'main' } },
    reason: 'UnknownField',
    message: /^operation\.sync\.revison: unknown field; did you mean revision\?$/,
  },
  {
    name: 'invalid-interval',
    spec: { interval: '10ms' },
    reason: 'InvalidSpec',
    message: /^spec\.interval: expected at least 1s, got 10ms$/,
  },
  {
    name: 'invalid-path',
    spec: { source: { path: '../other' } },
    reason: 'InvalidSpec',
    message: /^spec\.source\.path: expected a path without \.\.$/,
  },
  {
    name: 'password-in-the-address',
    spec: { source: { repoURL: 'http://user:hunter2@127.0.0.1/app.git' } },
    reason: 'InvalidSpec',
    message: /^spec\.source\.repoURL: expected an address without credentials; put them into a Secret/,
  },
  {
    name: 'invalid-sync-option',
    spec: { syncPolicy: { syncOptions: ['Prune=perhaps'] } },
    reason: 'InvalidSpec',
    message: /^spec\.syncPolicy\.syncOptions\[0\]: expected Prune=.*got Prune=perhaps$/,
  },
  {
    name: 'two-renderers',
    spec: { source: { kustomize: { namePrefix: 'x-' }, helm: { releaseName: 'x' } } },
    reason: 'InvalidSpec',
    message: /^spec\.source: expected at most one of helm and kustomize$/,
  },
  {
    name: 'not-yet-impersonation',
    spec: { destination: { serviceAccountName: 'deployer' } },
    reason: 'NotYetSupported',
    message: /^spec\.destination\.serviceAccountName.*: .*not supported yet/,
  },
  {
    name: 'two-sources-of-one-name',
    spec: { sources: ['a', 'b'].map((path) => ({ repoURL: 'https://git.example.com/a.git', path, ref: 'x' })) },
    reason: 'InvalidSpec',
    message: /^spec\.sources\[1\]\.ref: expected a name of its own, got x again$/,
  },
  {
    name: 'not-yet-another-cluster',
    spec: { destination: { server: 'https://other.example.com' } },
    reason: 'NotYetSupported',
    message: /^spec\.destination\.server: .*not supported yet.*kubernetes\.default\.svc/,
  },
  {
    name: 'refused-plugin',
    spec: { source: { plugin: { name: 'mine' } } },
    reason: 'Refused',
    message: /^spec\.source\.plugin: is not supported: .*render in CI and commit the result/,
  },
  {
    name: 'several-at-once',
    spec: { interval: '10ms', retry: { limit: 3 }, source: { chart: 'nginx', targetRevision: '' } },
    reason: 'UnknownField',
    message:
      /^spec\.retry: unknown field.*; spec\.source\.targetRevision: is required with chart; spec\.interval: expected at least 1s/,
  },
];

/** What no schema can let through: refused at the door, by its words. */
export const refusedAtTheDoor: readonly Pick<BadSpec, 'name' | 'spec' | 'operation' | 'message'>[] = [
  { name: 'text-for-a-switch', spec: { syncPolicy: { automated: { prune: 'yes' } } }, message: /prune.*boolean/ },
  { name: 'number-out-of-range', spec: { prune: { guard: { maxPercent: 200 } } }, message: /maxPercent.*100/ },
  { name: 'no-such-choice', spec: { drift: { correction: 'Sometimes' } }, message: /drift\.correction.*Immediate/ },
  { name: 'no-duration', spec: { interval: 'soon' }, message: /spec\.interval/ },
  {
    name: 'two-clusters',
    spec: { destination: { server: 'https://kubernetes.default.svc', name: 'in-cluster' } },
    message: /server and name exclude each other/,
  },
];
