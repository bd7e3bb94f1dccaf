import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Correction } from '../../src/apply/apply.ts';
import { preflight } from '../../src/apply/apply.ts';
import type { JsonObject, JsonValue } from '../../src/model/json.ts';
import { objectAt } from '../../src/model/json.ts';
import type { KubeObject, Ref } from '../../src/model/object.ts';
import { annotationsOf, refOf } from '../../src/model/object.ts';
import { FakeCluster } from '../fakes/cluster.ts';
import { applicationNamed } from './application.ts';
import { configMap, deployment, namespaceNamed } from './objects.ts';
import { Subject } from './subject.ts';

function start(reclaimFrom: readonly string[] = ['kubectl-edit']): {
  readonly cluster: FakeCluster;
  readonly subject: Subject;
} {
  const cluster = new FakeCluster();
  cluster.seed(namespaceNamed('shop'));
  const conflicts = { default: 'Overwrite' as const, rules: [], reclaimFrom };
  return { cluster, subject: new Subject(cluster, applicationNamed('shop', { conflicts })) };
}

const web = deployment('shop', 'web', { container: { env: [{ name: 'OURS', value: '1' }] } });
const ref = refOf(web);

/** An edit by hand: an env variable and annotations, of the object and of its Pods. */
function edited(object: KubeObject): KubeObject {
  const spec = objectAt(object, 'spec');
  const template = objectAt(spec, 'template');
  const pod = objectAt(template, 'spec');
  const [container] = pod['containers'] as readonly JsonObject[];
  const env = [
    ...(objectAt({ container: container ?? {} }, 'container')['env'] as JsonValue[]),
    { name: 'DEBUG', value: '1' },
  ];
  const annotations = { 'kubectl.kubernetes.io/restartedAt': 'now', note: 'a' };
  return {
    ...object,
    metadata: { ...object.metadata, annotations: { ...annotationsOf(object), note: 'a' } },
    spec: {
      ...spec,
      template: {
        metadata: { ...objectAt(template, 'metadata'), annotations },
        spec: { ...pod, containers: [{ ...container, env }] },
      },
    },
  };
}

function contentOf(cluster: FakeCluster, of: Ref = ref): JsonValue[] {
  const object = cluster.peek(of);
  return object === undefined ? [] : partsOf(object);
}

function partsOf(object: KubeObject): JsonValue[] {
  const template = objectAt(objectAt(object, 'spec'), 'template');
  const [container] = objectAt(template, 'spec')['containers'] as readonly JsonObject[];
  const { note = null } = annotationsOf(object);
  return [container?.['env'] ?? null, objectAt(template, 'metadata')['annotations'] ?? null, note];
}

const ours = [{ name: 'OURS', value: '1' }];
const restarted = { 'kubectl.kubernetes.io/restartedAt': 'now' };

function fieldsIn(correction: Correction): readonly string[] {
  return 'fields' in correction ? correction.fields : [];
}

