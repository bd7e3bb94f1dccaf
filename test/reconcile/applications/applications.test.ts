import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject, Ref } from '../../../src/model/object.ts';
import { arrayAt, objectAt } from '../../../src/model/json.ts';
import type { RecordEntry } from '../../../src/model/record.ts';
import { encodeEntry } from '../../../src/model/record.ts';
import { createHealthRules } from '../../../src/health/health.ts';
import { ApplicationChecks } from '../../../src/reconcile/applications/application-checks.ts';
import { Applications } from '../../../src/reconcile/applications/applications.ts';
import { StatusWriter } from '../../../src/reconcile/status/status-writer.ts';
import { FakeCluster } from '../../fakes/cluster.ts';
import { ManualClock, settled } from '../../fakes/clock.ts';
import { installation } from '../repository.ts';
import { applicationObject, applicationRef, configMapRef, isStatusWrite, namespace } from '../stage.ts';

const key = `${namespace}/shop`;

interface Desk {
  readonly cluster: FakeCluster;
  readonly applications: Applications;
  readonly writer: StatusWriter;
}

async function desk(application: KubeObject = applicationObject('shop')): Promise<Desk> {
  const clock = new ManualClock();
  const cluster = new FakeCluster(clock);
  cluster.seed({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  cluster.seed(application);
  const applications = new Applications(
    cluster,
    installation,
    new ApplicationChecks(installation, createHealthRules()),
  );
  const served = (kind: string) => {
    const answer = cluster.kinds.find({ group: 'evenkeel.dev', kind });
    if (answer.state !== 'served') throw new Error(`${kind} is not served`);
    return answer.kind;
  };
  const kinds = { application: served('Application'), inventory: served('Inventory') };
  await applications.start(kinds, [], new AbortController().signal);
  return { cluster, applications, writer: new StatusWriter(applications, clock) };
}

function entry(ref: Ref, uid = '00000000-0000-0000-0000-000000000001'): RecordEntry {
  return { ref, uid, desired: 'desired0000', fp: 'fp000000000' };
}

function recordOf({ applications }: Desk): readonly RecordEntry[] | undefined {
  return applications.known(key)?.app.record;
}

const application = applicationRef('shop');
const synced = { sync: { status: 'Synced', revision: 'r' } } as const;

describe('the status of an Application', () => {
  it('is written over a spec that was edited meanwhile', async () => {
    const one = await desk();
    const release = one.cluster.holdEvents();
    one.cluster.edit(application, (object) => ({ ...object, spec: { ...(object['spec'] as object), interval: '1h' } }));
    assert.equal(await one.writer.update(key, 'status', () => ({ status: synced })), true);
    release();
    await settled();
    const parsed = one.applications.known(key);
    assert.deepEqual(parsed?.app.status, synced);
    assert.equal(parsed.kind === 'valid' ? parsed.app.spec.intervalMs : 0, 3_600_000, 'both are kept');
  });

  it('keeps the record that another write of it does not mention', async () => {
    const one = await desk();
    const record = [entry(configMapRef('a')), entry(configMapRef('b'))];
    await one.writer.update(key, 'status', () => ({ status: synced, record }));
    const known = recordOf(one);
    await one.writer.update(key, 'status', () => ({ status: { ...synced, sourceType: 'Helm' } }));
    await settled();
    const entries = arrayAt(objectAt(objectAt(one.cluster.peek(application), 'status'), 'record'), 'entries');
    assert.deepEqual(entries, record.map(encodeEntry));
    assert.equal(recordOf(one), known, 'what is known of it is the same list');
  });

  it('is not written over the status of somebody else', async () => {
    const one = await desk();
    const release = one.cluster.holdEvents();
    const foreign = { sourceType: 'Helm' };
    one.cluster.edit(application, (object) => ({ ...object, status: foreign }), { subresource: 'status' });
    await assert.rejects(
      one.writer.update(key, 'status', () => ({ status: synced })),
      {
        name: 'OperatorError',
        step: 'status',
        reason: 'ApiServerError',
        retry: 'backoff',
      },
    );
    assert.deepEqual(one.cluster.peek(application)?.['status'], foreign);
    release();
    await settled();
    assert.equal(await one.writer.update(key, 'status', ({ status }) => ({ status: { ...status, ...synced } })), true);
    assert.deepEqual(one.cluster.peek(application)?.['status'], { ...foreign, ...synced });
  });

  it('is not written when it is the same', async () => {
    const one = await desk();
    await one.writer.update(key, 'status', () => ({ status: synced }));
    const mark = one.cluster.requests.length;
    await one.writer.update(key, 'status', () => ({ status: synced }));
    assert.equal(one.cluster.requests.length, mark);
  });

  it('is of one writer after the other, each made from the answer to the one before', async () => {
    const one = await desk();
    const seen: unknown[] = [];
    const append = (revision: string): Promise<boolean> =>
      one.writer.update(key, 'status', ({ status }) => {
        seen.push(status.sync?.revision);
        return { status: { sync: { status: 'Synced', revision } } };
      });
    one.cluster.fail(isStatusWrite, 'unavailable');
    const results = await Promise.allSettled([append('a'), append('b'), append('c')]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['rejected', 'fulfilled', 'fulfilled'],
    );
    assert.deepEqual(seen, [undefined, undefined, 'b']);
  });

  it('keeps a damaged record as it is', async () => {
    const damaged = { format: 1, entries: ['nonsense'] };
    const one = await desk({ ...applicationObject('shop'), status: { record: damaged } });
    assert.throws(() => one.applications.read(key), { reason: 'InvalidRecord' });
    await one.writer.update(key, 'status', () => ({ status: synced }));
    assert.deepEqual(one.cluster.peek(application)?.['status'], { ...synced, record: damaged });
  });
});

describe('the record', () => {
  it('goes to Inventories above 300 objects and back, and nothing is lost in between', async () => {
    const one = await desk();
    const many = Array.from({ length: 1_200 }, (_, index) => entry(configMapRef(`m-${index}`)));
    await one.writer.update(key, 'status', () => ({ status: synced, record: many }));
    await settled();
    const inventories = (): string[] =>
      one.cluster
        .all()
        .filter(({ kind }) => kind === 'Inventory')
        .map(({ metadata }) => metadata.name);
    assert.deepEqual(inventories(), ['shop-1', 'shop-2']);
    assert.equal(recordOf(one)?.length, 1_200);
    const mark = one.cluster.requests.length;
    const changed = many.map((one, index) => (index === 3 ? { ...one, desired: 'changed0000' } : one));
    await one.writer.update(key, 'status', () => ({ status: synced, record: changed }));
    const written = one.cluster.requests.slice(mark).filter(({ verb }) => verb === 'apply');
    assert.equal(written.length, 1, 'only the one that changed');
    one.cluster.fail(isStatusWrite, 'unavailable');
    const few = many.slice(0, 10);
    await assert.rejects(one.writer.update(key, 'status', () => ({ status: synced, record: few })));
    await settled();
    assert.equal(recordOf(one)?.length, 1_200, 'a failed write shortens nothing');
    await one.writer.update(key, 'status', () => ({ status: synced, record: few }));
    await settled();
    assert.deepEqual([inventories(), recordOf(one)?.length], [[], 10]);
  });

  it('announces what is to be created, and nothing is created for an Application that is gone', async () => {
    const one = await desk();
    const app = one.applications.read(key);
    assert.ok(app !== undefined);
    await one.writer.claim(app, [configMapRef('b'), configMapRef('a')], 'r');
    assert.deepEqual(
      recordOf(one)?.map(({ ref, uid }) => [ref.name, uid]),
      [
        ['a', ''],
        ['b', ''],
      ],
    );
    assert.equal(one.applications.known(key)?.app.status.operationState?.phase, 'Running');
    const release = one.cluster.holdEvents();
    one.cluster.remove(application);
    await assert.rejects(one.writer.claim(app, [configMapRef('c')], 'r'), { step: 'claim', message: /is gone/ });
    release();
    await settled();
    await assert.rejects(one.writer.claim(app, [configMapRef('c')], 'r'), { step: 'claim', message: /is gone/ });
    assert.equal(await one.writer.update(key, 'status', () => ({ status: synced })), false);
  });

  it('says of an operation with hooks that it began when their run began: generated names tell so', async () => {
    const one = await desk();
    const app = one.applications.read(key);
    assert.ok(app !== undefined);
    const startedAt = '2025-12-31T23:59:58Z';
    const run = { startedAt, attempt: 1, revision: 'r', digest: 'd', release: 'install', hooks: [] } as const;
    await one.writer.claim(app, [], 'r', run);
    assert.equal(one.applications.known(key)?.app.status.operationState?.startedAt, startedAt);
  });

  const [former, newer] = ['1', '2'].map((last) =>
    entry(configMapRef('a'), `00000000-0000-0000-0000-00000000000${last}`),
  );
  assert.ok(former !== undefined && newer !== undefined);
  const uids = (one: Desk): unknown => recordOf(one)?.map(({ uid }) => uid);

  it('announces with one write what comes while another is on its way', async () => {
    const one = await desk();
    const refs = ['a', 'b', 'c'].map(configMapRef);
    await one.writer.update(key, 'status', () => ({ status: synced, record: refs.map((ref) => entry(ref)) }));
    const app = one.applications.read(key);
    assert.ok(app !== undefined);
    const mark = one.cluster.requests.length;
    const [first = Promise.reject(new Error('none')), ...others] = refs.map(async (ref, index) => {
      if (index > 0) await Promise.resolve();
      await one.writer.announce(app, ref);
    });
    await Promise.all([first, ...others]);
    assert.equal(one.cluster.requests.slice(mark).filter(isStatusWrite).length, 2);
    const isClaim = ({ uid, desired }: RecordEntry): boolean => uid === '' && desired !== '';
    assert.ok(recordOf(one)?.every(isClaim));
    one.cluster.remove(application);
    await settled();
    await assert.rejects(one.writer.announce(app, configMapRef('a')), { step: 'claim', message: /is gone/ });
  });

  it('gets what a correction created anew with the next write, also one that was made before it', async () => {
    const one = await desk();
    await one.writer.update(key, 'status', () => ({ status: {}, record: [former] }));
    one.writer.corrected(key, newer);
    await one.writer.update(key, 'status', () => ({ status: synced, record: [former] }));
    assert.deepEqual(uids(one), [newer.uid]);
  });

  it('gets the fingerprint that a correction has left, unless a sync has written the object since', async () => {
    const one = await desk();
    const fps = (): unknown => recordOf(one)?.map(({ fp }) => fp);
    await one.writer.update(key, 'status', () => ({ status: {}, record: [former] }));
    one.writer.corrected(key, { ...former, fp: 'corrected' });
    await one.writer.update(key, 'status', () => ({ status: synced, record: [former] }));
    assert.deepEqual(fps(), ['corrected']);
    one.writer.corrected(key, { ...former, fp: 'before' });
    await one.writer.update(key, 'status', () => ({ status: {}, record: [{ ...former, fp: 'synced' }] }));
    assert.deepEqual(fps(), ['synced']);
  });

  it('gets it with a write that is not about the record', async () => {
    const one = await desk();
    await one.writer.update(key, 'status', () => ({ status: {}, record: [former] }));
    one.writer.corrected(key, newer);
    await one.writer.update(key, 'status', () => ({ status: synced }));
    assert.deepEqual(uids(one), [newer.uid]);
  });

  it('gets it after a write that failed, and when it came in during one', async () => {
    const one = await desk();
    await one.writer.update(key, 'status', () => ({ status: {}, record: [former] }));
    one.cluster.fail(isStatusWrite, 'unavailable');
    const first = one.writer.update(key, 'status', () => ({ status: synced }));
    one.writer.corrected(key, newer);
    await assert.rejects(first);
    let late = false;
    one.cluster.beforeAnswer = () => {
      if (!late) one.writer.corrected(key, entry(configMapRef('a'), '00000000-0000-0000-0000-000000000003'));
      late = true;
      return Promise.resolve();
    };
    await one.writer.update(key, 'status', () => ({ status: synced }));
    assert.deepEqual(uids(one), [newer.uid]);
    await one.writer.update(key, 'status', () => ({ status: {} }));
    assert.deepEqual(uids(one), ['00000000-0000-0000-0000-000000000003']);
  });
});

describe('what is served', () => {
  it('is removed, and what was written meanwhile stays', async () => {
    const annotations = { 'evenkeel.dev/refresh': 'normal', other: 'stays' };
    const served = applicationObject('shop', {
      operation: { sync: {} },
      metadata: { annotations, finalizers: ['x', 'y'] },
    });
    const one = await desk(served);
    const app = one.applications.known(key)?.app;
    assert.ok(app !== undefined);
    const release = one.cluster.holdEvents();
    one.cluster.edit(application, (object) => ({
      ...object,
      operation: { sync: { prune: true } },
      metadata: { ...object.metadata, finalizers: ['x', 'y', 'z'] },
    }));
    const finalizers = (name: string): boolean => name === 'x';
    await one.applications.remove(app, { operation: true, annotations: ['evenkeel.dev/refresh'], finalizers });
    release();
    const left = one.cluster.peek(application);
    assert.deepEqual(left?.['operation'], { sync: { prune: true } });
    assert.deepEqual([left.metadata['annotations'], left.metadata['finalizers']], [{ other: 'stays' }, ['y', 'z']]);
  });
});
