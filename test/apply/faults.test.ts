import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { preflight } from '../../src/apply/apply.ts';
import { ApiError } from '../../src/model/api-error.ts';
import { OperatorError } from '../../src/model/errors.ts';
import { refOf } from '../../src/model/object.ts';
import type { Applied } from '../../src/model/outcome.ts';
import type { FakeRequest } from '../fakes/cluster.ts';
import { FakeCluster } from '../fakes/cluster.ts';
import { applicationNamed } from './application.ts';
import { configMap, definition, namespaceNamed, widget } from './objects.ts';
import { Subject } from './subject.ts';

function start(): { readonly cluster: FakeCluster; readonly subject: Subject } {
  const cluster = new FakeCluster();
  cluster.seed(namespaceNamed('shop'));
  return { cluster, subject: new Subject(cluster, applicationNamed('shop')) };
}

const isWrite = ({ verb, dryRun }: FakeRequest): boolean => !['get', 'list', 'watch'].includes(verb) && dryRun !== true;

function outcomes({ results }: Applied): Record<string, string> {
  return Object.fromEntries(results.map((result) => [result.change.ref.name, result.kind]));
}

const maps = (...names: string[]): ReturnType<typeof configMap>[] =>
  names.map((name) => configMap('shop', name, { a: '1' }));

describe('a sync in bad weather', () => {
  it('a server that fails one write: the others of the stage are written, and all is told', async () => {
    const { cluster, subject } = start();
    await subject.sync(...maps('old', 'a'));
    cluster.fail((request) => isWrite(request) && request.ref.name === 'b', 'unavailable');
    const applied = await subject.sync(...maps('a', 'b', 'c'));
    assert.deepEqual(outcomes(applied), { a: 'kept', b: 'failed', c: 'applied', old: 'removed' });
    const failed = applied.results.find((result) => result.kind === 'failed');
    assert.deepEqual(
      [failed?.error.reason, failed?.error.retry, failed?.error.step],
      ['ApiServerError', 'backoff', 'apply'],
    );
    assert.deepEqual(outcomes(await subject.sync(...maps('a', 'b', 'c'))), {
      a: 'kept',
      b: 'applied',
      c: 'kept',
    });
  });

  it('an answer that is lost: the next sync finds the object written and takes it as it is', async () => {
    const { cluster, subject } = start();
    cluster.fail((request) => isWrite(request), 'unavailable', { executed: true });
    assert.deepEqual(outcomes(await subject.sync(...maps('a'))), { a: 'failed' });
    const [claim] = maps('a').map((object) => ({ ref: refOf(object), uid: '', desired: '', fp: '' }));
    subject.record(claim === undefined ? [] : [claim]);
    assert.deepEqual(outcomes(await subject.sync(...maps('a'))), { a: 'kept' });
    assert.notEqual(subject.entry(refOf(configMap('shop', 'a', {}))).uid, '');
  });

  it('a server that asks to wait: how long is in the error', async () => {
    const { cluster, subject } = start();
    const plan = await subject.plan(...maps('a'));
    cluster.fail(() => true, new ApiError('slow down', { kind: 'throttled', status: 429, retryAfterMs: 7000 }));
    await assert.rejects(preflight(plan, subject.context), (error) => {
      return error instanceof OperatorError && error.retryAfterMs === 7000 && error.retry === 'backoff';
    });
  });

  it('a Lease that is lost: nothing is sent', async () => {
    const { cluster, subject } = start();
    const plan = await preflight(await subject.plan(...maps('a', 'b')), subject.context);
    cluster.mayWrite = false;
    assert.deepEqual(outcomes(await subject.apply(plan)), { a: 'failed', b: 'failed' });
    assert.equal(cluster.requests.filter(isWrite).length, 0);
  });

  it('a newer commit in the middle of a stage: what is under way ends, nothing else begins', async () => {
    const { cluster, subject } = start();
    const names = Array.from({ length: 20 }, (_, index) => `map-${index}`);
    const plan = await preflight(await subject.plan(...maps(...names)), subject.context);
    cluster.beforeAnswer = () => {
      subject.superseded = true;
      return Promise.resolve();
    };
    const kinds = Object.values(outcomes(await subject.apply(plan)));
    assert.equal(kinds.length, 20);
    assert.ok(kinds.filter((kind) => kind === 'applied').length <= 8, kinds.join());
    assert.equal(
      kinds.filter((kind) => kind === 'skipped').length + kinds.filter((kind) => kind === 'applied').length,
      20,
    );
  });

  it('an object that is written again and again: looked at five times, then left for later', async () => {
    const { cluster, subject } = start();
    await subject.sync(...maps('a'));
    const changed = configMap('shop', 'a', { a: '2' });
    const plan = await preflight(await subject.plan(changed), subject.context);
    cluster.beforeAnswer = (request) => {
      if (isWrite(request))
        cluster.edit(request.ref, (object) => ({ ...object, data: { a: '1', n: String(cluster.requests.length) } }));
      return Promise.resolve();
    };
    assert.deepEqual(outcomes(await subject.apply(plan)), { a: 'failed' });
    assert.equal(cluster.requests.filter((request) => isWrite(request) && request.force === true).length, 5);
  });

  it('a definition that is served late: its objects are parked', async () => {
    const { cluster, subject } = start();
    const group = 'late.example.com';
    const wanted = [definition(group, {}), widget(group, 'shop', {})];
    await subject.sync(...maps('old'));
    const plan = await preflight(await subject.plan(...wanted), subject.context);
    cluster.beforeAnswer = () => {
      cluster.kinds.doubt({ group, kind: 'Widget' }, 'it is defined but not served yet');
      return Promise.resolve();
    };
    assert.deepEqual(outcomes(await subject.apply(plan)), {
      [`widgets.${group}`]: 'applied',
      one: 'parked',
      old: 'removed',
    });
  });

  it('every write that failed was announced and ended', async () => {
    const { cluster, subject } = start();
    cluster.fail(isWrite, 'unavailable', { times: 3 });
    await subject.sync(...maps('a', 'b', 'c'));
    assert.equal(subject.writes.open, 0);
    assert.equal(subject.writes.answered.length, 0);
  });
});

