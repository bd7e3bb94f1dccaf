import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { readConfig, settings } from '../../src/config.ts';
import { installationNamed } from '../../src/model/installation.ts';
import type { JsonObject, JsonValue } from '../../src/model/json.ts';
import { arrayAt, isJsonObject, jsonEqual, objectAt, stringAt } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { isKubeObject } from '../../src/model/object.ts';
import { parseApplication } from '../../src/model/parse-application.ts';
import { generateInstall } from '../../tools/generate-install.ts';
import { repositoryRoot, settle } from '../../tools/generated-file.ts';
import { chartFolder, runHelm } from '../../tools/helm.ts';

const rulesProfile = [
  '--set=rbac.profile=rules',
  '--set-json=rbac.rules=[{"apiGroups":["","apps"],"resources":["configmaps","deployments"],"verbs":["get","list"]}]',
];

const webhooks = [
  '--set=webhook.enabled=true',
  '--set=webhook.ingress.enabled=true',
  '--set=webhook.ingress.host=hooks.example.com',
];

const readingVerbs: readonly JsonValue[] = ['get', 'list', 'watch'];

async function rendered(...args: readonly string[]): Promise<KubeObject[]> {
  const text = await runHelm(['template', 'evenkeel', chartFolder, '--namespace', 'evenkeel', ...args]);
  return documentsIn(text);
}

function documentsIn(text: string): KubeObject[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as JsonValue)
    .filter(isKubeObject);
}

function only(objects: readonly KubeObject[], kind: string, name: string): KubeObject {
  const found = objects.filter((object) => object.kind === kind && object.metadata.name === name);
  assert.equal(found.length, 1, `${kind} ${name}`);
  return found[0] ?? assert.fail();
}

function container(objects: readonly KubeObject[]): JsonObject {
  const template = objectAt(objectAt(only(objects, 'Deployment', 'evenkeel'), 'spec'), 'template');
  const [first] = arrayAt(objectAt(template, 'spec'), 'containers');
  assert.ok(isJsonObject(first));
  return first;
}

function environmentOf(objects: readonly KubeObject[]): Record<string, string> {
  const values = arrayAt(container(objects), 'env').filter(isJsonObject);
  return Object.fromEntries(values.map((item) => [stringAt(item, 'name') ?? '', stringAt(item, 'value') ?? '']));
}

describe('helm lint', () => {
  const everything = [
    ...rulesProfile,
    '--set=serviceMonitor.enabled=true',
    '--set=dashboards.enabled=true',
    ...webhooks,
  ];
  test('default values', async () => {
    await runHelm(['lint', '--strict', chartFolder]);
  });
  test('rules profile with everything on', async () => {
    await runHelm(['lint', '--strict', chartFolder, ...everything]);
  });
});

describe('permissions', () => {
  test('cluster-admin', async () => {
    const objects = await rendered();
    const binding = only(objects, 'ClusterRoleBinding', 'evenkeel-managed-cluster-admin');
    assert.equal(stringAt(binding['roleRef'], 'name'), 'cluster-admin');
  });

  test('rules: nothing but what they say, and what the operator itself needs', async () => {
    const objects = await rendered(...rulesProfile);
    assert.ok(!JSON.stringify(objects).includes('"cluster-admin"'));
    const role = only(objects, 'ClusterRole', 'evenkeel-managed');
    const rule = { apiGroups: ['', 'apps'], resources: ['configmaps', 'deployments'], verbs: ['get', 'list'] };
    assert.deepEqual(role['rules'], [rule]);
    only(objects, 'ClusterRole', 'evenkeel-operator');
    only(objects, 'Role', 'evenkeel-leader');
  });

  test('nobody but the operator may write status and inventories', async () => {
    const objects = await rendered('--set=rbac.aggregate.edit=true');
    for (const name of ['evenkeel-view', 'evenkeel-edit']) {
      for (const rule of arrayAt(only(objects, 'ClusterRole', name), 'rules')) {
        const isReading = arrayAt(rule, 'verbs').every((verb) => readingVerbs.includes(verb));
        assert.ok(isReading || jsonEqual(arrayAt(rule, 'resources'), ['applications']), JSON.stringify(rule));
      }
    }
  });

  test('writing Applications is added to edit only when asked for', async () => {
    const label = 'rbac.authorization.k8s.io/aggregate-to-edit';
    const labels = async (...args: readonly string[]) =>
      objectAt(only(await rendered(...args), 'ClusterRole', 'evenkeel-edit').metadata, 'labels');
    assert.equal(stringAt(await labels(), label), undefined);
    assert.equal(stringAt(await labels('--set=rbac.aggregate.edit=true'), label), 'true');
  });

  test('with watchNamespaces the operator may read Applications and Secrets there only', async () => {
    const objects = await rendered('--set=config.watchNamespaces={shop,team}');
    const text = JSON.stringify(only(objects, 'ClusterRole', 'evenkeel-operator'));
    assert.ok(!text.includes('secrets') && !text.includes('applications'));
    const roles = objects.filter(
      (object) => object.metadata.name === 'evenkeel-applications' && object.kind === 'Role',
    );
    assert.deepEqual(roles.map((role) => role.metadata['namespace']).sort(), ['shop', 'team']);
  });
});

