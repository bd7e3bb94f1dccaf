import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { connect, createEvents, createSecretReader, loadCredentials } from '../../src/kube/kube.ts';
import type { ClusterConnection, ConnectOptions, LeaseOptions } from '../../src/kube/kube.ts';
import { ApiError } from '../../src/model/api-error.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { refOf, resourceVersionOf, targetOf, uidOf } from '../../src/model/object.ts';
import { eventually } from '../../tools/eventually.ts';
import { startFaultProxy } from '../../tools/fault-proxy.ts';
import { startControlPlane } from '../../tools/control-plane/control-plane.ts';
import type { ControlPlane } from '../../tools/control-plane/control-plane.ts';
import { Recorder } from '../contract/recorder.ts';
import { realClock } from '../fakes/clock.ts';
import { RecordedTelemetry } from '../fakes/kube-telemetry.ts';

const ours = { manager: 'evenkeel', force: true };
const configMapKind = {
  group: '',
  kind: 'ConfigMap',
  apiVersion: 'v1',
  resource: 'configmaps',
  namespaced: true,
  verbs: ['watch'],
};

function configMap(name: string, of: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default', labels: { of } },
    data: { a: '1' },
  };
}

function leaseOf(holder: string, changed?: (isLeader: boolean) => void): LeaseOptions {
  return {
    namespace: 'default',
    name: 'evenkeel',
    holder,
    manager: 'evenkeel-controller',
    durationMs: 3_000,
    renewDeadlineMs: 2_000,
    retryMs: 500,
    ...(changed === undefined ? {} : { changed }),
  };
}