describe('a correction in bad weather', () => {
  it('an object that is written again and again: ten looks, then left for later', async () => {
    const { cluster, subject } = start();
    const [map = configMap('shop', 'a', {})] = maps('a');
    await subject.sync(map);
    cluster.edit(refOf(map), (object) => ({ ...object, data: { a: 'x' } }));
    cluster.beforeAnswer = (request) => {
      if (isWrite(request))
        cluster.edit(request.ref, (object) => ({ ...object, data: { a: 'y', n: String(cluster.requests.length) } }));
      return Promise.resolve();
    };
    const correction = await subject.correct(refOf(map), 'fingerprint');
    assert.equal(correction.kind === 'failed' ? correction.error.retry : correction.kind, 'backoff');
    assert.equal(cluster.requests.filter((request) => isWrite(request) && request.force === true).length, 10);
    assert.equal(subject.writes.open, 0);
  });

  it('an object is announced before it is read, for what was read may be accepted as it is', async () => {
    const { cluster, subject } = start();
    const [map = configMap('shop', 'a', {})] = maps('a');
    await subject.sync(map);
    const announced: number[] = [];
    cluster.beforeAnswer = ({ verb }) => {
      if (verb === 'get') announced.push(subject.writes.open);
      return Promise.resolve();
    };
    assert.equal((await subject.correct(refOf(map), 'fingerprint')).kind, 'unchanged');
    assert.equal(announced.at(-1), 1);
    assert.equal(subject.writes.open, 0);
  });

  it('requests of a correction go before everything that waits', async () => {
    const { cluster, subject } = start();
    const [map = configMap('shop', 'a', {})] = maps('a');
    await subject.sync(map);
    cluster.edit(refOf(map), (object) => ({ ...object, data: { a: 'x' } }));
    subject.priority = 'urgent';
    const before = cluster.requests.length + 1;
    assert.equal((await subject.correct(refOf(map), 'fingerprint')).kind, 'corrected');
    assert.deepEqual(
      cluster.requests.slice(before).map(({ verb, priority }) => [verb, priority]),
      [
        ['get', 'urgent'],
        ['apply', 'urgent'],
      ],
    );
  });

  it('a server that does not answer: failed, to be tried again', async () => {
    const { cluster, subject } = start();
    const [map = configMap('shop', 'a', {})] = maps('a');
    await subject.sync(map);
    cluster.edit(refOf(map), (object) => ({ ...object, data: { a: 'x' } }));
    cluster.fail(isWrite, 'unavailable');
    const correction = await subject.correct(refOf(map), 'fingerprint');
    assert.equal(correction.kind === 'failed' ? correction.error.reason : correction.kind, 'ApiServerError');
  });
});
