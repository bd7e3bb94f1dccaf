import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { preflight } from '../../src/apply/apply.ts';
import type { OperatorError } from '../../src/model/errors.ts';
import { OperatorErrors } from '../../src/model/errors.ts';
import type { ApplicationSpec } from '../../src/model/application.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { arrayAt, objectAt } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { refOf } from '../../src/model/object.ts';
import type { ChangeResult } from '../../src/model/outcome.ts';
import { FakeCluster } from '../fakes/cluster.ts';
import { applicationNamed } from './application.ts';
import { configMap, definition, namespaceNamed, widget } from './objects.ts';
import { Subject } from './subject.ts';

function start(change: Partial<ApplicationSpec> = {}): { readonly cluster: FakeCluster; readonly subject: Subject } {
  const cluster = new FakeCluster();
  cluster.seed(namespaceNamed('shop'));
  return { cluster, subject: new Subject(cluster, applicationNamed('shop', change)) };
}

const maps = (...names: string[]): ReturnType<typeof configMap>[] =>
  names.map((name) => configMap('shop', name, { a: '1' }));

async function errorsOf(promise: Promise<unknown>): Promise<readonly OperatorError[]> {
  const error = await promise.then(
    () => assert.fail('it was let through'),
    (thrown: unknown) => thrown,
  );
  return error instanceof OperatorErrors ? error.errors : [error as OperatorError];
}

const isWrite = ({ verb, dryRun }: { verb: string; dryRun?: boolean }): boolean =>
  !['get', 'list', 'watch'].includes(verb) && dryRun !== true;

describe('permissions', () => {
  it('a permission that is missing is named with verb, resource, namespace and object, beside all other errors', async () => {
    const { cluster, subject } = start();
    await subject.sync(...maps('late'));
    const written = cluster.requests.filter(isWrite).length;
    cluster.permits = ({ verb }) => verb !== 'create';
    const plan = await subject.plan(configMap('shop', 'late', { a: '2' }), ...maps('new', 'other'));
    cluster.fail(({ ref, dryRun }) => ref.name === 'late' && dryRun === true, 'invalid');
    const errors = await errorsOf(preflight(plan, subject.context));
    assert.deepEqual(errors.map(({ reason, object }) => `${reason} ${object?.name ?? ''}`).sort(), [
      'Forbidden new',
      'Forbidden other',
      'InvalidObject late',
    ]);
    assert.match(
      errors.find(({ object }) => object?.name === 'new')?.message ?? '',
      /ConfigMap shop\/new \(deploy\.yaml:document 1:line 1\): the operator's ServiceAccount cannot create resource "configmaps" in API group "" in the namespace "shop": grant the permission/,
    );
    assert.equal(cluster.requests.filter(isWrite).length, written);
  });

  it('a deletion that is not permitted stops the sync before anything is written', async () => {
    const { cluster, subject } = start();
    await subject.sync(...maps('kept', 'old'));
    const written = cluster.requests.filter(isWrite).length;
    cluster.permits = ({ verb }) => verb !== 'delete';
    const plan = await subject.plan(configMap('shop', 'kept', { a: '2' }));
    const [error] = await errorsOf(preflight(plan, subject.context));
    assert.match(
      error?.message ?? '',
      /ConfigMap shop\/old: the operator's ServiceAccount cannot delete resource "configmaps"/,
    );
    assert.equal(cluster.requests.filter(isWrite).length, written);
  });

  it('whoever asks is named as the one who may not', async () => {
    const { cluster, subject } = start();
    cluster.permits = ({ verb }) => verb !== 'create';
    const plan = await subject.plan(...maps('new'));
    const asker = 'the user "jane" of the kubeconfig';
    const [error] = await errorsOf(preflight(plan, { ...subject.context, asker }));
    assert.match(error?.message ?? '', /: the user "jane" of the kubeconfig cannot create .*: grant the permission$/);
  });

  it('nothing is asked about what is in sync', async () => {
    const { cluster, subject } = start();
    await subject.sync(...maps('a', 'b'));
    cluster.reviews.length = 0;
    await subject.sync(...maps('a', 'b'));
    assert.deepEqual(cluster.reviews, []);
  });
});

