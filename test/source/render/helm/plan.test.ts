import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { canonicalJson } from '../../../../src/model/json.ts';
import { readHelm } from '../../../../src/model/parse-source.ts';
import { createHelmStage, treeOf, type HelmStage, type Wish } from './helm-stage.ts';

let stage: HelmStage;
let asked = 0;

before(async () => {
  stage = await createHelmStage({
    limits: { renderMs: 3_000, renderBytes: 8 * 1024 * 1024, renderMemoryBytes: 300 * 1024 * 1024 },
    cluster: () => {
      asked++;
      return { kubeVersion: 'v1.36.3', apiVersions: ['v1'] };
    },
  });
});

after(() => stage[Symbol.asyncDispose]());

const chart = {
  'app/Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 0.1.0\n',
  'app/values.yaml': 'name: shop\n',
  'app/templates/map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Values.name }}}\n',
  'app/files/motd.txt': 'hello',
  'envs/prod.yaml': 'name: prod\n',
  'README.md': 'nothing',
};

const helm = (block: Parameters<typeof readHelm>[0]): Wish => ({ path: 'app', helm: readHelm(block) });

async function identityOf(files: Readonly<Record<string, string>>, wish: Wish = { path: 'app' }): Promise<string> {
  return canonicalJson((await stage.plan(await treeOf(files), wish)).identity);
}

const same: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['a file elsewhere', { 'README.md': 'something' }],
  ['a value file that nobody names', { 'envs/prod.yaml': 'name: other\n' }],
];

for (const [what, change] of same) {
  test(`identity: ${what} does not change it`, async () => {
    assert.equal(await identityOf({ ...chart, ...change }), await identityOf(chart));
  });
}

const others: readonly (readonly [string, Wish, Wish])[] = [
  ['the values', helm({ values: 'a: 1' }), helm({ values: 'a: 2' })],
  ['an object of values', helm({ valuesObject: { a: 1 } }), helm({ values: '{"a":1} ' })],
  [
    'a parameter',
    helm({ parameters: [{ name: 'a', value: '1' }] }),
    helm({ parameters: [{ name: 'a', value: '1', forceString: true }] }),
  ],
  ['the release', { path: 'app', name: 'one' }, { path: 'app', name: 'two' }],
  ['the namespace', helm({ namespace: 'one' }), helm({ namespace: 'two' })],
  ['the version of Kubernetes', helm({ kubeVersion: '1.30' }), helm({ kubeVersion: '1.31' })],
  ['skipCrds', helm({ skipCrds: true }), helm({ skipTests: true })],
  ['a value file', helm({ valueFiles: ['/envs/prod.yaml'] }), helm({ valueFiles: ['values.yaml'] })],
  [
    'a file parameter',
    helm({ fileParameters: [{ name: 'a', path: 'files/motd.txt' }] }),
    helm({ fileParameters: [{ name: 'b', path: 'files/motd.txt' }] }),
  ],
];

for (const [what, one, other] of others) {
  test(`identity: ${what} changes it`, async () => {
    assert.notEqual(await identityOf(chart, one), await identityOf(chart, other));
  });
}

test('identity: a file of the chart, and a value file that is named, change it', async () => {
  assert.notEqual(await identityOf({ ...chart, 'app/files/motd.txt': 'bye' }), await identityOf(chart));
  const wish = helm({ valueFiles: ['../envs/*.yaml'] });
  assert.notEqual(
    await identityOf({ ...chart, 'envs/prod.yaml': 'name: other\n' }, wish),
    await identityOf(chart, wish),
  );
});

test('identity: the cluster is asked only for charts that ask, in templates, dependencies, values or Chart.yaml', async () => {
  const before = asked;
  await identityOf(chart);
  assert.equal(asked, before);
  const asking: readonly (readonly [Readonly<Record<string, string>>, Wish?])[] = [
    [{ 'app/templates/map.yaml': '{{/* .Capabilities.KubeVersion */}}' }],
    [{ 'app/Chart.yaml': `${chart['app/Chart.yaml']}kubeVersion: ">=1.30"\n` }],
    [
      {
        'app/charts/sub/Chart.yaml': 'apiVersion: v2\nname: sub\nversion: 1.0.0\n',
        'app/charts/sub/templates/NOTES.txt': '{{ .Capabilities }}',
      },
    ],
    [{ 'envs/prod.yaml': 'text: "{{ .Capabilities.HelmVersion }}"\n' }, helm({ valueFiles: ['/envs/prod.yaml'] })],
    [{}, helm({ values: 'text: "{{ .Capabilities.KubeVersion }}"' })],
  ];
  for (const [change, wish] of asking) {
    const count = asked;
    assert.match(await identityOf({ ...chart, ...change }, wish), /"kubeVersion":"1\.36\.3"/);
    assert.equal(asked, count + 1);
  }
});