describe('the Deployment', () => {
  test('runs without privileges', async () => {
    const security = objectAt(container(await rendered()), 'securityContext');
    assert.deepEqual(security, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  test('sets every setting of the operator, each as its default', async () => {
    const environment = environmentOf(await rendered());
    const variables = Object.values(settings).map(({ variable }) => variable);
    // The image says what it was built from, and the kubelet's place for the ServiceAccount is everywhere the same.
    const elsewhere = ['EVENKEEL_COMMIT', 'EVENKEEL_SERVICE_ACCOUNT_DIR'];
    for (const variable of variables.filter((name) => /^(EVENKEEL|POD)_/.test(name) && !elsewhere.includes(name))) {
      assert.ok(variable in environment, variable);
    }
    // What the pod itself knows is asked of the API server when it starts.
    const downward = { POD_NAME: 'p', POD_NAMESPACE: 'n' };
    // A volume of its own has a limit and, unlike /dev/shm, may hold what can be executed.
    const memory = { EVENKEEL_MEMORY_DIR: '/run/evenkeel' };
    assert.deepEqual(readConfig({ ...environment, ...downward }, []), readConfig({ ...downward, ...memory }, []));
  });

  test('mounts memory, and nothing else, where secrets are written', async () => {
    const objects = await rendered();
    const folder = environmentOf(objects)['EVENKEEL_MEMORY_DIR'];
    const mounts = arrayAt(container(objects), 'volumeMounts').filter(isJsonObject);
    const [mount] = mounts.filter((candidate) => candidate['mountPath'] === folder);
    const template = objectAt(objectAt(only(objects, 'Deployment', 'evenkeel'), 'spec'), 'template');
    const volumes = arrayAt(objectAt(template, 'spec'), 'volumes').filter(isJsonObject);
    assert.deepEqual(
      volumes.filter((volume) => volume['name'] === mount?.['name']),
      [{ name: 'memory', emptyDir: { medium: 'Memory', sizeLimit: '16Mi' } }],
    );
  });

  test('passes values on in a form that the operator reads', async () => {
    const args = [
      '--set=config.watchNamespaces={shop,team}',
      '--set=config.workers=7',
      '--set=config.lease.duration=3s',
    ];
    const more = ['--set=config.lease.renewDeadline=2s', '--set=config.lease.retryPeriod=500ms'];
    const config = readConfig(environmentOf(await rendered(...args, ...more)), []);
    assert.deepEqual([config.watchNamespaces, config.workers], [['shop', 'team'], 7]);
    assert.deepEqual(config.lease, { durationMs: 3000, renewDeadlineMs: 2000, retryPeriodMs: 500 });
  });
});

describe('switches', () => {
  test('CRDs can be left out, and are kept by default', async () => {
    const crds = (objects: KubeObject[]) => objects.filter(({ kind }) => kind === 'CustomResourceDefinition');
    const kept = crds(await rendered());
    assert.deepEqual(
      kept.map(({ metadata }) => stringAt(objectAt(metadata, 'annotations'), 'helm.sh/resource-policy')),
      ['keep', 'keep'],
    );
    assert.deepEqual(
      crds(await rendered('--set=crds.keep=false')).map(({ metadata }) => metadata['annotations']),
      [undefined, undefined],
    );
    assert.deepEqual(crds(await rendered('--set=crds.install=false')), []);
  });

  test('the dashboard is shipped as it is', async () => {
    const objects = await rendered('--set=dashboards.enabled=true');
    const map = only(objects, 'ConfigMap', 'evenkeel-dashboards');
    assert.equal(stringAt(objectAt(map.metadata, 'labels'), 'grafana_dashboard'), '1');
    const source = readFileSync(path.join(repositoryRoot, 'deploy/dashboards/evenkeel.json'), 'utf8');
    assert.equal(stringAt(objectAt(map, 'data'), 'evenkeel.json'), source);
  });

  test('the ServiceMonitor selects the Service', async () => {
    const objects = await rendered('--set=serviceMonitor.enabled=true');
    const selector = objectAt(objectAt(only(objects, 'ServiceMonitor', 'evenkeel'), 'spec'), 'selector');
    const labels = objectAt(only(objects, 'Service', 'evenkeel-metrics').metadata, 'labels');
    for (const [key, value] of Object.entries(objectAt(selector, 'matchLabels'))) assert.equal(labels[key], value);
  });
});

describe('webhooks', () => {
  const named = (objects: readonly KubeObject[]) =>
    objects.filter(({ metadata }) => metadata.name === 'evenkeel-webhook').map(({ kind }) => kind);

  test('are not listened for by default', async () => {
    const objects = await rendered();
    assert.deepEqual(named(objects), []);
    assert.equal(environmentOf(objects)['EVENKEEL_WEBHOOK_ADDRESS'], '');
    assert.equal(arrayAt(container(objects), 'ports').length, 1);
  });

  test('have a port and a Service of their own', async () => {
    const objects = await rendered('--set=webhook.enabled=true', '--set=webhook.service.port=8443');
    assert.deepEqual(named(objects), ['Service']);
    const { webhook } = readConfig(environmentOf(objects), []);
    const port = { name: 'webhook', containerPort: webhook?.port ?? 0 };
    assert.ok(arrayAt(container(objects), 'ports').some((each) => jsonEqual(each, port)));
    const spec = objectAt(only(objects, 'Service', 'evenkeel-webhook'), 'spec');
    assert.deepEqual(arrayAt(spec, 'ports'), [{ name: 'webhook', port: 8443, targetPort: 'webhook' }]);
    const pod = objectAt(objectAt(objectAt(only(objects, 'Deployment', 'evenkeel'), 'spec'), 'template'), 'metadata');
    const labels = objectAt(pod, 'labels');
    for (const [key, value] of Object.entries(objectAt(spec, 'selector'))) assert.equal(labels[key], value);
  });

  test('come in by TLS only', async () => {
    const spec = objectAt(only(await rendered(...webhooks), 'Ingress', 'evenkeel-webhook'), 'spec');
    assert.deepEqual(spec['tls'], [{ hosts: ['hooks.example.com'] }]);
    const secret = '--set=webhook.ingress.tlsSecretName=hooks-tls';
    const own = objectAt(only(await rendered(...webhooks, secret), 'Ingress', 'evenkeel-webhook'), 'spec');
    assert.deepEqual(own['tls'], [{ hosts: ['hooks.example.com'], secretName: 'hooks-tls' }]);
  });

  test('their Secrets, and those of repositories, may be read in the namespace of the operator', async () => {
    const objects = await rendered('--set=config.watchNamespaces={shop}', ...rulesProfile);
    const role = only(objects, 'Role', 'evenkeel-leader');
    assert.equal(stringAt(role.metadata, 'namespace'), 'evenkeel');
    const rule = { apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list', 'watch'] };
    assert.ok(arrayAt(role, 'rules').some((each) => jsonEqual(each, rule)));
  });
});

describe('health rules', () => {
  test('none: no ConfigMap, no setting, no permission', async () => {
    const objects = await rendered();
    assert.deepEqual(
      objects.filter(({ kind }) => kind === 'ConfigMap'),
      [],
    );
    assert.equal(environmentOf(objects)['EVENKEEL_HEALTH_RULES'], '');
    assert.ok(!JSON.stringify(only(objects, 'Role', 'evenkeel-leader')).includes('configmaps'));
  });

  const script = 'hs = {}\nif obj.status == nil then\n  hs.status = "Progressing"\nend\nreturn hs\n';
  const check = { apiVersion: 'example.com/v1', kind: 'Gadget', failed: 'object.status.phase == "Broken"' };

  test('reach the operator as they are written, which may read this ConfigMap and no other', async () => {
    const objects = await rendered(
      `--set-json=healthRules.checks=${JSON.stringify([check])}`,
      `--set-json=healthRules.lua=${JSON.stringify({ '*.example.com/*': script })}`,
    );
    const name = 'evenkeel-health-rules';
    assert.equal(environmentOf(objects)['EVENKEEL_HEALTH_RULES'], name);
    const data = objectAt(only(objects, 'ConfigMap', name), 'data');
    assert.deepEqual(parse(stringAt(data, 'checks') ?? ''), [check]);
    assert.deepEqual(parse(stringAt(data, 'lua') ?? ''), { '*.example.com/*': script });
    const rules = arrayAt(only(objects, 'Role', 'evenkeel-leader'), 'rules');
    const names = rules.filter((rule) => arrayAt(rule, 'resources').includes('configmaps'));
    assert.deepEqual(
      names.map((rule) => arrayAt(rule, 'resourceNames')),
      [[name]],
    );
  });

  test('may be a ConfigMap that somebody else makes', async () => {
    const objects = await rendered('--set=healthRules.existingConfigMap=argocd-cm');
    assert.equal(environmentOf(objects)['EVENKEEL_HEALTH_RULES'], 'argocd-cm');
    assert.deepEqual(
      objects.filter(({ kind }) => kind === 'ConfigMap'),
      [],
    );
  });
});

describe('the values schema refuses', () => {
  const wrong = [
    ['a misspelt name', 'config.worker=3'],
    ['no workers', 'config.workers=0'],
    ['an unknown log level', 'config.logLevel=loud'],
    ['no duration', 'config.gitTimeout=soon'],
    ['an unknown profile', 'rbac.profile=root'],
    ['a profile of rules without rules', 'rbac.profile=rules'],
    ['text for a switch', 'crds.keep=maybe'],
    ['no digest', 'image.digest=latest'],
    ['an Ingress without a host', 'webhook.ingress.enabled=true'],
  ] as const;
  for (const [name, setting] of wrong) {
    test(name, () => assert.rejects(rendered(`--set=${setting}`), /values don't meet the specifications|schema/));
  }
});

test('install.yaml is the rendered chart', async () => {
  assert.deepEqual(await settle(await generateInstall(), true), []);
});

test('every Application of the examples is valid', () => {
  const folder = path.join(repositoryRoot, 'deploy/examples');
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
  const objects = files.flatMap((file) => documentsIn(readFileSync(path.join(folder, file), 'utf8')));
  const applications = objects.filter(({ kind }) => kind === 'Application');
  assert.ok(applications.length >= 3);
  for (const object of applications) {
    const answer = parseApplication(object, [], installationNamed(''));
    assert.equal(answer.kind, 'valid', answer.kind === 'invalid' ? answer.error.message : '');
    assert.deepEqual(answer.app.fieldsIgnored, []);
  }
});

test('the image starts the operator as the chart does', async () => {
  const dockerfile = readFileSync(path.join(repositoryRoot, 'deploy/Dockerfile'), 'utf8');
  const entrypoint = /^ENTRYPOINT (\[.*\])$/m.exec(dockerfile)?.[1] ?? assert.fail();
  const arenas = /\bMALLOC_ARENA_MAX=(\d+)/.exec(dockerfile)?.[1] ?? assert.fail();
  const objects = await rendered();
  assert.deepEqual(JSON.parse(entrypoint), container(objects)['command']);
  assert.equal(environmentOf(objects)['MALLOC_ARENA_MAX'], arenas);
});

test('chart and package have one version', () => {
  const read = (file: string) => readFileSync(path.join(repositoryRoot, file), 'utf8');
  const chart = parse(read('charts/evenkeel/Chart.yaml')) as JsonObject;
  const { version } = JSON.parse(read('package.json')) as { version: string };
  assert.deepEqual([chart['version'], chart['appVersion']], [version, version]);
});