describe('what cannot be tried out yet', () => {
  const group = 'widgets.example.com';
  const crd = definition(group, { size: { type: 'integer' } });

  it('is compared with the schema that the server publishes', async () => {
    const { cluster, subject } = start();
    const wrong = { ...configMap('inner', 'map', { a: '1' }), dta: { a: '1' } };
    const plan = await subject.plan(namespaceNamed('inner'), wrong);
    const [error] = await errorsOf(preflight(plan, subject.context));
    assert.equal(error?.reason, 'InvalidObject');
    assert.match(error.message, /deploy\.yaml:document 1:line 1: ConfigMap inner\/map: dta: there is no such field/);
    assert.equal(cluster.requests.filter(isWrite).length, 0);
  });

  it('is compared with the schema of the definition in the plan', async () => {
    const { subject } = start();
    const [error] = await errorsOf(
      preflight(await subject.plan(crd, widget(group, 'shop', { size: 'x' })), subject.context),
    );
    assert.match(
      error?.message ?? '',
      /Widget\.widgets\.example\.com shop\/one: spec\.size: expected an integer, got text/,
    );
  });

  it('10. is not tried out where its definition changes in the same sync: it may use what the new one brings', async () => {
    const { cluster, subject } = start();
    await subject.sync(crd, widget(group, 'shop', { size: 1 }));
    const wider = definition(group, { size: { type: 'integer' }, color: { type: 'string' } });
    cluster.requests.length = 0;
    const plan = await preflight(
      await subject.plan(wider, widget(group, 'shop', { size: 1, color: 'red' })),
      subject.context,
    );
    assert.deepEqual(
      plan.changes.map(({ kind }) => kind),
      ['update', 'undecided'],
    );
    assert.deepEqual(
      cluster.requests.filter(({ dryRun }) => dryRun === true).map(({ ref }) => ref.kind),
      ['CustomResourceDefinition'],
    );
  });
});

describe('preflight: PerObject', () => {
  const perObject = { preflight: 'PerObject' } as const;

  it('12. writes everything but what is refused; later steps wait', async () => {
    const { cluster, subject } = start(perObject);
    cluster.permits = ({ resource }) => resource !== 'secrets';
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'secret', namespace: 'shop' } };
    const applied = await subject.sync(...maps('a', 'b'), secret, later(configMap('shop', 'later', {})));
    const kinds = kindsOf(applied.results);
    assert.deepEqual(kinds, { a: 'applied', b: 'applied', secret: 'failed', later: 'skipped' });
  });

  it('creates with one request for each object and one list for all of them', async () => {
    const { cluster, subject } = start(perObject);
    const plan = await subject.plan(...maps('a', 'b', 'c'));
    cluster.requests.length = 0;
    await subject.apply(await preflight(plan, subject.context));
    const asked = cluster.requests.map(({ verb, dryRun }) => (dryRun === true ? 'dry-run' : verb));
    assert.deepEqual(asked, ['list', 'apply', 'apply', 'apply']);
  });

  it('many Applications with one object of a kind each: the first is tried out, one list answers all others', async () => {
    const { cluster } = start();
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names) {
      const subject = new Subject(cluster, applicationNamed('shop', perObject));
      await subject.apply(await preflight(await subject.plan(...maps(name)), subject.context));
    }
    const asked = cluster.requests.filter(({ verb }) => verb !== 'get');
    assert.deepEqual(
      asked.map(({ verb, dryRun }) => (dryRun === true ? 'dry-run' : verb)),
      ['dry-run', 'apply', 'list', 'apply', 'apply', 'apply'],
    );
  });

  it('what came since the list is met by the rules of adoption, too, and not written before', async () => {
    const { cluster, subject } = start(perObject);
    const decided = await preflight(await subject.plan(...maps('a', 'b', 'c')), subject.context);
    const owner = { apiVersion: 'v1', kind: 'X', name: 'x', uid: 'u', controller: true };
    // Nothing in it differs from what Git says: the server alone would merge the two.
    const { metadata, ...rest } = configMap('shop', 'a', {});
    cluster.seed({ ...rest, metadata: { ...metadata, ownerReferences: [owner] } });
    cluster.seed(configMap('shop', 'b', { other: 'x' }));
    const applied = await subject.apply(decided);
    assert.deepEqual(kindsOf(applied.results), { a: 'failed', b: 'applied', c: 'applied' });
    assert.deepEqual(cluster.peek(refOf(configMap('shop', 'a', {})))?.['data'], {});
    const [refused] = applied.results.filter((result) => result.kind === 'failed');
    assert.equal(refused?.error.reason, 'Conflicted');
  });

  it('an object that is there already is met by the rules of adoption, without a dry-run', async () => {
    const { cluster, subject } = start(perObject);
    const plan = await subject.plan(...maps('a', 'b', 'c'));
    cluster.seed(configMap('shop', 'a', { a: 'x' }));
    const owned = {
      metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'x', uid: 'u', controller: true }] },
    };
    const taken = configMap('shop', 'b', { a: 'x' });
    cluster.seed({ ...taken, metadata: { ...taken.metadata, ...owned.metadata } });
    cluster.requests.length = 0;
    const decided = await preflight(plan, subject.context);
    assert.deepEqual(
      decided.changes.map(({ kind }) => kind),
      ['update', 'refuse', 'create'],
    );
    assert.ok(!cluster.requests.some(({ dryRun }) => dryRun === true));
  });

  it('a namespace with its contents: no dry-run, and what its schema refuses stays out alone', async () => {
    const { cluster, subject } = start(perObject);
    const inner = ['good', 'fine'].map((name) => configMap('inner', name, {}));
    const plan = await subject.plan(namespaceNamed('inner'), ...inner, { ...configMap('inner', 'bad', {}), dta: {} });
    cluster.requests.length = 0;
    const applied = await subject.apply(await preflight(plan, subject.context));
    const kinds = kindsOf(applied.results);
    assert.deepEqual(kinds, { inner: 'applied', good: 'applied', fine: 'applied', bad: 'failed' });
    const tried = cluster.requests.filter(({ dryRun }) => dryRun === true).map(({ ref }) => ref.kind);
    assert.deepEqual(tried, ['Namespace'], 'a single one is tried out instead of listed');
  });
});

