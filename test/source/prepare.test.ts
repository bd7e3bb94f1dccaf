import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OperatorError, OperatorErrors } from '../../src/model/errors.ts';
import { installationNamed } from '../../src/model/installation.ts';
import { decodeJson, objectAt } from '../../src/model/json.ts';
import { describeRef } from '../../src/model/object.ts';
import { decodeFile } from '../../src/source/decode.ts';
import { defaultLimits, type Limits } from '../../src/source/limits.ts';
import { prepareObjects } from '../../src/source/prepare.ts';
import { application, KnownScopes } from './stage.ts';

interface Change {
  readonly destinationNamespace?: string;
  readonly scopes?: KnownScopes;
  readonly limits?: Partial<Limits>;
}

/** One text for each source. */
function prepare(text: string | readonly string[], change: Change = {}) {
  const { destinationNamespace = 'shop', scopes = new KnownScopes(), limits = {} } = change;
  const app = application({ destinationNamespace, source: { repoURL: 'https://git.example/r' } });
  const texts = typeof text === 'string' ? [text] : text;
  const written = texts.map((one, index) => decodeFile(`${'abc'[index] ?? ''}.yaml`, Buffer.from(one)).objects);
  return prepareObjects(written, {
    app,
    scopes,
    normalise: (object) => object,
    installation: installationNamed(''),
    mark: (object) => ({ ...object, metadata: { ...object.metadata, labels: { marked: 'yes' } } }),
    limits: { ...defaultLimits, ...limits },
  });
}

function object(apiVersion: string, kind: string, metadata: string, more = ''): string {
  return `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: ${metadata}\n${more}---\n`;
}

const refs = (text: string, change?: Change): string[] =>
  prepare(text, change).objects.map(({ ref }) => describeRef(ref));

describe('hooks of Helm', () => {
  const hook = (value: string, more = ''): string =>
    object('v1', 'ConfigMap', `{name: a, annotations: {helm.sh/hook: "${value}"${more}}}`);

  for (const value of ['test', 'test-success,test-failure', 'Pre-Rollback, post-rollback']) {
    test(`${value}: never applied`, () => assert.deepEqual(refs(hook(value)), []));
  }
  test('others are hooks, with their weight as wave', () => {
    const [one] = prepare(hook('test,pre-install', ', helm.sh/hook-weight: "-2"')).objects;
    const times = [{ phase: 'PreSync', only: 'install' }];
    assert.deepEqual(one?.hook, { times, deletes: ['BeforeHookCreation'], generated: false });
    assert.equal(one.wave, -2);
  });
  test('18. an unknown one is refused by file, document and line', () => {
    assert.throws(
      () => prepare(hook('pre-everything')),
      /a\.yaml:document 1:line 1: ConfigMap a: annotation helm\.sh\/hook: "pre-everything" is none of/,
    );
  });
  test('26. a hook may have generateName, another object may not', () => {
    const text = (annotations: string): string =>
      object('v1', 'Pod', `{generateName: p-, annotations: ${annotations}}`);
    const [one] = prepare(text('{evenkeel.dev/hook: Sync}')).objects;
    assert.deepEqual([one?.ref.name, one?.hook?.generated], ['p-', true]);
    assert.throws(() => prepare(text('{}')), /has generateName and no name/);
  });
  test('crd-install: a plain object', () => assert.deepEqual(refs(hook('crd-install')), ['ConfigMap shop/a']));
});

