import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { preflight } from '../../src/apply/apply.ts';
import { connect, loadCredentials } from '../../src/kube/kube.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { AuditRequest } from '../../tools/control-plane/control-plane.ts';
import { eventually } from '../../tools/eventually.ts';
import { conditionOf } from '../../tools/world.ts';
import { applicationNamed } from '../apply/application.ts';
import { configMap, definition, namespaceNamed } from '../apply/objects.ts';
import { realClock } from '../fakes/clock.ts';
import { RecordedTelemetry } from '../fakes/kube-telemetry.ts';
import { ClusterSubject, Scene } from './apply/scene.ts';
import { describeRequest } from './support/bad-input.ts';
import type { Journey } from './support/journey.ts';
import { begin, prepare, settings } from './support/journey.ts';
import { sharedWorld } from './support/shared-world.ts';

const world = await sharedWorld();

const timeout = 300_000;

const file = (...objects: readonly JsonObject[]): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });

function wrongDeployment(): JsonObject {
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } };
  const spec = { replicas: -1, selector: { matchLabels: { app: 'web' } }, template };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec };
}

function widget(group: string, spec: JsonObject, more: JsonObject = {}): JsonObject {
  return { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'one', ...more }, spec };
}

/** What the operator asked and wrote about objects of the journey's namespace, and definitions. */
async function asked({ name }: Journey, also = ''): Promise<string[]> {
  const isOurs = (request: AuditRequest): boolean =>
    (request.namespace === name || (also !== '' && request.name === also)) && request.verb !== 'watch';
  return (await world.requests(isOurs)).map(describeRequest);
}

/** Waits until Ready says so of the newest commit. */
async function refused(journey: Journey, revision: string, reason: string): Promise<string> {
  const { status } = await journey.until(`refused with ${reason}`, (now) => {
    const ready = conditionOf(now, 'Ready');
    return ready?.reason === reason && ready.status === 'False';
  });
  assert.notEqual(status?.sync?.revision === revision && status.sync.status === 'Synced', true);
  return conditionOf(status ?? {}, 'Ready')?.message ?? '';
}

describe('how many requests a sync makes', () => {
  test('a no-op sync makes none; changing 1 of 500 objects makes 1 dry-run and 1 write', { timeout }, async () => {
    const maps = (changed: string): string =>
      file(
        ...Array.from({ length: 500 }, (_, index) => ({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: `map-${index}` },
          data: { value: index === 250 ? changed : 'same' },
        })),
      );
    const journey = await prepare(world, 'five-hundred', { 'maps.json': maps('one') });
    await journey.apply();
    await journey.untilSynced(await journey.repository.head());
    await world.plane.forgetRequests();
    await journey.annotate({ 'evenkeel.dev/sync': 'again' });
    await journey.until('synced again', ({ operationState }) => {
      const by = operationState?.operation['initiatedBy'] as { readonly automated?: boolean } | undefined;
      return by?.automated === false && operationState?.phase === 'Succeeded';
    });
    assert.deepEqual(await asked(journey), []);

    await journey.untilSynced(await journey.commit({ 'maps.json': maps('two') }));
    const changes = (await asked(journey)).filter((request) => !request.startsWith('get '));
    assert.deepEqual(changes, ['dry-run configmaps five-hundred/map-250', 'patch configmaps five-hundred/map-250']);
  });
});

describe('what is checked before anything is written', () => {
  test(
    '9. everything is tried out first: one failure writes nothing, and says what and where',
    { timeout },
    async () => {
      const journey = await begin(world, 'tried-first');
      await journey.untilSynced();
      await journey.wroteNothing(async () => {
        const files = { ...settings('two'), 'web.json': file(wrongDeployment()) };
        const message = await refused(journey, await journey.commit(files), 'InvalidObject');
        assert.match(
          message,
          /Deployment\.apps tried-first\/web \(app\/web\.json:document 1:line 1\): .*spec\.replicas/,
        );
      });
      assert.equal(await journey.said(), 'one');
    },
  );

  test('PerObject: what is refused is held back alone', { timeout }, async () => {
    const journey = await begin(world, 'per-object', { spec: { preflight: 'PerObject' } });
    await journey.untilSynced();
    const files = { ...settings('two'), 'web.json': file(wrongDeployment()) };
    const message = await refused(journey, await journey.commit(files), 'InvalidObject');
    assert.match(message, /Deployment\.apps per-object\/web/);
    assert.equal(await journey.said(), 'two');
  });

  test('what is in a namespace of the same commit is compared with its schema', { timeout }, async () => {
    const inner = { name: 'map', namespace: 'by-schema-inner' };
    const wrong = { apiVersion: 'v1', kind: 'ConfigMap', metadata: inner, dta: { a: 'b' } };
    const journey = await prepare(world, 'by-schema', { 'a.json': file(namespaceNamed('by-schema-inner'), wrong) });
    await journey.apply();
    const message = await refused(journey, await journey.repository.head(), 'InvalidObject');
    assert.match(
      message,
      /app\/a\.json:document 1:line 1: ConfigMap by-schema-inner\/map: dta: there is no such field/,
    );
    const { status } = await world.plane.api.send({ path: '/api/v1/namespaces/by-schema-inner' });
    assert.equal(status, 404, 'the namespace was not made');
  });

  test(
    '10. no object is tried out before its definition is written: it may use what that brings',
    { timeout },
    async () => {
      const group = 'grows.example.com';
      const older = definition(group, { size: { type: 'integer' } });
      const newer = definition(group, { size: { type: 'integer' }, color: { type: 'string' } });
      const journey = await prepare(world, 'grows', { 'w.json': file(older, widget(group, { size: 1 })) });
      await journey.apply();
      await journey.untilSynced(await journey.repository.head());
      await world.plane.forgetRequests();
      const files = { 'w.json': file(newer, widget(group, { size: 1, color: 'red' })) };
      await journey.untilSynced(await journey.commit(files));
      const requests = (await asked(journey, `widgets.${group}`)).filter((request) => !request.startsWith('get '));
      const written = requests.indexOf(`patch customresourcedefinitions widgets.${group}`);
      const tried = requests.indexOf('dry-run widgets grows/one');
      assert.ok(written >= 0 && tried > written, requests.join(', '));
    },
  );
});