describe('what managers of conflicts.reclaimFrom added', () => {
  it('is drift: corrected at one look, told with its writer, and nothing is found at the next', async () => {
    const { cluster, subject } = start();
    await subject.sync(web);
    cluster.edit(ref, edited, { manager: 'kubectl-edit' });
    const correction = await subject.correct(ref, 'generation');
    assert.equal(correction.kind, 'corrected');
    assert.equal('by' in correction ? correction.by?.manager : '', 'kubectl-edit');
    assert.deepEqual([...fieldsIn(correction)].sort(), [
      'metadata.annotations.note',
      'spec.template.metadata.annotations.note',
      'spec.template.spec.containers[name=web].env[name=DEBUG]',
    ]);
    assert.deepEqual(contentOf(cluster), [ours, restarted, null]);
    assert.equal((await subject.correct(ref, 'generation')).kind, 'unchanged');
  });

  it('is only told where nothing is corrected', async () => {
    const { cluster, subject } = start();
    await subject.sync(web);
    cluster.edit(ref, edited, { manager: 'kubectl-edit' });
    const before = cluster.peek(ref);
    const correction = await subject.correct(ref, 'generation', { mode: 'detect' });
    assert.equal(correction.kind, 'detected');
    assert.equal(fieldsIn(correction).length, 3);
    assert.deepEqual(cluster.peek(ref), before);
  });

  it('goes with a sync, too, which tries nothing out in vain and says what it removed', async () => {
    const { cluster, subject } = start();
    await subject.sync(web);
    cluster.edit(ref, edited, { manager: 'kubectl-edit' });
    const tried: KubeObject[] = [];
    const context = { ...subject.context, tried: (object: KubeObject) => void tried.push(object) };
    const plan = await preflight(await subject.plan(web), context);
    assert.deepEqual(tried.map(partsOf), [[ours, restarted, null]], 'a plan shows it without what goes');
    assert.deepEqual(
      plan.changes.map(({ kind }) => kind),
      ['update'],
    );
    const { results } = await subject.apply(plan);
    const [result] = results;
    assert.match(
      result?.kind === 'applied' ? (result.message ?? '') : '',
      /^removed what others had added: .*env\[name=DEBUG\] \(kubectl-edit\)/,
    );
    assert.deepEqual(contentOf(cluster), [ours, restarted, null]);
    assert.deepEqual(
      (await subject.sync(web)).results.map(({ kind }) => kind),
      ['kept'],
    );
  });

  it('stays when another manager added it', async () => {
    const { cluster, subject } = start();
    await subject.sync(web);
    cluster.edit(ref, edited, { manager: 'injector' });
    assert.equal((await subject.correct(ref, 'generation')).kind, 'unchanged');
    assert.equal(contentOf(cluster)[2], 'a');
  });

  it('is gone after a look that ended between the two writes', async () => {
    const { cluster, subject } = start();
    await subject.sync(web);
    cluster.edit(ref, edited, { manager: 'kubectl-edit' });
    cluster.fail(({ verb }) => verb === 'apply', 'unavailable', { times: 1 });
    assert.equal((await subject.correct(ref, 'generation')).kind, 'failed');
    assert.equal((await subject.correct(ref, 'fingerprint')).kind, 'corrected');
    assert.deepEqual(contentOf(cluster), [ours, restarted, null]);
  });

  it('whoever wrote what: what Git says stands, what they alone added goes, everything else stays', async () => {
    const keys = ['a', 'b', 'c', 'd', 'e'];
    const data = fc.dictionary(fc.constantFrom(...keys), fc.constantFrom('1', '2'), { minKeys: 1 });
    const edit = fc.record({ data, manager: fc.constantFrom('kubectl-edit', 'injector') });
    await fc.assert(
      fc.asyncProperty(data, fc.array(edit, { maxLength: 5 }), async (git, edits) => {
        const { cluster, subject } = start();
        const map = configMap('shop', 'map', git);
        await subject.sync(map);
        const owners = new Map<string, Set<string>>();
        const present = new Map<string, JsonValue>();
        for (const { data: set, manager } of edits) {
          cluster.edit(refOf(map), (object) => ({ ...object, data: { ...objectAt(object, 'data'), ...set } }), {
            manager,
          });
          for (const [key, value] of Object.entries(set)) {
            // Who says what is there already is no owner of it.
            if (present.get(key) === value) continue;
            owners.set(key, new Set([manager]));
            present.set(key, value);
          }
        }
        await subject.correct(refOf(map), 'foreignEntry');
        const added = [...present].filter(([key]) => git[key] === undefined && !owners.get(key)?.has('kubectl-edit'));
        assert.deepEqual(cluster.peek(refOf(map))?.['data'], { ...Object.fromEntries(added), ...git });
        assert.equal((await subject.correct(refOf(map), 'foreignEntry')).kind, 'unchanged');
      }),
      { numRuns: 150 },
    );
  });
});
