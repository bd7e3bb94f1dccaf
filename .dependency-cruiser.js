/** Import directions of docs/architecture: what may import what. Everything else is forbidden. */
const folders = [
  'model',
  'source',
  'live',
  'diff',
  'apply',
  'health',
  'jq',
  'thread',
  'http',
  'kube',
  'reconcile',
  'webhook',
  'telemetry',
  'cli',
];

/** Folder → folders whose front file it may import (model is always allowed). */
const directions = {
  model: [],
  http: [],
  source: ['http'],
  diff: [],
  thread: [],
  health: ['thread'],
  jq: ['thread'],
  kube: ['http'],
  webhook: ['http'],
  telemetry: ['http'],
  live: [],
  apply: ['diff', 'health'],
  reconcile: ['source', 'live', 'diff', 'apply', 'health'],
  cli: ['source', 'live', 'diff', 'apply', 'health', 'jq', 'kube', 'telemetry'],
};

/** Folders that may name the types of the port to the cluster. */
const clusterPort = ['live', 'apply', 'reconcile', 'cli'];

/** Entry files of processes inside a folder bring the system's clock and the version with them. */
const entries = { source: '^src/source/tools/helper-main\\.ts$', cli: '^src/cli/main\\.ts$' };

const rules = folders.map((folder) => {
  const fronts = (directions[folder] ?? []).map((other) => `^src/${other}/${other}\\.ts$`);
  const port = clusterPort.includes(folder) ? ['^src/kube/cluster\\.ts$'] : [];
  const model = folder === 'model' ? [] : ['^src/model/'];
  return {
    name: `${folder}-imports`,
    comment: `src/${folder} may import only: ${[...model, ...fronts, ...port].join(' ')}`,
    severity: 'error',
    from: { path: `^src/${folder}/`, ...(entries[folder] && { pathNot: entries[folder] }) },
    to: { path: '^src/', pathNot: [`^src/${folder}/`, ...model, ...fronts, ...port] },
  };
});

export default {
  forbidden: [
    ...rules,
    {
      name: 'cluster-port-types-only',
      comment:
        'Outside kube/, the port to the cluster is a type; its implementation is connected by operator.ts, and for commands by cli/connection.ts.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(kube/|operator\\.ts$|cli/connection\\.ts$)' },
      to: { path: '^src/kube/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'operator-imports-fronts',
      comment: 'The composition root knows each folder by its front file.',
      severity: 'error',
      from: { path: '^src/operator\\.ts$' },
      to: { path: '^src/([^/]+)/', pathNot: ['^src/([^/]+)/\\1\\.ts$', '^src/model/', '^src/kube/cluster\\.ts$'] },
    },
    {
      name: 'only-main-imports-operator',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/main\\.ts$' },
      to: { path: '^src/(operator|main)\\.ts$' },
    },
    {
      name: 'src-imports-no-test-nor-tool',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|tools|bench)/' },
    },
    {
      name: 'kubernetes-client-in-kube-only',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/kube/credentials\\.ts$' },
      to: { path: '@kubernetes/client-node' },
    },
    {
      name: 'files-where-files-belong',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(source/|cli/|kube/credentials\\.ts$)' },
      to: { path: '^(node:)?fs(/promises)?$' },
    },
    {
      name: 'children-where-children-belong',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/source/' },
      to: { path: '^(node:)?child_process$' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      comment: 'A file that nobody imports and that is no entry is dead.',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: ['^src/(cli/)?main\\.ts$', '\\.d\\.ts$'] },
      to: {},
    },
    {
      name: 'no-dev-dependency-in-src',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'resolvable',
      comment: 'Packages are resolved by the compiler.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, path: '^\\.' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