test('plan: only the chart and the named files are put on disk', async () => {
  await stage.render(await treeOf(chart), helm({ valueFiles: ['/envs/prod.yaml'], values: 'a: 1' }));
  assert.deepEqual(stage.placed, [
    'chart/Chart.yaml',
    'chart/files/motd.txt',
    'chart/templates/map.yaml',
    'chart/values.yaml',
    'options/0.yaml',
    'options/1.yaml',
  ]);
});

const wrong: readonly (readonly [what: string, wish: Wish, reason: string, message: RegExp])[] = [
  [
    'a value file outside',
    helm({ valueFiles: ['../../etc/passwd'] }),
    'InvalidSpec',
    /"\.\.\/\.\.\/etc\/passwd": leaves the repository$/,
  ],
  ['one outside by a glob', helm({ valueFiles: ['/../*.yaml'] }), 'InvalidSpec', /leaves the repository$/],
  [
    'a parameter’s file outside',
    helm({ fileParameters: [{ name: 'a', path: '../../x' }] }),
    'InvalidSpec',
    /fileParameters: .*leaves the repository$/,
  ],
  [
    'a value file that is missing',
    helm({ valueFiles: ['prod.yaml'] }),
    'PathNotFound',
    /there is no "app\/prod\.yaml"$/,
  ],
  [
    'a glob without a match',
    helm({ valueFiles: ['/envs/*.yml'] }),
    'PathNotFound',
    /there is nothing that "envs\/\*\.yml" matches$/,
  ],
  ['a glob that is none', helm({ valueFiles: ['/envs/[.yaml'] }), 'InvalidSpec', /the pattern "\[\.yaml" is not valid/],
  ['a folder as value file', helm({ valueFiles: ['/envs'] }), 'InvalidSpec', /envs: is a folder/],
  ['a value file from the web', helm({ valueFiles: ['https://example.com/v.yaml'] }), 'NotYetSupported', /commit it$/],
  ['one with another scheme', helm({ valueFiles: ['secrets://v.yaml'] }), 'InvalidSpec', /is no path$/],
  ['an unknown ref', helm({ valueFiles: ['$values/v.yaml'] }), 'InvalidSpec', /no source has the ref "values"$/],
  ['a long name', { path: 'app', name: 'a'.repeat(54) }, 'InvalidSpec', /set spec\.source\.helm\.releaseName$/],
  ['a release that is no name', helm({ releaseName: '{{ .x }}' }), 'InvalidSpec', /can be no Helm release/],
  [
    'a version of Kubernetes that is none',
    helm({ kubeVersion: 'latest' }),
    'InvalidSpec',
    /"latest" is no version of Kubernetes$/,
  ],
  ['no chart', { path: 'envs' }, 'PathNotFound', /^envs: has no Chart\.yaml$/],
];

for (const [what, wish, reason, message] of wrong) {
  test(`plan: ${what} is refused`, async () => {
    await assert.rejects(async () => await stage.plan(await treeOf(chart), wish), { reason, message });
  });
}

