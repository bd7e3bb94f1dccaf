import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OperatorError } from '../../../src/model/errors.ts';
import { readHelm, readKustomize } from '../../../src/model/parse-source.ts';
import type { Reason } from '../../../src/model/reasons.ts';
import { applyOverrides, withOverrides } from '../../../src/source/render/overrides.ts';
import { Tree } from '../../../src/source/tree.ts';
import { sourceSpec } from '../../fakes/source-spec.ts';
import { MemoryCommit } from './kustomize/memory-commit.ts';

const plain = sourceSpec({ path: 'app', targetRevision: 'v1', secretRef: 'git' });
const kustomized = {
  ...plain,
  kustomize: readKustomize({ namePrefix: 'a-', images: ['x:1'], commonLabels: { a: '1', b: '2' } }),
};
const charted = { ...plain, helm: readHelm({ valueFiles: ['a.yaml'], valuesObject: { a: { b: 1, c: 2 } } }) };

function over(source: typeof plain, ...texts: readonly string[]) {
  return withOverrides(
    source,
    texts.map((text, index) => ({ path: `app/${index}.yaml`, text })),
  );
}

describe('overrides', () => {
  test('replace lists, merge maps, and null is the default', () => {
    const merged = over(
      kustomized,
      'kustomize: {images: [y:2, z:3], commonLabels: {b: null, c: "3"}, namePrefix: null}',
    );
    assert.deepEqual(merged, {
      ...plain,
      kustomize: readKustomize({ images: ['y:2', 'z:3'], commonLabels: { a: '1', c: '3' } }),
    });
  });

  test('make a block where there was none', () => {
    assert.deepEqual(over(plain, 'helm: {parameters: [{name: image.tag, value: "1", forceString: true}]}'), {
      ...plain,
      helm: readHelm({ parameters: [{ name: 'image.tag', value: '1', forceString: true }] }),
    });
  });

  test('merge into values', () => {
    const merged = over(charted, 'helm: {valuesObject: {a: {b: null, d: 9007199254740993}}}');
    assert.deepEqual(merged.helm?.valuesObject, { a: { c: 2, d: 9007199254740993n } });
    assert.deepEqual(merged.helm.valueFiles, ['a.yaml']);
  });

  test('remove a block', () => {
    assert.deepEqual(over(charted, 'helm: null'), plain);
    assert.deepEqual(over(charted, 'helm: null\nkustomize: {namespace: ns}'), {
      ...plain,
      kustomize: readKustomize({ namespace: 'ns' }),
    });
  });

  test('change the options of a directory', () => {
    assert.deepEqual(over(plain, 'directory: {recurse: true}').directory, { ...plain.directory, recurse: true });
  });

  test('of the later file win', () => {
    const merged = over(plain, 'kustomize: {namePrefix: a-, nameSuffix: -b}', 'kustomize: {namePrefix: c-}');
    assert.deepEqual(merged.kustomize, readKustomize({ namePrefix: 'c-', nameSuffix: '-b' }));
  });

  test('say nothing when they are empty, or about other fields of a source', () => {
    assert.deepEqual(
      over(kustomized, '', '# nothing\n', 'targetRevision: v9\npath: other\nrepoURL: https://x.example'),
      kustomized,
    );
  });

  test('apply to a chart from a registry', () => {
    const chart = sourceSpec({ repoURL: 'oci://ghcr.io/org', chart: 'web', path: '.', targetRevision: '1.x' });
    assert.deepEqual(over(chart, 'helm: {releaseName: r}'), { ...chart, helm: readHelm({ releaseName: 'r' }) });
  });

  const refusals: readonly [name: string, text: string, reason: Reason, message: RegExp][] = [
    [
      'an unknown option',
      'kustomize: {imagez: []}',
      'UnknownField',
      /^app\/0\.yaml: source\.kustomize\.imagez: .*images/,
    ],
    ['an unknown block', 'kustomise: {}', 'UnknownField', /source\.kustomise: .*did you mean kustomize/],
    ['a wrong type', 'kustomize: {images: x}', 'InvalidSpec', /source\.kustomize\.images: expected a list/],
    ['two renderers', 'helm: {releaseName: x}', 'InvalidSpec', /app\/0\.yaml: source: expected at most one of/],
    ['a plugin', 'plugin: {name: x}', 'Refused', /source\.plugin/],
    ['jsonnet', 'directory: {jsonnet: {libs: [x]}}', 'NotYetSupported', /source\.directory\.jsonnet/],
    ['a list', '[1]', 'DecodeFailed', /app\/0\.yaml: is no mapping/],
    ['no YAML', 'a: [', 'DecodeFailed', /app\/0\.yaml:document 1:line 1/],
  ];

  for (const [name, text, reason, message] of refusals) {
    test(`are refused: ${name}`, () => {
      assert.throws(
        () => over(kustomized, text),
        (error) => {
          assert.ok(error instanceof OperatorError, String(error));
          assert.match(error.message, message);
          assert.deepEqual([error.reason, error.step, error.retry], [reason, 'render', 'interval']);
          return true;
        },
      );
    });
  }

  test('are read from the path, the general file first', async () => {
    const commit = new MemoryCommit({
      'app/.argocd-source.yaml': 'kustomize: {namePrefix: general-, nameSuffix: -s}',
      'app/.argocd-source-web.yaml': 'kustomize: {namePrefix: web-}',
      'app/.argocd-source-api.yaml': 'no: [',
      '.argocd-source.yaml': 'no: [',
    });
    const { source, read } = await applyOverrides(plain, new Tree(commit, commit.root), 'web');
    assert.deepEqual(source.kustomize, readKustomize({ namePrefix: 'web-', nameSuffix: '-s' }));
    assert.deepEqual(
      read.map(({ path }) => path),
      ['app/.argocd-source.yaml', 'app/.argocd-source-web.yaml'],
    );
  });

  test('cost nothing where there are none', async () => {
    const commit = new MemoryCommit({ 'app/a.yaml': '', 'app/.argocd-source.yaml/x': '' });
    const { source, read } = await applyOverrides(plain, new Tree(commit, commit.root), 'web');
    assert.equal(source, plain);
    assert.deepEqual([read, commit.read], [[], []]);
  });
});
