import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ClusterConnection } from '../../src/kube/kube.ts';
import { connect, loadCredentials } from '../../src/kube/kube.ts';
import { createLive } from '../../src/live/live.ts';
import type { Live } from '../../src/live/live.ts';
import { installationNamed, marksOf, trackingId } from '../../src/model/installation.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Suspect } from '../../src/model/live.ts';
import { observe } from '../../src/model/managed-fields.ts';
import type { GroupKind, KubeObject, Ref } from '../../src/model/object.ts';
import { labelsOf, refKey, refOf, targetOf } from '../../src/model/object.ts';
import type { RecordEntry } from '../../src/model/record.ts';
import type { ControlPlane } from '../../tools/control-plane/control-plane.ts';
import { startControlPlane } from '../../tools/control-plane/control-plane.ts';
import { eventually } from '../../tools/eventually.ts';
import { realClock } from '../fakes/clock.ts';
import { RecordedTelemetry } from '../fakes/kube-telemetry.ts';

const installation = installationNamed('');
const key = 'default/shop';
const never = new AbortController().signal;
const kinds: readonly GroupKind[] = [
  { group: 'apps', kind: 'Deployment' },
  { group: '', kind: 'ConfigMap' },
];

let plane: ControlPlane;
let cluster: ClusterConnection;
let live: Live;
let suspects: Suspect[] = [];

before(async () => {
  plane = await startControlPlane();
  const credentials = await loadCredentials({ kind: 'kubeconfig', file: plane.kubeconfig }, realClock);
  const telemetry = new RecordedTelemetry();
  cluster = connect({ credentials, clock: realClock, random: Math.random, telemetry, userAgent: 'live-test' });
  await cluster.followDefinitions();
  live = createLive({
    cluster,
    installation,
    clock: realClock,
    health: {
      needsStatus: ({ kind }) => kind === 'Deployment',
      assess: (object) => ({ status: 'Healthy', message: JSON.stringify(object['status'] ?? {}) }),
      onChange: () => () => undefined,
    },
  });
  live.onSuspect((suspect) => suspects.push(suspect));
  live.declare(key, { record: [], kinds });
  await live.settled(never);
});

after(async () => {
  live[Symbol.dispose]();
  await cluster[Symbol.asyncDispose]();
  await plane.stop();
});

function marked(body: JsonObject & { apiVersion: string; kind: string }, name: string): KubeObject {
  const ref = refOf({ ...body, metadata: { name, namespace: 'default' } });
  const { partOf, slot } = marksOf(installation, key);
  const labels = { [installation.partOfLabel]: partOf, [installation.slotLabel]: slot };
  const annotations = { [installation.trackingAnnotation]: trackingId(key, ref) };
  return { ...body, metadata: { name, namespace: 'default', labels, annotations } };
}

function deployment(name: string): KubeObject {
  const template = {
    metadata: { labels: { app: name } },
    spec: {
      initContainers: [
        { name: 'one', image: 'a' },
        { name: 'two', image: 'b' },
      ],
      containers: [{ name: 'web', image: 'web:1', args: ['a', 'b'] }],
    },
  };
  const spec = { replicas: 1, selector: { matchLabels: { app: name } }, template };
  return marked({ apiVersion: 'apps/v1', kind: 'Deployment', spec }, name);
}

function configMap(name: string): KubeObject {
  return marked({ apiVersion: 'v1', kind: 'ConfigMap', data: { a: '1', b: '2' } }, name);
}

/** Applies as the operator does. */
async function apply(body: KubeObject): Promise<KubeObject> {
  const write = live.writes.begin(refOf(body));
  try {
    const { object } = await cluster.apply(body, { manager: installation.manager, force: true });
    write.answered(object, 'd1');
    return object;
  } finally {
    write.end();
  }
}

/** Until the watch has shown the object as the server has it now. */
async function untilShown(ref: Ref): Promise<void> {
  const target = { ...ref, apiVersion: ref.group === '' ? 'v1' : `${ref.group}/v1` };
  await eventually('the watch to show the newest state', async () => {
    const object = await cluster.read(target, {});
    const shown = live.observation(ref)?.resourceVersion;
    if (object === undefined || labelsOf(object)[installation.partOfLabel] === undefined) return shown === undefined;
    return shown === observe(object, installation).resourceVersion;
  });
}

interface Row {
  readonly name: string;
  readonly body: (name: string) => KubeObject;
  /** kubectl's arguments, after which the object's are added; or what to do with it. */
  readonly act: (name: string) => Promise<unknown>;
  readonly told: readonly string[];
}

const kubectl = (...args: readonly string[]): Promise<string> => plane.kubectl(['-n', 'default', ...args]);
const patch = (kind: string, name: string, type: string, body: unknown): Promise<string> =>
  kubectl('patch', kind, name, `--type=${type}`, '-p', JSON.stringify(body));