/** One control plane of its own: its API server is killed and its discovery made stale. */
describe('kube on a real API server', () => {
  let plane: ControlPlane;
  before(async () => {
    plane = await startControlPlane();
  });
  after(async () => {
    await plane.stop();
  });

  async function connectAs(user: string, own: Partial<ConnectOptions> = {}) {
    const file = await plane.userKubeconfig(user, ['system:masters']);
    const telemetry = new RecordedTelemetry();
    const connection: ClusterConnection = connect({
      credentials: await loadCredentials({ kind: 'kubeconfig', file }, realClock),
      clock: realClock,
      random: Math.random,
      telemetry,
      userAgent: 'evenkeel/test',
      ...own,
    });
    return { connection, telemetry };
  }

  test('200 objects by initial events; a kill of the API server costs no list and loses nothing', async () => {
    const { connection } = await connectAs('reflecting');
    await using cluster = connection;
    const { connection: writer } = await connectAs('writing');
    await using writing = writer;
    await Promise.all([cluster.kinds.refresh(), writing.kinds.refresh()]);
    const names = Array.from({ length: 200 }, (_, i) => `many-${i}`);
    await Promise.all(names.map((name) => writing.apply(configMap(name, 'many'), ours)));
    const recorder = new Recorder();
    const reflector = cluster.reflect({
      kind: configMapKind,
      metadataOnly: true,
      labelSelector: 'of=many',
      listener: recorder,
    });
    await recorder.heard('synced');
    assert.equal(recorder.told.length, 201);
    const requests = await plane.requests('reflecting');
    assert.deepEqual(requests.map(({ verb, resource }) => `${verb} ${resource}`.trim()).sort(), [
      'get',
      'get',
      'watch configmaps',
    ]);
    assert.match(requests.find(({ verb }) => verb === 'watch')?.uri ?? '', /sendInitialEvents=true/);

    await plane.kill('kube-apiserver');
    await recorder.heard('interrupted');
    assert.equal(reflector.complete, true);
    await plane.start('kube-apiserver');
    await eventually('the watch to be back', () => recorder.told.at(-1) === 'synced');
    await writing.kinds.refresh();
    await eventually('a write', async () => (await writing.apply(configMap('many-0', 'less'), ours)).object);
    await recorder.heard('deleted many-0');
    assert.equal(recorder.told.filter((line) => line.startsWith('deleted')).length, 1);
    reflector.stop();
  });

  test('deletions while the place in the history was lost are told after the relist', async () => {
    await using cleanup = new AsyncDisposableStack();
    const certificate = plane.issueServingCertificate();
    const proxy = cleanup.use(await startFaultProxy({ target: plane.url, targetCa: plane.caPem, certificate }));
    const file = await plane.tokenKubeconfig(await adminToken(), proxy.url);
    const { connection: cluster, telemetry } = await connectAs('through the proxy', {
      credentials: await loadCredentials({ kind: 'kubeconfig', file }, realClock),
    });
    cleanup.use(cluster);
    await cluster.kinds.refresh();
    for (const name of ['kept', 'lost']) await cluster.apply(configMap(name, 'gap'), ours);
    const recorder = new Recorder();
    const reflector = cluster.reflect({
      kind: configMapKind,
      metadataOnly: true,
      labelSelector: 'of=gap',
      listener: recorder,
    });
    await recorder.heard('synced');
    const lost = recorder.last('lost');

    proxy.rules = [{ then: { kind: 'answer', status: 503 } }];
    await plane.restart('kube-apiserver');
    await recorder.heard('interrupted');
    await plane.kubectl(['delete', 'configmap', 'lost']);
    // The cache of a new API server begins now: what was before it is too old to go on from.
    await plane.restart('kube-apiserver');
    proxy.rules = [];
    await recorder.heard('deleted lost');
    await eventually('the end of the episode', () => recorder.told.at(-1) === 'synced');
    assert.equal(recorder.count('deleted kept'), 0);
    assert.equal(reflector.complete, true);
    assert.ok(telemetry.failures.some(({ reason }) => reason === 'gone'));
    const told = recorder.last('lost');
    assert.equal(told && uidOf(told), lost && uidOf(lost));
    assert.equal(told?.metadata['managedFields'], undefined, 'told by the relist, not by a late event');
    reflector.stop();
  });

  /** A ServiceAccount that may do everything, made once. */
  async function adminToken(): Promise<string> {
    await plane.kubectl(['create', 'serviceaccount', 'tester']);
    const binding = ['create', 'clusterrolebinding', 'tester', '--clusterrole=cluster-admin'];
    await plane.kubectl([...binding, '--serviceaccount=default:tester']);
    return plane.serviceAccountToken('default', 'tester');
  }

  test('the Lease goes from one to the other when the first stops, and nothing is sent without it', async () => {
    const changes: string[] = [];
    const { connection: first } = await connectAs('first', { lease: leaseOf('a', (is) => changes.push(`a ${is}`)) });
    await first.lease?.acquired();
    const { connection: second, telemetry } = await connectAs('second', {
      lease: leaseOf('b', (is) => changes.push(`b ${is}`)),
    });
    await using cleanup = new AsyncDisposableStack();
    cleanup.use(second);
    await eventually('the second to ask', () => telemetry.requests.length > 2);
    await assert.rejects(
      second.apply(configMap('refused', 'lease'), ours),
      (error) => error instanceof ApiError && ['notLeader', 'unavailable'].includes(error.kind),
    );
    await first[Symbol.asyncDispose]();
    await second.lease?.acquired();
    assert.deepEqual(changes, ['a true', 'a false', 'b true']);
    const requests = await plane.requests('second');
    assert.ok(requests.every(({ resource }) => resource === 'leases'));
    await second.kinds.refresh();
    await second.apply(configMap('allowed', 'lease'), ours);
  });

  test('a killed API server costs the Lease, and it comes back', async () => {
    const changes: boolean[] = [];
    const { connection, telemetry } = await connectAs('enduring', {
      lease: { ...leaseOf('c', (is) => changes.push(is)), name: 'enduring' },
    });
    await using cleanup = new AsyncDisposableStack();
    cleanup.use(connection);
    await connection.lease?.acquired();
    await plane.kill('kube-apiserver');
    await eventually('the loss', () => changes.at(-1) === false);
    assert.equal(connection.reachable, false);
    await plane.start('kube-apiserver');
    await connection.lease?.acquired();
    assert.equal(connection.reachable, true);
    assert.deepEqual(changes, [true, false, true]);
    assert.ok(telemetry.failures.some(({ target }) => target === 'lease'));
  });

  test('Secrets are watched, not read', async () => {
    const { connection } = await connectAs('secretive');
    await using cluster = connection;
    await cluster.kinds.refresh();
    using secrets = createSecretReader(cluster, realClock);
    const changed: string[] = [];
    secrets.onChange((namespace, name) => changed.push(`${namespace}/${name}`));
    assert.equal(await secrets.get('default', 'git'), undefined);
    const secret = (password: string): KubeObject => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'git', namespace: 'default' },
      data: { password: Buffer.from(password).toString('base64') },
    });
    await cluster.apply(secret('one'), ours);
    await eventually(
      'the Secret',
      async () => (await secrets.get('default', 'git'))?.['password']?.toString() === 'one',
    );
    await cluster.apply(secret('two'), ours);
    await eventually(
      'the change',
      async () => (await secrets.get('default', 'git'))?.['password']?.toString() === 'two',
    );
    assert.deepEqual(changed, ['default/git', 'default/git']);
    const requests = await plane.requests('secretive');
    assert.equal(requests.filter(({ resource }) => resource === 'secrets').length, 3, 'one watch and two applies');
  });

  test('equal events become a series', async () => {
    const { connection, telemetry } = await connectAs('telling');
    await using cluster = connection;
    await cluster.kinds.refresh();
    const { object } = await cluster.apply(configMap('told', 'events'), ours);
    await using events = createEvents({
      cluster,
      clock: realClock,
      telemetry,
      manager: 'evenkeel-controller',
      instance: 'pod-0',
    });
    const regarding = { ...targetOf(object), uid: uidOf(object) };
    for (let i = 0; i < 5; i += 1) {
      events.emit({ regarding, type: 'Normal', reason: 'Synced', action: 'Sync', note: 'Synced to 1234567.' });
    }
    await events.flushed();
    const listed: unknown = JSON.parse(await plane.kubectl(['get', 'events', '-n', 'default', '-o', 'json']));
    const text = JSON.stringify(listed);
    assert.match(text, /Synced to 1234567\./);
    assert.equal(text.split('"reason":"Synced"').length, 2);
    assert.match(text, /evenkeel-controller/);
  });

  test('an APIService without a backend makes its group unknown, and its removal makes it gone', async () => {
    const { connection } = await connectAs('discovering');
    await using cluster = connection;
    await cluster.followDefinitions();
    const metric = { group: 'metrics.example.com', kind: 'Metric' };
    await eventually('the group to be gone', () => cluster.kinds.find(metric).state === 'gone');
    const service: KubeObject = {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1.metrics.example.com' },
      spec: {
        group: 'metrics.example.com',
        version: 'v1',
        service: { namespace: 'default', name: 'none' },
        insecureSkipTLSVerify: true,
        groupPriorityMinimum: 100,
        versionPriority: 100,
      },
    };
    const { object } = await cluster.apply(service, ours);
    await eventually('the group to be unknown', () => cluster.kinds.find(metric).state === 'unknown');
    await eventually('discovery to say stale', () => {
      const answer = cluster.kinds.find(metric);
      return answer.state === 'unknown' && /stale/.test(answer.why);
    });
    assert.equal(cluster.kinds.find({ group: 'apps', kind: 'Deployment' }).state, 'served');
    assert.equal(cluster.kinds.find({ group: 'apps', kind: 'Nothing' }).state, 'gone');
    const live = await cluster.read({ ...refOf(object), apiVersion: object.apiVersion }, {});
    assert.ok(live);
    await cluster.delete(targetOf(live), {
      uid: uidOf(live),
      resourceVersion: resourceVersionOf(live),
      propagation: 'Background',
    });
    await eventually('the group to be gone again', () => cluster.kinds.find(metric).state === 'gone');
  });
});
