import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parse } from 'yaml';
import { installationNamed } from '../../src/model/installation.ts';
import { planStorage } from '../../src/model/inventory.ts';
import type { JsonObject, JsonValue } from '../../src/model/json.ts';
import { isKubeObject } from '../../src/model/object.ts';
import { parseApplication } from '../../src/model/parse-application.ts';
import type { ApiAnswer, ControlPlane } from '../../tools/control-plane/control-plane.ts';
import { startControlPlane } from '../../tools/control-plane/control-plane.ts';
import { eventually } from '../../tools/eventually.ts';
import { repositoryRoot } from '../../tools/generated-file.ts';

const applications = '/apis/evenkeel.dev/v1alpha1/namespaces/default/applications';
const inventories = '/apis/evenkeel.dev/v1alpha1/namespaces/default/inventories';
const source = { repoURL: 'https://git.example.com/a.git', path: '.' };

let cluster: ControlPlane;
let count = 0;

before(async () => {
  cluster = await startControlPlane();
  for (const plural of ['applications', 'inventories']) {
    const file = path.join(repositoryRoot, 'deploy', 'crds', `${plural}.yaml`);
    const body = parse(readFileSync(file, 'utf8')) as JsonObject;
    await cluster.api.must({ method: 'POST', path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', body });
  }
  const isServed = async (url: string) => (await cluster.api.send({ path: url })).status === 200;
  await eventually('the API server to serve the kinds', async () => {
    return (await isServed(applications)) && (await isServed(inventories));
  });
});

after(() => cluster[Symbol.asyncDispose]());

/** Posted as a client that asks for no validation of its own. */
function post(spec: JsonValue, more: JsonObject = {}, name = `app-${(count += 1)}`): Promise<ApiAnswer> {
  const body = { apiVersion: 'evenkeel.dev/v1alpha1', kind: 'Application', metadata: { name }, spec, ...more };
  return cluster.api.send({ method: 'POST', path: `${applications}?fieldValidation=Ignore`, body });
}

function stored(answer: ApiAnswer) {
  const body = answer.body as JsonValue;
  assert.ok(answer.status === 201 && isKubeObject(body), JSON.stringify(body));
  return body;
}

function messageOf(answer: ApiAnswer): string {
  assert.equal(answer.status, 422, JSON.stringify(answer.body));
  return (answer.body as { message: string }).message;
}

describe('the definitions', () => {
  test('are structural: the API server finds nothing to complain about', async () => {
    for (const plural of ['applications', 'inventories']) {
      const url = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.evenkeel.dev`;
      const { status } = (await cluster.api.must({ path: url })) as { status: { conditions: JsonObject[] } };
      const states = new Map(status.conditions.map((condition) => [condition['type'], condition['status']]));
      assert.equal(states.get('Established'), 'True');
      assert.equal(states.get('NonStructuralSchema') ?? 'False', 'False');
    }
  });

  test('show columns', async () => {
    stored(await post({ source, destination: { namespace: 'shop' } }, {}, 'columns'));
    const narrow = await cluster.kubectl(['get', 'applications.evenkeel.dev', 'columns']);
    assert.match(narrow, /^NAME\s+SYNC\s+HEALTH\s+REVISION\s+AGE\s*\n/);
    const wide = await cluster.kubectl(['get', 'gitops', '--output', 'wide']);
    assert.match(wide, /DRIFTED\s+DESTINATION\s+MESSAGE/);
    assert.match(wide, /application\.evenkeel\.dev\/columns .* shop/);
  });
});

describe('fields that the operator has to see reach it', () => {
  test('unknown ones, at every level of spec and operation', async () => {
    const spec = {
      source: { ...source, pth: 'x', helm: { valuesFiles: ['a'] } },
      sorce: {},
      syncPolicy: { automated: { selfheal: true } },
      ignoreDifferences: [{ kind: 'A', jsonPath: 'b' }],
    };
    const object = stored(
      await post(spec, { operation: { sync: { prun: true, resources: [{ kind: 'A', name: 'a', kin: 'A' }] } } }),
    );
    assert.deepEqual(object['spec'], spec);
    const answer = parseApplication(object, [], installationNamed(''));
    assert.ok(answer.kind === 'invalid');
    for (const field of ['source.pth', 'source.helm.valuesFiles', 'sorce', 'syncPolicy.automated.selfheal']) {
      assert.ok(answer.error.message.includes(`spec.${field}: unknown field`), field);
    }
    assert.ok(answer.error.message.includes('spec.ignoreDifferences[0].jsonPath: unknown field'));
    assert.ok(answer.error.message.includes('operation.sync.prun: unknown field'));
    assert.ok(answer.error.message.includes('operation.sync.resources[0].kin: unknown field'));
  });

  test('ones of later versions, refused and ignored ones, and nothing is added by a default', async () => {
    const spec = {
      source: { ...source, plugin: { name: 'a' }, kustomize: { version: 'v4', replicas: [{ name: 'a', count: '3' }] } },
      preflight: 'All',
      healthChecks: [{ apiVersion: 'v1', kind: 'A' }],
    };
    assert.deepEqual(stored(await post(spec))['spec'], spec);
  });
});

describe('what the API server refuses itself', () => {
  const refusals: readonly [string, JsonValue, RegExp][] = [
    ['a number for a duration', { source, interval: 5 }, /interval.*string/],
    ['no duration', { source, interval: 'soon' }, /spec\.interval.*should match/],
    ['an unknown word', { source, drift: { correction: 'Sometimes' } }, /Unsupported value: "Sometimes"/],
    ['text for a switch', { source, syncPolicy: { automated: { prune: 'yes' } } }, /prune.*boolean/],
    ['a source without address', { source: { path: '.' } }, /repoURL: Required value/],
    ['no source', { destination: {} }, /one of source and sources is required/],
    ['no source, but an empty list', { sources: [] }, /one of source and sources is required/],
    ['server and name', { source, destination: { server: 'a', name: 'b' } }, /server and name exclude each other/],
    ['ref and chart', { source: { ...source, ref: 'a', chart: 'b' } }, /ref and chart exclude each other/],
    [
      'too long a list',
      { source, info: Array.from({ length: 65 }, () => ({ name: 'a', value: 'b' })) },
      /at most 64 items/,
    ],
  ];
  for (const [name, spec, message] of refusals) {
    test(name, async () => assert.match(messageOf(await post(spec)), message));
  }

  test('two operations at once', async () => {
    const answer = await post({ source }, { operation: { sync: {}, rollback: { id: 1 } } });
    assert.match(messageOf(answer), /at most one of sync, rollback and terminate/);
  });

  test('a name that leaves no room for those of Inventories', async () => {
    assert.match(messageOf(await post({ source }, {}, 'a'.repeat(250))), /more than 240 characters/);
  });

  test('no spec at all', async () => {
    const body = { apiVersion: 'evenkeel.dev/v1alpha1', kind: 'Application', metadata: { name: 'empty' } };
    assert.match(
      messageOf(await cluster.api.send({ method: 'POST', path: applications, body })),
      /spec: Required value/,
    );
  });
});

describe('status', () => {
  test('is a subresource, and operation is not', async () => {
    const object = stored(await post({ source }, { operation: { sync: {} }, status: { reconciledAt: 'x' } }, 'split'));
    assert.deepEqual([object['status'], object['operation']], [undefined, { sync: {} }]);
    const patch = [
      { op: 'add', path: '/status', value: { record: { format: 1, entries: [] }, unknown: 1 } },
      { op: 'remove', path: '/operation' },
    ];
    const url = `${applications}/split/status`;
    const answer = await cluster.api.must({
      method: 'PATCH',
      path: url,
      body: patch,
      contentType: 'application/json-patch+json',
    });
    const { status, operation } = answer as JsonObject;
    assert.deepEqual([status, operation], [{ record: { format: 1, entries: [] } }, { sync: {} }]);
  });

  test('holds the largest record that is stored in it, and an Inventory the largest part', async () => {
    const entries = (number: number) =>
      Array.from({ length: number }, (_, index) => ({
        ref: { group: 'apps', kind: 'Deployment', namespace: 'shop', name: `web-${index}` },
        uid: `00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}`,
        desired: 'desiredhash',
        fp: 'fingerprint',
      }));
    const owner = { name: 'split', namespace: 'default', uid: '00000000-0000-4000-8000-000000000000' };
    const body = { status: { record: planStorage(owner, entries(300), []).inline } };
    const contentType = 'application/merge-patch+json';
    await cluster.api.must({ method: 'PATCH', path: `${applications}/split/status`, body, contentType });
    for (const { object } of planStorage(owner, entries(1500), []).write) {
      await cluster.api.must({ method: 'POST', path: inventories, body: object });
    }
  });
});