const rows: readonly Row[] = [
  {
    name: 'scale',
    body: deployment,
    act: (name) => kubectl('scale', `deploy/${name}`, '--replicas=3'),
    told: ['fingerprint'],
  },
  {
    name: 'set-image',
    body: deployment,
    act: (name) => kubectl('set', 'image', `deploy/${name}`, 'web=web:2'),
    told: ['fingerprint'],
  },
  {
    name: 'sidecar-added',
    body: deployment,
    act: (name) =>
      patch('deploy', name, 'strategic', { spec: { template: { spec: { containers: [{ name: 'x', image: 'x' }] } } } }),
    told: ['generation'],
  },
  {
    name: 'init-containers-reordered',
    body: deployment,
    act: (name) =>
      patch('deploy', name, 'json', [
        { op: 'move', from: '/spec/template/spec/initContainers/1', path: '/spec/template/spec/initContainers/0' },
      ]),
    told: ['generation'],
  },
  {
    name: 'status-write',
    body: deployment,
    act: (name) =>
      kubectl(
        'patch',
        'deploy',
        name,
        '--subresource=status',
        '--type=merge',
        '-p',
        '{"status":{"observedGeneration":1}}',
      ),
    told: [],
  },
  {
    // Of Deployments and their like annotations move the generation, labels do not.
    name: 'foreign-annotation',
    body: deployment,
    act: (name) => kubectl('annotate', 'deploy', name, 'note=1'),
    told: ['generation'],
  },
  {
    name: 'foreign-label',
    body: deployment,
    act: (name) => kubectl('label', 'deploy', name, 'note=1'),
    told: [],
  },
  {
    name: 'label-removed',
    body: deployment,
    act: (name) => kubectl('label', 'deploy', name, `${installation.partOfLabel}-`),
    told: ['left'],
  },
  { name: 'deleted', body: configMap, act: (name) => kubectl('delete', 'cm', name), told: ['left'] },
  {
    name: 'replaced-by-force',
    body: configMap,
    act: (name) =>
      plane.kubectl(
        ['-n', 'default', 'replace', '--force', '-f', '-'],
        JSON.stringify({ ...configMap(name), data: { a: 'x' } }),
      ),
    told: ['left', 'recreated'],
  },
  {
    name: 'data-edited',
    body: configMap,
    act: (name) => patch('cm', name, 'merge', { data: { a: 'x' } }),
    told: ['fingerprint'],
  },
  {
    name: 'data-removed',
    body: configMap,
    act: (name) => patch('cm', name, 'merge', { data: { a: null } }),
    told: ['fingerprint'],
  },
  {
    name: 'data-added',
    body: configMap,
    act: (name) => patch('cm', name, 'merge', { data: { c: 'x' } }),
    told: ['foreignEntry'],
  },
  {
    name: 'ownership-wiped',
    body: configMap,
    act: (name) => patch('cm', name, 'json', [{ op: 'replace', path: '/metadata/managedFields', value: [{}] }]),
    told: ['fingerprint'],
  },
  {
    name: 'applied-under-our-name',
    body: configMap,
    act: async (name) => {
      // Times of entries are whole seconds.
      const written = Date.parse(live.observation(refOf(configMap(name)))?.entryTime ?? '');
      await eventually('the next second', () => Date.now() > written + 1_000);
      const data = { a: 'x', b: '2' };
      await cluster.apply({ ...configMap(name), data }, { manager: installation.manager, force: true });
    },
    told: ['entryTime'],
  },
  { name: 'no-op-of-ours', body: configMap, act: (name) => apply(configMap(name)), told: [] },
  { name: 'update-of-ours', body: configMap, act: (name) => apply({ ...configMap(name), data: { a: '9' } }), told: [] },
];

describe('on a real API server', () => {
  for (const { name, body, act, told } of rows) {
    it(`${name}: ${told.length === 0 ? 'no suspect' : told.join(', ')}`, async () => {
      const object = await apply(body(name));
      await untilShown(refOf(object));
      await act(name);
      await untilShown(refOf(object));
      const mine = suspects.filter(({ ref }) => refKey(ref) === refKey(refOf(object)));
      assert.deepEqual(
        mine.map(({ why }) => why),
        told,
      );
    });
  }

  it('a restart in sync reads nothing and suspects nothing; drift made meanwhile is told', async () => {
    const objects = await Promise.all([apply(configMap('kept')), apply(configMap('edited')), apply(configMap('lost'))]);
    const record: readonly RecordEntry[] = objects.map((object) => {
      const { ref, uid, fp } = observe(object, installation);
      return { ref, uid, fp, desired: 'd1' };
    });
    live.undeclare(key);
    suspects = [];
    await patch('cm', 'edited', 'merge', { data: { a: 'x' } });
    await kubectl('delete', 'cm', 'lost');
    live.declare(key, { record, kinds });
    await live.settled(never);
    assert.deepEqual(suspects.map(({ why, ref }) => `${why} ${ref.name}`).sort(), ['fingerprint edited', 'left lost']);
    const wanted = objects.map((object) => ({ ref: refOf(object), apiVersion: 'v1', hash: 'd1' }));
    const answers = await live.read({ key, wanted, recorded: record }, never);
    assert.deepEqual(
      [...answers.values()].map(({ state }) => state),
      ['inSync', 'body', 'absent'],
    );
  });

  it('an object of ours that is on nobody’s record is unexplained', async () => {
    const object = await cluster.apply(configMap('orphan'), { manager: installation.manager, force: true });
    await untilShown(refOf(object.object));
    assert.ok(live.unexplained(key).some(({ name }) => name === 'orphan'));
    await cluster.delete(targetOf(object.object), {
      ...observe(object.object, installation),
      propagation: 'Background',
    });
    await eventually('it to be gone', () => !live.unexplained(key).some(({ name }) => name === 'orphan'));
  });
});
