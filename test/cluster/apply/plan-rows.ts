import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyPlan, preflight } from '../../../src/apply/apply.ts';
import { OperatorError, OperatorErrors } from '../../../src/model/errors.ts';
import { objectAt } from '../../../src/model/json.ts';
import { refOf, uidOf } from '../../../src/model/object.ts';
import type { KubeObject } from '../../../src/model/object.ts';
import type { Applied } from '../../../src/model/outcome.ts';
import type { Plan } from '../../../src/model/plan.ts';
import { eventually } from '../../../tools/eventually.ts';
import {
  claim,
  configMap,
  definition,
  deployment,
  namespaceNamed,
  networkPolicy,
  statefulSet,
  widget,
} from '../../apply/objects.ts';
import type { ClusterSubject, Scene } from './scene.ts';

/** A plan on its way to the cluster: what is asked first, what is written in which order, and what stops it. */
export function planRows(scene: () => Scene): void {
  describe('preflight', () => {
    it('asks nothing about what is in sync', async () => {
      const subject = await scene().application();
      const objects = ['a', 'b', 'c'].map((name) => configMap(subject.namespace, name, { a: '1' }));
      await subject.sync(...objects);
      const plan = await subject.plan(...objects.slice(0, 2), configMap(subject.namespace, 'c', { a: '2' }));
      await scene().plane.forgetRequests();
      const decided = await preflight(plan, subject.context);
      assert.deepEqual(await subject.requests(), ['dry-run configmaps']);
      assert.deepEqual(
        decided.changes.map(({ kind }) => kind),
        ['keep', 'keep', 'update'],
      );
    });

    it('reports every error, and nothing is written', async () => {
      const subject = await scene().application();
      const good = configMap(subject.namespace, 'good', { a: '1' });
      const wrong = ['x', 'y'].map((name) => deployment(subject.namespace, name, { replicas: -1 }));
      const error = await errorOf(subject.sync(good, ...wrong));
      assert.ok(error instanceof OperatorErrors);
      assert.deepEqual(
        error.errors.map(({ reason, step }) => [reason, step]),
        [
          ['InvalidObject', 'preflight'],
          ['InvalidObject', 'preflight'],
        ],
      );
      assert.match(error.message, /Deployment\.apps .*\/x \(deploy\.yaml:document 1:line 1\): .*spec\.replicas/);
      assert.equal(await subject.read(good), undefined);
    });

    it('says that an immutable field cannot change, before anything is written', async () => {
      const subject = await scene().application();
      await subject.sync(statefulSet(subject.namespace, 'db', { serviceName: 'db' }));
      const other = configMap(subject.namespace, 'other', {});
      const error = await errorOf(
        subject.sync(other, statefulSet(subject.namespace, 'db', { serviceName: 'changed' })),
      );
      assert.equal(error.reason, 'ImmutableField');
      assert.equal(await subject.read(other), undefined);
    });

    for (const [what, write] of Object.entries(wordings))
      it(`settles doubtful equality by a dry-run: ${what} in other words is in sync, and not applied`, async () => {
        const subject = await scene().application();
        await subject.sync(write(subject.namespace, 0));
        await scene().plane.forgetRequests();
        const plan = await preflight(await subject.plan(write(subject.namespace, 1)), subject.context);
        assert.deepEqual(
          plan.changes.map(({ kind }) => kind),
          ['keep'],
        );
        const asked = (await subject.requests()).filter((request) => !request.startsWith('get '));
        assert.deepEqual(
          asked.map((request) => request.split(' ')[0]),
          ['dry-run'],
        );
      });

    it('meets an object that no list had shown: decides by the rules of adoption', async () => {
      const subject = await scene().application();
      const map = configMap(subject.namespace, 'map', { a: '1' });
      const blind = await subject.plan(map);
      await subject.kubectl(['create', 'configmap', 'map', '--from-literal=a=x']);
      const { changes } = await preflight(blind, subject.context);
      assert.deepEqual(
        changes.map((change) => [change.kind, change.kind === 'update' && change.adopts]),
        [['update', true]],
      );
      subject.claims = { claimedBy: () => 'evenkeel/other', recordedBy: () => 'evenkeel/other' };
      const shared = await preflight(blind, subject.context);
      assert.deepEqual(
        shared.changes.map((change) => change.kind === 'keep' && change.reason),
        ['shared'],
      );
    });

    it('tells a missing namespace and an unknown kind from each other', async () => {
      const subject = await scene().application();
      const lost = await errorOf(subject.sync(configMap('no-such-namespace', 'map', {})));
      assert.equal(lost.reason, 'MissingNamespace');
      const unknown = await errorOf(subject.sync(widget('nowhere.example.com', subject.namespace, {})));
      assert.equal(unknown.reason, 'KindNotServed');
    });
  });

  describe('order', () => {
    it('a namespace with its contents, in one sync', async () => {
      const subject = await scene().application();
      const inside = `${subject.namespace}-inner`;
      const plan = await preflight(
        await subject.plan(configMap(inside, 'map', { a: '1' }), namespaceNamed(inside)),
        subject.context,
      );
      assert.deepEqual(
        plan.changes.map(({ kind }) => kind),
        ['create', 'undecided'],
      );
      assert.deepEqual(kinds(await subject.apply(plan)), ['applied', 'applied']);
    });

    it('a failure at the start of a stage stops the sync after the one before, and says what stands', async () => {
      const subject = await scene().application();
      const inside = `${subject.namespace}-inner`;
      const good = configMap(inside, 'good', { a: '1' });
      const applied = await subject.sync(namespaceNamed(inside), good, deployment(inside, 'wrong', { replicas: -1 }));
      assert.deepEqual(kinds(applied), ['applied', 'skipped', 'failed']);
      const failed = applied.results.find((result) => result.kind === 'failed');
      assert.match(failed?.error.message ?? '', new RegExp(`written before: Namespace ${inside}`));
      assert.equal(await subject.read(good), undefined);
    });

    it('a definition with its objects: parked until the kind is served, never waited for', async () => {
      const subject = await scene().application();
      const group = 'parked.example.com';
      const crd = definition(group, { size: { type: 'integer' } });
      const wanted = [widget(group, subject.namespace, { size: 1 }), crd, configMap(subject.namespace, 'map', {})];
      const first = await subject.sync(...wanted);
      const [definitionResult] = first.results.filter(({ change }) => change.ref.kind === 'CustomResourceDefinition');
      assert.equal(definitionResult?.kind, 'applied');
      assert.ok(!first.results.some(({ kind }) => kind === 'failed'), JSON.stringify(kinds(first)));
      await eventually('the parked object to be applied', async () => {
        await scene().cluster.kinds.refresh();
        return kinds(await subject.sync(...wanted)).every((kind) => kind === 'kept' || kind === 'applied');
      });
      assert.deepEqual(kinds(await subject.sync(...wanted)), ['kept', 'kept', 'kept']);
    });

    it('removals come first and in reverse: what is still going holds back what it is in', async () => {
      const subject = await scene().application({ guard: { ...guard, protectedKinds: [] } });
      const inside = `${subject.namespace}-inner`;
      const [old, kept] = [configMap(subject.namespace, 'old', {}), configMap(subject.namespace, 'kept', { a: '1' })];
      await subject.sync(old, kept, namespaceNamed(inside));
      const plan = await preflight(
        await subject.plan(configMap(subject.namespace, 'kept', { a: '2' })),
        subject.context,
      );
      const broken = breakWrites(plan);
      assert.deepEqual(kinds(await applyPlan(broken, subject.context)), ['terminating', 'skipped', 'failed']);
      assert.ok((await subject.read(namespaceNamed(inside))) !== undefined);
    });
  });

  describe('removal', () => {
    it('deletes what was looked at and nothing else', async () => {
      const subject = await scene().application();
      const map = configMap(subject.namespace, 'map', { a: '1' });
      await subject.sync(map, configMap(subject.namespace, 'stays', {}));
      const plan = await subject.plan(configMap(subject.namespace, 'stays', {}));
      await subject.kubectl(['delete', 'configmap', 'map']);
      await subject.kubectl(['create', 'configmap', 'map', '--from-literal=a=foreign']);
      assert.deepEqual(kinds(await subject.apply(plan)), ['removed', 'kept']);
      assert.deepEqual((await subject.read(map))?.['data'], { a: 'foreign' });
      assert.ok(!subject.app.record.some(({ ref }) => ref.name === 'map'));
    });

    it('409: looks again, and deletes once more while the rules hold', async () => {
      const subject = await scene().application();
      const map = configMap(subject.namespace, 'map', { a: '1' });
      await subject.sync(map, configMap(subject.namespace, 'stays', {}));
      const plan = await subject.plan(configMap(subject.namespace, 'stays', {}));
      await subject.kubectl(['label', 'configmap', 'map', 'touched=yes']);
      await scene().plane.forgetRequests();
      const [, result] = (await subject.apply(plan)).results;
      assert.ok(result?.kind === 'terminating' || result?.kind === 'removed');
      assert.deepEqual(await subject.requests(), ['delete configmaps 409', 'get configmaps', 'delete configmaps']);
    });

    it('409: an object that was protected meanwhile is kept', async () => {
      const subject = await scene().application();
      const map = configMap(subject.namespace, 'map', { a: '1' });
      await subject.sync(map, configMap(subject.namespace, 'stays', {}));
      const plan = await subject.plan(configMap(subject.namespace, 'stays', {}));
      await subject.kubectl(['annotate', 'configmap', 'map', 'evenkeel.dev/protect=true']);
      assert.deepEqual(kinds(await subject.apply(plan)), ['failed', 'kept']);
      assert.ok((await subject.read(map)) !== undefined);
    });

    it('is held back while the guard holds', async () => {
      const subject = await scene().application();
      const map = configMap(subject.namespace, 'map', { a: '1' });
      await subject.sync(map, configMap(subject.namespace, 'stays', {}));
      const plan = await subject.plan(configMap(subject.namespace, 'stays', {}));
      const guarded = {
        ...plan,
        guard: { message: 'too many', destructive: [refOf(map)], recorded: 1, onTrip: 'RequireApproval' as const },
      };
      assert.deepEqual(kinds(await subject.apply(guarded)), ['skipped', 'kept']);
      assert.ok((await subject.read(map)) !== undefined);
    });

    it('release: only our marks go, every field stays', async () => {
      const subject = await scene().application();
      const map = configMap(subject.namespace, 'map', { a: '1' });
      await subject.sync(map);
      const live = await subject.read(map);
      assert.ok(live !== undefined);
      const release = { kind: 'release' as const, ref: refOf(map), live, why: 'annotation evenkeel.dev/protect' };
      const plan = await subject.plan(map);
      assert.deepEqual(kinds(await subject.apply({ ...plan, changes: [release] })), ['removed']);
      const after = await subject.read(map);
      assert.deepEqual(
        [after?.['data'], after?.metadata['labels'], after?.metadata['annotations']],
        [{ a: '1' }, undefined, undefined],
      );
      assert.equal(uidOf(after ?? map), uidOf(live));
    });
  });

  it('a newer commit takes over at a safe point: nothing new is begun', async () => {
    const subject = await scene().application();
    const plan = await preflight(await subject.plan(configMap(subject.namespace, 'map', {})), subject.context);
    subject.superseded = true;
    await scene().plane.forgetRequests();
    assert.deepEqual(kinds(await subject.apply(plan)), ['skipped']);
    assert.deepEqual(await subject.requests(), []);
  });

  it('a creation that somebody else made meanwhile is planned anew', async () => {
    const subject = await scene().application();
    const map = configMap(subject.namespace, 'map', { a: '1' });
    const plan = await preflight(await subject.plan(map), subject.context);
    await subject.kubectl(['create', 'configmap', 'map', '--from-literal=a=x']);
    assert.deepEqual(kinds(await subject.apply(plan)), ['applied']);
    assert.deepEqual((await subject.read(map))?.['data'], { a: '1' });
  });

  it('so is one that has nothing that Git says otherwise: it is not merged unseen', async () => {
    const subject = await scene().application();
    const map = configMap(subject.namespace, 'map', { a: '1' });
    const plan = await preflight(await subject.plan(map), subject.context);
    await subject.kubectl(['create', 'configmap', 'map', '--from-literal=b=x']);
    await subject.kubectl(['label', 'configmap', 'map', 'kustomize.toolkit.fluxcd.io/name=theirs']);
    assert.deepEqual(kinds(await subject.apply(plan)), ['failed']);
    assert.deepEqual((await subject.read(map))?.['data'], { b: 'x' });
  });
}