describe('a definition that exists', () => {
  test('is not written when objects that exist would not fit it, or would be lost', { timeout }, async () => {
    const group = 'kept.example.com';
    const older = definition(group, { size: { type: 'integer' } });
    const journey = await prepare(world, 'kept', { 'w.json': file(older) });
    await journey.apply();
    await journey.untilSynced(await journey.repository.head());
    const theirs = JSON.stringify(widget(group, {}, { name: 'theirs' }));
    await eventually('the kind to be served', () => world.plane.kubectl(['-n', 'kept', 'apply', '-f', '-'], theirs));
    await journey.wroteNothing(async () => {
      const requiring = JSON.parse(
        JSON.stringify(older).replace('"properties":{"size"', '"required":["size"],"properties":{"size"'),
      ) as JsonObject;
      const message = await refused(journey, await journey.commit({ 'w.json': file(requiring) }), 'UnsafeDefinition');
      assert.match(message, /Widget\.kept\.example\.com kept\/theirs: spec\.size: is required/);
      const renamed = JSON.parse(JSON.stringify(older).replaceAll('"v1"', '"v2"')) as JsonObject;
      const revision = await journey.commit({ 'w.json': file(renamed) });
      await journey.until('refused for its stored version', (status) =>
        (conditionOf(status, 'Ready')?.message ?? '').includes('version v1 cannot be removed: status.storedVersions'),
      );
      assert.notEqual((await journey.read()).status?.sync?.status, 'Synced', revision);
    });
    await world.plane.kubectl(['-n', 'kept', 'get', `widgets.${group}`, 'theirs']);
  });
});

describe('sync options', () => {
  test('Validate=false: fields that the schema lacks are left out', { timeout }, async () => {
    const annotations = { 'argocd.argoproj.io/sync-options': 'Validate=false' };
    const lenient = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', annotations },
      data: { value: 'one' },
      dta: {},
    };
    const journey = await prepare(world, 'lenient', { 'a.json': file(lenient) });
    await journey.apply();
    await journey.untilSynced(await journey.repository.head());
    assert.equal(await journey.said(), 'one');
    await journey.meddle('meddled');
    await journey.untilSaid('one');
  });

  test('SkipDryRunOnMissingResource=true: the others go on, and the object follows its kind', { timeout }, async () => {
    const group = 'late.example.com';
    const syncPolicy = { automated: {}, syncOptions: ['SkipDryRunOnMissingResource=true'] };
    const journey = await prepare(world, 'skipped', { ...settings('one'), 'w.json': file(widget(group, { size: 1 })) });
    await journey.apply({ spec: { syncPolicy } });
    await journey.untilSaid('one');
    const { status } = await journey.until('waiting for the kind', ({ sync }) => sync?.status === 'OutOfSync');
    assert.match(JSON.stringify(status?.resources), /does not serve Widget in late\.example\.com\/v1/);
    const crd = JSON.stringify(definition(group, { size: { type: 'integer' } }));
    await world.plane.kubectl(['apply', '-f', '-'], crd);
    await journey.until('in place', ({ sync }) => sync?.status === 'Synced');
    await world.plane.kubectl(['-n', 'skipped', 'get', `widgets.${group}`, 'one']);
  });
});

describe('permissions that are taken away in the middle of a sync', () => {
  test('end it clearly, and nothing is deleted', { timeout }, async () => {
    const { plane } = world;
    const home = 'revoked';
    await plane.kubectl(['create', 'namespace', home]);
    await plane.kubectl(['create', 'clusterrolebinding', home, '--clusterrole=cluster-admin', '--user=revoked']);
    const credentials = await loadCredentials(
      { kind: 'kubeconfig', file: await plane.userKubeconfig('revoked') },
      realClock,
    );
    const telemetry = new RecordedTelemetry();
    await using cluster = connect({
      credentials,
      clock: realClock,
      random: Math.random,
      telemetry,
      userAgent: 'evenkeel/test',
    });
    await cluster.followDefinitions();
    const subject = new ClusterSubject(new Scene(plane, cluster), applicationNamed(home));
    const [kept, old] = [configMap(home, 'kept', { a: '1' }), configMap(home, 'old', { a: '1' })];
    await subject.sync(kept, old);
    const plan = await preflight(await subject.plan(configMap(home, 'kept', { a: '2' })), subject.context);
    await plane.kubectl(['delete', 'clusterrolebinding', home]);
    await eventually('the permission to be gone', async () => {
      const can = ['auth', 'can-i', 'patch', 'configmaps', '-n', home, '--as=revoked'];
      return plane.kubectl(can).then(
        (said) => said.trim() === 'no',
        () => true,
      );
    });
    const { results } = await subject.apply(plan);
    const failed = results.flatMap((result) => (result.kind === 'failed' ? [result.error] : []));
    assert.deepEqual([...new Set(failed.map(({ reason }) => reason))], ['Forbidden']);
    assert.ok(!results.some(({ kind }) => kind === 'removed' || kind === 'applied'));
    await plane.kubectl(['-n', home, 'get', 'configmap', 'old', 'kept']);

    await assert.rejects(preflight(plan, subject.context), /cannot (patch|delete) resource "configmaps"/);
  });
});