describe('several sources', () => {
  const data = (value: string): string => object('v1', 'ConfigMap', '{name: a}', `data: {x: ${value}}\n`);

  test('the later one wins as a whole object, and both are named', () => {
    const { objects, repeated } = prepare([data('first') + object('v1', 'Service', '{name: s}'), data('second')]);
    assert.deepEqual(
      objects.map(({ ref }) => describeRef(ref)),
      ['ConfigMap shop/a', 'Service shop/s'],
    );
    assert.match(objects[0]?.json ?? '', /second/);
    assert.deepEqual(repeated, [
      'ConfigMap shop/a is in a.yaml:document 1:line 1 and in b.yaml:document 1:line 1 of a later source, which wins',
    ]);
  });
  test('twice in one of them is an error', () => {
    assert.throws(() => prepare([data('x'), data('y') + data('z')]), /ConfigMap shop\/a is described twice/);
  });
  test('a definition in one says where a kind of another lives', () => {
    const crd = 'spec:\n  group: x.io\n  scope: Cluster\n  names: {kind: Widget}\n';
    const definition = object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', '{name: widgets.x.io}', crd);
    const { objects } = prepare([object('x.io/v1', 'Widget', '{name: w}'), definition]);
    assert.ok(objects.some(({ ref }) => describeRef(ref) === 'Widget.x.io w'));
  });
  test('errors of all of them are told at once', () => {
    const wrong = object('v1', 'ConfigMap', '{namespace: x}');
    assert.throws(
      () => prepare([wrong, wrong]),
      (error) => error instanceof OperatorErrors && error.errors.length === 2,
    );
  });
});

describe('namespaces', () => {
  test('by scope', () => {
    const text = object('v1', 'ConfigMap', '{name: a}') + object('v1', 'ConfigMap', '{name: b, namespace: own}');
    assert.deepEqual(refs(text), ['ConfigMap own/b', 'ConfigMap shop/a']);
  });
  test('a cluster-scoped object loses one', () => {
    assert.deepEqual(refs(object('v1', 'Namespace', '{name: one, namespace: x}')), ['Namespace one']);
  });
  test('a CustomResourceDefinition of the same source says where its kind lives', () => {
    const crd = 'spec:\n  group: x.io\n  scope: Namespaced\n  names: {kind: Widget}\n';
    const text =
      object('x.io/v1', 'Widget', '{name: w}') +
      object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', '{name: widgets.x.io}', crd);
    assert.ok(refs(text).includes('Widget.x.io shop/w'));
  });
  test('an unknown kind stays as it is, and is asked for again', () => {
    const scopes = new KnownScopes();
    const text = object('y.io/v1', 'Later', '{name: l}');
    const before = prepare(text, { scopes });
    assert.deepEqual(
      before.objects.map(({ ref }) => describeRef(ref)),
      ['Later.y.io l'],
    );
    assert.equal(before.scopesUsed.get('y.io/Later')?.scope, undefined);
    scopes.known.set('y.io/Later', 'Namespaced');
    assert.deepEqual(refs(text, { scopes }), ['Later.y.io shop/l']);
  });
  test('core and group kinds of one name are two', () => {
    const text = object('v1', 'Service', '{name: s}') + object('serving.knative.dev/v1', 'Service', '{name: s}');
    assert.equal(refs(text).length, 2);
  });
});

test('hash, body and order', () => {
  const text = object('v1', 'ConfigMap', '{name: b}') + object('v1', 'ConfigMap', '{name: a}');
  const [a, b] = prepare(text).objects;
  assert.deepEqual([a?.ref.name, b?.ref.name], ['a', 'b']);
  const body = decodeJson(a?.json ?? '');
  assert.deepEqual(objectAt(body, 'metadata'), { labels: { marked: 'yes' }, name: 'a', namespace: 'shop' });
  assert.match(a?.hash ?? '', /^[\w-]{11}$/);
  assert.equal(prepare(object('v1', 'ConfigMap', '{namespace: shop, name: a}')).objects[0]?.hash, a?.hash);
});