describe('a definition that exists', () => {
  const group = 'safe.example.com';
  const older = definition(group, { size: { type: 'integer' } });
  const requiring = withSpec(older, (spec) => ({ ...spec, required: ['size'] }));

  it('is not written when an object that this sync leaves alone would not fit it', async () => {
    const { cluster, subject } = start();
    await subject.sync(older);
    cluster.seed(widget(group, 'shop', {}));
    const written = cluster.requests.filter(isWrite).length;
    const [error] = await errorsOf(preflight(await subject.plan(requiring), subject.context));
    assert.equal(error?.reason, 'UnsafeDefinition');
    assert.match(
      error.message,
      /widgets\.safe\.example\.com .*Widget\.safe\.example\.com shop\/one: spec\.size: is required/,
    );
    assert.equal(cluster.requests.filter(isWrite).length, written);
  });

  it('is written when the same sync makes that object fit, and when all others do', async () => {
    const { subject } = start();
    await subject.sync(older, widget(group, 'shop', {}));
    const applied = await subject.sync(requiring, widget(group, 'shop', { size: 1 }));
    assert.deepEqual(
      applied.results.map(({ kind }) => kind),
      ['applied', 'applied'],
    );
  });

  it('Validate=false on it says that this is meant', async () => {
    const { cluster, subject } = start();
    await subject.sync(older);
    cluster.seed(widget(group, 'shop', {}));
    const annotations = { 'argocd.argoproj.io/sync-options': 'Validate=false' };
    const meant = { ...requiring, metadata: { ...requiring.metadata, annotations } };
    const { changes } = await preflight(await subject.plan(meant), subject.context);
    assert.deepEqual(
      changes.map(({ kind }) => kind),
      ['update'],
    );
  });

  it('with more objects than are looked at: what may not fit is said', async () => {
    const { cluster, subject } = start();
    await subject.sync(older);
    for (let index = 0; index <= 500; index++) {
      const one = widget(group, 'shop', { size: 1 });
      cluster.seed({ ...one, metadata: { ...one.metadata, name: `w-${index}` } });
    }
    const { results } = await subject.sync(requiring);
    const [result] = results;
    assert.match(
      result?.kind === 'applied' ? (result.message ?? '') : '',
      /version v1 allows less than before \(spec\.size becomes required\)/,
    );
  });
});

function withSpec(crd: KubeObject, change: (spec: JsonObject) => JsonObject): KubeObject {
  const [version] = arrayAt(crd['spec'], 'versions');
  const schema = objectAt(objectAt(version, 'schema'), 'openAPIV3Schema');
  const properties = { spec: change(objectAt(objectAt(schema, 'properties'), 'spec')) };
  const versions = [
    { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties } } },
  ];
  return { ...crd, spec: { ...objectAt(crd, 'spec'), versions } };
}

describe('SkipDryRunOnMissingResource', () => {
  const missing = widget('missing.example.com', 'shop', {});

  it('on the Application: the object waits until its kind is served, the others and later waves go on', async () => {
    const { cluster, subject } = start();
    const { syncOptions } = subject.app.spec;
    const spec = { ...subject.app.spec, syncOptions: { ...syncOptions, skipDryRunOnMissingResource: true } };
    subject.app = { ...subject.app, spec };
    const wanted = [missing, ...maps('a'), later(configMap('shop', 'later', {}))];
    assert.deepEqual(kindsOf((await subject.sync(...wanted)).results), { one: 'kept', a: 'applied', later: 'applied' });
    cluster.seed(definition('missing.example.com', {}));
    assert.deepEqual(kindsOf((await subject.sync(...wanted)).results), { one: 'applied', a: 'kept', later: 'kept' });
  });

  it('on the object: that one alone', async () => {
    const { subject } = start();
    const annotations = { 'evenkeel.dev/sync-options': 'SkipDryRunOnMissingResource=true' };
    const waiting = { ...missing, metadata: { ...missing.metadata, annotations } };
    assert.deepEqual(kindsOf((await subject.sync(waiting, ...maps('a'))).results), { one: 'kept', a: 'applied' });
    const [error] = await errorsOf(subject.sync(waiting, widget('other.example.com', 'shop', {})));
    assert.equal(error?.reason, 'KindNotServed');
  });
});

function kindsOf(results: readonly ChangeResult[]): Record<string, string> {
  return Object.fromEntries(results.map(({ change, kind }) => [change.ref.name, kind]));
}

function later(object: KubeObject): KubeObject {
  const annotations = { 'evenkeel.dev/sync-wave': '1' };
  return { ...object, metadata: { ...object.metadata, annotations } };
}