const failing: readonly (readonly [
  what: string,
  change: Readonly<Record<string, string>>,
  wish: Wish,
  reason: string,
  message: RegExp,
])[] = [
  [
    'a template that fails',
    { 'app/templates/map.yaml': '{{ fail "not today" }}' },
    { path: 'app' },
    'RenderFailed',
    /^helm template app: .*shop\/templates\/map\.yaml:1:3.*not today/s,
  ],
  [
    'a value that the schema refuses',
    { 'app/values.schema.json': '{"properties": {"name": {"type": "number"}}}' },
    { path: 'app' },
    'RenderFailed',
    /name.*got string, want number/s,
  ],
  [
    'a value file that is no YAML',
    { 'envs/prod.yaml': 'a: [' },
    helm({ valueFiles: ['/envs/prod.yaml'] }),
    'RenderFailed',
    /envs\/prod\.yaml/,
  ],
  [
    'output that is no YAML',
    { 'app/templates/map.yaml': 'a: {{ "[" }}' },
    { path: 'app' },
    'RenderFailed',
    /shop\/templates\/map\.yaml/,
  ],
  [
    'half an object',
    { 'app/templates/map.yaml': '# first\n---\nkind: ConfigMap\n' },
    { path: 'app' },
    'InvalidObject',
    /^app\/templates\/map\.yaml:document \d+:line \d+: has kind but no apiVersion$/,
  ],
  [
    'a key that is there twice',
    { 'app/templates/map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a: "1"\n  a: "2"\n' },
    { path: 'app' },
    'DecodeFailed',
    /^app\/templates\/map\.yaml:document 1:line 6: key "a" is there twice/,
  ],
  [
    'a template without end',
    {
      'app/templates/map.yaml':
        '{{- define "x" }}{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}{{ end }}{{ range until 100000 }}{{ include "x" . }}{{ end }}',
    },
    { path: 'app' },
    'LimitExceeded',
    /limit renderM/,
  ],
  [
    'a template that calls itself',
    { 'app/templates/map.yaml': '{{- define "x" }}{{ include "x" . }}{{ end }}{{ include "x" . }}' },
    { path: 'app' },
    'RenderFailed',
    /nested|recursion|exceeded/i,
  ],
  [
    'a template that prints 1 GB',
    { 'app/templates/map.yaml': 'a: "{{ range until 10000 }}{{ repeat 100000 "x" }}{{ end }}"' },
    { path: 'app' },
    'LimitExceeded',
    /limit render(Bytes|MemoryBytes|Ms)/,
  ],
];

for (const [what, change, wish, reason, message] of failing) {
  test(`run: ${what} is an error, and nothing stays behind`, async () => {
    await assert.rejects(
      async () => await stage.render(await treeOf({ ...chart, ...change }), wish),
      (error: unknown) => {
        assert.ok(error instanceof Error && 'reason' in error);
        assert.match(error.message, message);
        assert.equal(error.reason, reason);
        assert.doesNotMatch(error.message, /evenkeel-helm|render-|options\/0|\.\/chart/);
        return true;
      },
    );
    assert.deepEqual([...stage.open], []);
  });
}

test('plan: a glob that would take a regular expression for ever takes no time', async () => {
  const wish = helm({ valueFiles: [`/${'*a'.repeat(40)}*b.yaml`] });
  const files = { ...chart, [`${'a'.repeat(200)}.yaml`]: 'a: 1' };
  await assert.rejects(async () => await stage.plan(await treeOf(files), wish), { reason: 'PathNotFound' });
});

const schemas: readonly (readonly [what: string, schema: string, refused: boolean])[] = [
  ['a file by its address', '{"$ref": "file:///etc/hostname"}', true],
  ['a file without scheme', '{"properties": {"a": {"\\u0024ref": "etc/hostname#/x"}}}', true],
  ['a file as its own place', '{"$id": "file:///etc/", "properties": {"a": {"$ref": "hostname"}}}', true],
  ['a file as its own kind', '{"$schema": "file:///etc/hostname"}', true],
  ['a server', '{"$ref": "http://127.0.0.1:8080/schema.json"}', true],
  ['a part of itself', '{"properties": {"a": {"$ref": "#/$defs/b"}}, "$defs": {"b": {}}}', false],
  [
    'a part of itself by id',
    '{"properties": {"a": {"$ref": "item.json#"}}, "$defs": {"b": {"$id": "item.json"}}}',
    false,
  ],
  ['the dialect it is written in', '{"$schema": "https://json-schema.org/draft/2020-12/schema"}', false],
  ['nothing, for it is no JSON', '{', false],
];

for (const [what, schema, isRefused] of schemas) {
  test(`plan: a schema that refers to ${what} is ${isRefused ? 'refused' : 'left to Helm'}`, async () => {
    for (const place of ['app/values.schema.json', 'app/charts/sub/values.schema.json']) {
      const files = {
        ...chart,
        'app/charts/sub/Chart.yaml': 'apiVersion: v2\nname: sub\nversion: 1.0.0\n',
        [place]: schema,
      };
      const planned = stage.plan(await treeOf(files), { path: 'app' });
      if (isRefused) await assert.rejects(planned, { reason: 'InvalidObject', message: /which is not in it$/ });
      else await planned;
      await stage.plan(await treeOf(files), helm({ skipSchemaValidation: true }));
    }
  });
}