const bad: readonly [name: string, text: string, reason: string, message: RegExp, change?: Change][] = [
  ['no namespace anywhere', object('v1', 'ConfigMap', '{name: a}'), 'MissingNamespace', /destination\.namespace/, { destinationNamespace: '' }],
  ['twice', object('v1', 'ConfigMap', '{name: a}') + object('v1', 'ConfigMap', '{name: a, namespace: shop}'), 'AmbiguousObject', /a\.yaml:document 1:line 1 and a\.yaml:document 2:line 5/],
  ['in two versions', object('apps/v1', 'Deployment', '{name: a}') + object('apps/v1beta1', 'Deployment', '{name: a}'), 'AmbiguousObject', /Deployment\.apps shop\/a is described twice/],
  ['no name', object('v1', 'ConfigMap', '{}'), 'InvalidObject', /metadata\.name is missing/],
  ['no metadata', 'apiVersion: v1\nkind: ConfigMap\n', 'InvalidObject', /metadata\.name is missing/],
  ['metadata is text', object('v1', 'ConfigMap', 'x'), 'InvalidObject', /metadata is no mapping/],
  ['a name that is a number', object('v1', 'ConfigMap', '{name: 7}'), 'InvalidObject', /metadata\.name is missing or no text/],
  ['a name that is a path', object('v1', 'ConfigMap', '{name: ../x}'), 'InvalidObject', /can be no object's name/],
  ['generateName', object('v1', 'ConfigMap', '{generateName: a-}'), 'InvalidObject', /generateName/],
  ['a label that is a boolean', object('v1', 'ConfigMap', '{name: a, labels: {on: yes}}'), 'InvalidObject', /metadata\.labels\["true"\].*quotes/],
  ['a wave that is no integer', object('v1', 'ConfigMap', '{name: a, annotations: {argocd.argoproj.io/sync-wave: "1.5"}}'), 'InvalidObject', /^a\.yaml:document 1:line 1: ConfigMap shop\/a: annotation argocd\.argoproj\.io\/sync-wave: "1\.5" is no integer$/],
  ['a dependency of another form', object('v1', 'ConfigMap', '{name: a, annotations: {evenkeel.dev/depends-on: "apps/shop/Deployment/web"}}'), 'InvalidObject', /^a\.yaml:document 1:line 1: ConfigMap shop\/a: annotation evenkeel\.dev\/depends-on: .* is none of/],
  ['a dependency on a later wave', object('v1', 'ConfigMap', '{name: a, annotations: {evenkeel.dev/depends-on: /namespaces/shop/ConfigMap/b}}') + object('v1', 'ConfigMap', '{name: b, annotations: {evenkeel.dev/sync-wave: "2"}}'), 'InvalidObject', /^a\.yaml:document 1:line 1: ConfigMap shop\/a depends on ConfigMap shop\/b of wave 2, which comes after its own wave 0$/],
  ['a dependency of a hook', object('v1', 'ConfigMap', '{name: a, annotations: {evenkeel.dev/depends-on: /namespaces/shop/ConfigMap/b, evenkeel.dev/hook: PreSync}}'), 'InvalidObject', /^a\.yaml:document 1:line 1: hook ConfigMap shop\/a depends on ConfigMap shop\/b: a hook takes its turn by phase and wave only$/],
  ['a dependency on a hook', object('v1', 'ConfigMap', '{name: a, annotations: {evenkeel.dev/depends-on: /namespaces/shop/ConfigMap/b}}') + object('v1', 'ConfigMap', '{name: b, annotations: {argocd.argoproj.io/hook: PostSync}}'), 'InvalidObject', /^a\.yaml:document 1:line 1: ConfigMap shop\/a depends on hook ConfigMap shop\/b: a hook takes its turn by phase and wave only$/],
  ['dependencies in a circle', ['a b', 'b c', 'c a'].map((pair) => object('v1', 'ConfigMap', `{name: ${pair[0] ?? ''}, annotations: {evenkeel.dev/depends-on: /namespaces/shop/ConfigMap/${pair[2] ?? ''}}}`)).join(''), 'InvalidObject', /^a\.yaml:document 1:line 1: ConfigMap shop\/a depends on itself: ConfigMap shop\/a → ConfigMap shop\/b → ConfigMap shop\/c → ConfigMap shop\/a$/],
  ['too large', object('v1', 'ConfigMap', '{name: a}', `data: {x: ${'y'.repeat(2_000)}}\n`), 'LimitExceeded', /a\.yaml:document 1:line 1: ConfigMap shop\/a of \d+ bytes exceeds the limit objectBytes of 1000/, { limits: { objectBytes: 1_000 } }],
  ['too many', object('v1', 'ConfigMap', '{name: a}') + object('v1', 'ConfigMap', '{name: b}'), 'LimitExceeded', /objects of 1/, { limits: { objects: 1 } }],
]; // prettier-ignore

for (const [name, text, reason, message, change] of bad) {
  test(`refused: ${name}`, () => {
    assert.throws(
      () => prepare(text, change),
      (error) => {
        assert.ok(error instanceof OperatorError);
        assert.equal(error.reason, reason);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

test('all errors are reported together', () => {
  const text =
    object('v1', 'ConfigMap', '{}') + object('v1', 'ConfigMap', 'x') + object('v1', 'ConfigMap', '{name: a}');
  assert.throws(
    () => prepare(text),
    (error) => error instanceof OperatorErrors && error.errors.length === 2,
  );
});

const annotations: readonly [name: string, value: string, accepted: boolean][] = [
  ['argocd.argoproj.io/sync-options', 'Prune=false', true],
  ['argocd.argoproj.io/sync-options', 'Prune=false, Delete=false,ServerSideApply=true', true],
  ['argocd.argoproj.io/sync-options', 'Prune=confirm,Delete=confirm', true],
  ['evenkeel.dev/sync-options', 'Replace=true', true],
  ['argocd.argoproj.io/sync-options', 'Force=true,Replace=true', true],
  ['argocd.argoproj.io/sync-options', 'PruneLast=true', true],
  ['argocd.argoproj.io/sync-options', 'SkipDryRunOnMissingResource=true', true],
  ['argocd.argoproj.io/sync-options', 'Validate=false', true],
  ['helm.sh/hook', 'crd-install', true],
  ['argocd.argoproj.io/sync-wave', '0', true],
  ['argocd.argoproj.io/sync-wave', '-1', true],
  ['argocd.argoproj.io/compare-options', 'IgnoreExtraneous', true],
  ['argocd.argoproj.io/ignore-healthcheck', 'true', true],
  ['evenkeel.dev/depends-on', '/namespaces/shop/ConfigMap/b', true],
  ['evenkeel.dev/policy', 'create-only', true],
  ['evenkeel.dev/policy', 'no-prune, recreate-if-immutable', true],
  ['evenkeel.dev/protect', 'true', true],
  ['helm.sh/resource-policy', 'keep', true],
  ['example.com/hook', 'PreSync', true],
];

describe('annotations with a meaning', () => {
  for (const [name, value, accepted] of annotations) {
    test(`${name}: ${value} is ${accepted ? 'accepted' : 'refused'}`, () => {
      const text = object('v1', 'ConfigMap', `{name: a, annotations: {${name}: "${value}"}}`);
      if (accepted) assert.equal(prepare(text).objects.length, 1);
      else assert.throws(() => prepare(text), refusal(name));
    });
  }

  test('a policy that there is none is refused, naming the place and what there is', () => {
    const text = object('v1', 'ConfigMap', '{name: a, annotations: {evenkeel.dev/policy: "no-prune, create_only"}}');
    assert.throws(
      () => prepare(text),
      (error) => {
        assert.ok(error instanceof OperatorError && error.reason === 'InvalidObject');
        return /^a\.yaml:document 1:line 1: .*evenkeel\.dev\/policy: expected create-only, .*got "create_only"$/.test(
          error.message,
        );
      },
    );
  });

  test('our spelling replaces the other', () => {
    const both = '{evenkeel.dev/sync-options: Prune=false, argocd.argoproj.io/sync-options: Replace=true}';
    assert.equal(prepare(object('v1', 'ConfigMap', `{name: a, annotations: ${both}}`)).objects.length, 1);
  });
});

function refusal(annotation: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof OperatorError);
    assert.equal(error.reason, 'NotYetSupported');
    assert.ok(error.message.startsWith('a.yaml:document 1:line 1: ConfigMap a') && error.message.includes(annotation));
    return true;
  };
}