/** Objects that the server takes for the same in the first and in the second wording. */
const wordings: Readonly<Record<string, (namespace: string, wording: 0 | 1) => KubeObject>> = {
  'a quantity of a claim': (ns, wording) => claim(ns, 'data', ['1Gi', '1024Mi'][wording] ?? ''),
  'a quantity of a container': (ns, wording) => {
    const resources = {
      requests: { cpu: ['1', '1000m'][wording] ?? '', memory: ['1Gi', '1024Mi'][wording] ?? '' },
    };
    return deployment(ns, 'web', { container: { resources } });
  },
  'a list whose items have defaults': (ns, wording) => {
    const port = { port: 80, ...(wording === 1 ? {} : { protocol: 'TCP' }) };
    const policy = networkPolicy(ns, 'all', {});
    return { ...policy, spec: { ...objectAt(policy, 'spec'), ingress: [{ ports: [port] }] } };
  },
  base64: (ns, wording) => {
    const data = { a: ['MTIzNDU2', 'MTIz\nNDU2\n'][wording] ?? '' };
    return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'secret', namespace: ns }, data };
  },
};

const guard = { maxObjects: 50, maxPercent: 100, protectedKinds: [], onTrip: 'RequireApproval' as const };

/** A manifest that preflight accepted and that the server refuses by the time it is written. */
function breakWrites(plan: Plan): Plan {
  const changes = plan.changes.map((change) => {
    if (change.kind !== 'update') return change;
    const wrong = { ...change.desired.body(), data: { a: 1 } } as unknown as KubeObject;
    return { ...change, desired: { ...change.desired, body: () => wrong } };
  });
  return { ...plan, changes };
}

async function errorOf(running: Promise<unknown>): Promise<OperatorError> {
  try {
    await running;
  } catch (error) {
    if (error instanceof OperatorError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** By ref, so that the order of parallel writes does not matter. */
function kinds({ plan, results }: Applied): string[] {
  return plan.changes.map(
    (change) => results.find((result) => sameRef(result.change.ref, change.ref))?.kind ?? 'missing',
  );
}

function sameRef(a: ClusterSubject['app']['record'][number]['ref'], b: typeof a): boolean {
  return a.kind === b.kind && a.namespace === b.namespace && a.name === b.name;
}
