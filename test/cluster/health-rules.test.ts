import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../../tools/eventually.ts';
import { chartFolder } from '../../tools/helm.ts';
import { startWorld, type ApplicationJson, type World } from '../../tools/world.ts';
import { prepare, type Journey } from './support/journey.ts';

/** What the operator manages here, and nothing else: what it needs for itself is the chart's business. */
const rbac = {
  profile: 'rules',
  rules: [
    { apiGroups: ['example.com'], resources: ['*'], verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'] },
  ],
};

const gadgets = {
  apiVersion: 'example.com/v1',
  kind: 'Gadget',
  failed: 'object.status.phase == "Broken"',
  inProgress: '!has(object.status)',
  current: 'object.status.phase == "Ready"',
  message: '"the gadget is " + object.status.phase',
};

/** As it would stand in argocd-cm. */
const widgets = `
hs = {}
hs.status = "Progressing"
hs.message = "waiting for the widget"
if obj.status ~= nil and obj.status.conditions ~= nil then
  for _, condition in ipairs(obj.status.conditions) do
    if condition.type == "Turning" and condition.status == "True" then
      hs.status = "Healthy"
      hs.message = "it turns"
    elseif condition.type == "Turning" then
      hs.status = "Degraded"
      hs.message = "it stands: " .. condition.message
    end
  end
end
return hs
`;

const timeout = 300_000;

let world: World;
let journey: Journey;

before(async () => {
  world = await startWorld();
  for (const kind of ['Widget', 'Gadget']) await define(kind);
  await configure({ checks: [gadgets], lua: { 'example.com/Widget': widgets } });
  await world.startOperator();
  journey = await prepare(world, 'machines', { 'widget.json': manifest('Widget'), 'gadget.json': manifest('Gadget') });
  await journey.apply();
});

after(() => world[Symbol.asyncDispose]());

function manifest(kind: string): string {
  return JSON.stringify({ apiVersion: 'example.com/v1', kind, metadata: { name: 'one' }, spec: {} });
}

async function define(kind: string): Promise<void> {
  const plural = `${kind.toLowerCase()}s`;
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const version = { name: 'v1', served: true, storage: true, schema, subresources: { status: {} } };
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.example.com` },
    spec: { group: 'example.com', names: { kind, plural }, scope: 'Namespaced', versions: [version] },
  };
  await world.plane.kubectl(['apply', '-f', '-'], JSON.stringify(definition));
  await world.plane.kubectl(['wait', '--for=condition=Established', `crd/${plural}.example.com`]);
}

/** `helm upgrade` with these rules. */
async function configure(healthRules: Readonly<Record<string, unknown>>): Promise<void> {
  const file = path.join(world.plane.folder, 'values.json');
  await writeFile(file, JSON.stringify({ rbac, healthRules }));
  await world.helm(['upgrade', 'evenkeel', chartFolder, '--namespace', 'evenkeel', '--values', file]);
}

/** What a controller would say. */
async function report(resource: string, status: Readonly<Record<string, unknown>>): Promise<void> {
  const at = `/apis/example.com/v1/namespaces/machines/${resource}/one/status`;
  const contentType = 'application/merge-patch+json';
  await world.plane.api.must({ method: 'PATCH', path: at, body: { status }, contentType });
}

const turning = (status: string, message = '') => ({ conditions: [{ type: 'Turning', status, message }] });

async function untilHealth(status: string, message: RegExp): Promise<ApplicationJson> {
  return journey.until(`${status} because of ${String(message)}`, ({ health }) => {
    return health?.status === status && message.test(health.message);
  });
}

describe('health rules of the chart', { timeout }, () => {
  test('judge objects by CEL and by a script of Argo CD', async () => {
    await untilHealth('Progressing', /./);
    await report('gadgets', { phase: 'Ready' });
    await untilHealth('Progressing', /waiting for the widget/);
    await report('widgets', turning('True'));
    await untilHealth('Healthy', /^/);
    await report('widgets', turning('False', 'jammed'));
    await untilHealth('Degraded', /it stands: jammed/);
    await report('widgets', turning('True'));
    await untilHealth('Healthy', /^/);
    await report('gadgets', { phase: 'Broken' });
    await untilHealth('Degraded', /the gadget is Broken/);
    await report('gadgets', { phase: 'Ready' });
    await untilHealth('Healthy', /^/);
  });

  test('hold from the moment they are changed, without a commit or a restart', async () => {
    await journey.wroteNothing(async () => {
      await configure({
        checks: [gadgets],
        lua: { 'example.*/Wid*': 'return { status = "Suspended", message = "off" }' },
      });
      await untilHealth('Suspended', /off/);
      const checks = [{ ...gadgets, failed: 'object.status.phase == "Ready"' }];
      await configure({ checks, lua: { 'example.com/Widget': widgets } });
      await untilHealth('Degraded', /the gadget is Ready/);
      await configure({ checks: [gadgets], lua: { 'example.com/Widget': widgets } });
      await untilHealth('Healthy', /^/);
    });
  });

  test('stand through a restart, without a moment of another verdict', async () => {
    const { status } = await untilHealth('Healthy', /^/);
    await world.stopOperator();
    await world.startOperator();
    await world.operatorHasLooked('machines');
    assert.deepEqual((await journey.read()).status?.health, status?.health);
  });

  test('are told of when they are broken, and make nobody healthy', async () => {
    const told = async () => (await world.operator.metric('evenkeel_health_rule_errors_total')) ?? 0;
    assert.equal(await told(), 0);
    await configure({
      checks: [gadgets],
      lua: { 'example.com/Widget': 'hs = {}\nhs.status = = "Healthy"\nreturn hs' },
    });
    await untilHealth('Unknown', /example\.com\/Widget:2: unexpected symbol near '='/);
    assert.equal(await told(), 1);
    await eventually('an Event about the ConfigMap', async () => {
      const args = ['get', 'events', '-n', 'evenkeel', '--field-selector', 'reason=HealthRuleBroken', '-o', 'json'];
      const { items } = JSON.parse(await world.plane.kubectl(args)) as { items: readonly { message: string }[] };
      return items.some(({ message }) => message.includes('example.com/Widget:2:'));
    });
    await configure({ lua: { 'example.com/Widget': widgets }, checks: [{ ...gadgets, failed: 'object.status.' }] });
    await untilHealth('Unknown', /checks\[0\]\.failed: line 1, column/);
    assert.equal(await told(), 2);
  });

  test('are gone with their ConfigMap', async () => {
    await configure({});
    const { status } = await untilHealth('Healthy', /^/);
    assert.equal(status?.sync?.status, 'Synced');
  });
});
