import type { BadFiles } from './bad-input.ts';
import { configMap } from './bad-input.ts';

/** What the API server alone can tell is asked of it by dry-run, of every object that would be written. */
const dryRuns = ['dry-run configmaps NAMESPACE/kept', 'get configmaps NAMESPACE/kept'];

const laughs = [
  'a: &a [x, x, x, x, x, x, x, x, x]',
  ...['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].map((letter, index) => {
    const before = `*${'abcdefgh'.charAt(index)}`;
    return `${letter}: &${letter} [${Array.from({ length: 9 }, () => before).join(', ')}]`;
  }),
].join('\n');

function deployment(spec: string, container = ''): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  ${spec}
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: web:1
          ${container}
`;
}

/** Wrong manifests. Each is committed beside a good change of `kept`, which must not be applied alone. */
export const badFiles: readonly BadFiles[] = [
  {
    name: 'yaml-syntax-error',
    files: { 'app/broken.yaml': 'apiVersion: v1\nkind: ConfigMap\n---\napiVersion: v1\nkind: [ConfigMap\n' },
    reason: 'DecodeFailed',
    message: /^app\/broken\.yaml:document 2:line [56]: /,
  },
  {
    name: 'json-syntax-error',
    files: { 'app/broken.json': '{\n  "apiVersion": "v1",\n  "kind" "ConfigMap"\n}\n' },
    reason: 'DecodeFailed',
    message: /^app\/broken\.json:document 1:line 3: /,
  },
  {
    name: 'duplicate-key',
    files: { 'app/twice.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: twice\ndata:\n  a: x\n  a: y\n' },
    reason: 'DecodeFailed',
    message: /^app\/twice\.yaml:document 1:line 7: key "a" is there twice/,
  },
  {
    name: 'duplicate-object',
    files: { 'app/other.yaml': `# again\n---\n${configMap('kept', { round: 'other' })}\n` },
    reason: 'AmbiguousObject',
    message:
      /ConfigMap duplicate-object\/kept .*app\/kept\.json:document 1:line 1.*app\/other\.yaml:document [12]:line 3/,
  },
  {
    name: 'missing-kind',
    files: { 'app/half.yaml': 'apiVersion: v1\nmetadata:\n  name: half\n' },
    reason: 'InvalidObject',
    message: /^app\/half\.yaml:document 1:line 1: .*no kind/,
  },
  {
    name: 'unknown-kind',
    files: { 'app/widget.yaml': 'apiVersion: example.com/v1\nkind: Widget\nmetadata:\n  name: w\n' },
    reason: 'KindNotServed',
    message:
      /app\/widget\.yaml:document 1:line 1.*Widget\.example\.com w: .*example\.com\/v1.*CustomResourceDefinition/,
    asks: dryRuns,
  },
  {
    name: 'unknown-version',
    files: { 'app/old.yaml': 'apiVersion: apps/v1beta1\nkind: Deployment\nmetadata:\n  name: web\n' },
    reason: 'KindNotServed',
    message: /app\/old\.yaml:document 1:line 1.*Deployment\.apps .*apps\/v1beta1/,
    asks: dryRuns,
  },
  {
    name: 'wrong-type',
    files: { 'app/web.yaml': deployment('replicas: 1', 'ports: [{containerPort: "80"}]') },
    reason: 'InvalidObject',
    message:
      /app\/web\.yaml:document 1:line 1.*Deployment\.apps wrong-type\/web.*containers.*containerPort: expected an integer/,
    asks: dryRuns,
  },
  {
    name: 'wrong-type-told-by-the-server',
    files: { 'app/web.yaml': deployment('minReadySeconds: soon') },
    reason: 'InvalidObject',
    message:
      /Deployment\.apps wrong-type-told-by-the-server\/web \(app\/web\.yaml:document 1:line 1\).*minReadySeconds.*expected.*correct the manifest/,
    asks: [...dryRuns, 'dry-run deployments NAMESPACE/web'],
  },
  {
    name: 'unknown-field',
    files: { 'app/web.yaml': deployment('replicaz: 1') },
    reason: 'InvalidObject',
    message:
      /Deployment\.apps unknown-field\/web \(app\/web\.yaml:document 1:line 1\).*replicaz.*field not declared.*correct the manifest/,
    asks: [...dryRuns, 'dry-run deployments NAMESPACE/web'],
  },
  {
    name: 'number-in-configmap',
    files: { 'app/number.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: number\ndata:\n  port: 8080\n' },
    reason: 'InvalidObject',
    message:
      /app\/number\.yaml:document 1:line 1.*ConfigMap number-in-configmap\/number.*data\.port: expected text, got a number: put it in quotes/,
    asks: dryRuns,
  },
  {
    name: 'bad-base64-in-a-secret',
    files: { 'app/token.yaml': 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: token\ndata:\n  token: not base64\n' },
    reason: 'InvalidObject',
    message: /app\/token\.yaml:document 1:line 1.*Secret bad-base64-in-a-secret\/token: data\.token: it is not base64/,
    asks: dryRuns,
  },
  {
    name: 'name-that-only-the-server-would-know',
    files: { 'app/generated.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  generateName: generated-\n' },
    reason: 'InvalidObject',
    message: /^app\/generated\.yaml:document 1:line 1: ConfigMap: has generateName and no name/,
  },
  {
    name: 'name-that-is-another-url',
    files: { 'app/path.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ../secrets/token\n' },
    reason: 'InvalidObject',
    message:
      /^app\/path\.yaml:document 1:line 1: ConfigMap: metadata\.name "\.\.\/secrets\/token" can be no object's name/,
  },
  {
    name: 'duplicate-list-key',
    files: { 'app/web.yaml': deployment('replicas: 1', 'env: [{name: A, value: one}, {name: A, value: two}]') },
    reason: 'InvalidObject',
    message: /app\/web\.yaml:document 1:line 1.*Deployment\.apps duplicate-list-key\/web.*env.*name=A/,
    asks: dryRuns,
  },
  {
    name: 'no-such-namespace',
    files: {
      'app/far.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: far\n  namespace: nowhere\n',
    },
    reason: 'MissingNamespace',
    message: /ConfigMap nowhere\/far \(app\/far\.yaml:document 1:line 1\).*"nowhere" not found.*create the namespace/,
    asks: [...dryRuns, 'dry-run configmaps nowhere/far'],
  },
  {
    name: 'object-of-3-mb',
    files: { 'app/large.json': configMap('large', { blob: 'x'.repeat(3_000_000) }) },
    reason: 'LimitExceeded',
    message: /^app\/large\.json:document 1:line 1: ConfigMap object-of-3-mb\/large of 30[0-9]+ bytes exceeds the limit/,
  },
  {
    name: 'billion-laughs',
    files: { 'app/laughs.yaml': `${laughs}\n` },
    reason: 'DecodeFailed',
    message: /^app\/laughs\.yaml:document 1:line [0-9]+: /,
  },
  {
    name: 'two-errors-at-once',
    files: {
      'app/a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  labels: {on: true}\n',
      'app/b.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: kept\n',
    },
    reason: 'InvalidObject',
    message: /app\/a\.yaml:document 1:line 1.*labels.*quotes.*described twice/,
  },
  {
    name: 'unknown-hook',
    files: {
      'app/hook.yaml':
        'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: hook\n  annotations:\n    evenkeel.dev/hook: BeforeSync\n',
    },
    reason: 'InvalidObject',
    message: /^app\/hook\.yaml:document 1:line 1: ConfigMap hook: .*evenkeel\.dev\/hook.*BeforeSync/,
  },
];
