import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SourceResource } from '../../src/model/application-schema.ts';
import { Findings } from '../../src/model/findings.ts';
import { readShownSources, showSources } from '../../src/model/history-source.ts';
import { readSourceSet } from '../../src/model/parse-spec.ts';
import type { SourceSet } from '../../src/model/application.ts';

const repoURL = 'https://git.example.com/shop.git';

function read(spec: { source?: SourceResource; sources?: SourceResource[] }): SourceSet {
  const findings = new Findings();
  const sources = readSourceSet(spec, 'spec', findings);
  assert.deepEqual(findings.problems, []);
  assert.ok(sources);
  return sources;
}

const rows: readonly (readonly [string, SourceResource])[] = [
  ['plain manifests', { repoURL, path: 'app', directory: { recurse: true, exclude: '{a,b}' } }],
  ['a chart', { repoURL: 'ghcr.io/org', chart: 'shop', targetRevision: '1.2.3', helm: { passCredentials: true } }],
  [
    'values that are all zero',
    {
      repoURL,
      path: '.',
      helm: { releaseName: 'x', valuesObject: { on: false, none: {} }, parameters: [{ name: 'a' }] },
    },
  ],
  ['no values in place of some', { repoURL, path: '.', helm: { values: 'a: 1', valuesObject: {} } }],
  [
    'kustomize',
    {
      repoURL,
      path: 'prod',
      kustomize: {
        images: ['a=b:1'],
        replicas: [{ name: 'web', count: 0 }],
        commonLabels: { a: '' },
        patches: [{ patch: '[]' }],
      },
    },
  ],
  ['signatures and credentials', { repoURL, path: '.', secretRef: 's', verify: { mode: 'Tag', secretRef: 'keys' } }],
];

describe('sources in status are read back as they were', () => {
  for (const [name, source] of rows) {
    test(name, () => {
      const sources = read({ source });
      assert.deepEqual(readShownSources(showSources(sources)), sources);
    });
  }

  test('several of them, which refer to one another', () => {
    const sources = read({
      sources: [
        { repoURL, ref: 'values' },
        { repoURL, path: 'chart', helm: { valueFiles: ['$values/prod.yaml'] } },
      ],
    });
    assert.deepEqual(readShownSources(showSources(sources)), sources);
  });

  test('options that are too large are left out, and then they are not taken for none', () => {
    const shown = showSources(read({ source: { repoURL, path: '.', helm: { values: 'x'.repeat(5_000) } } }));
    assert.ok(JSON.stringify(shown).length < 300);
    assert.equal(readShownSources(shown), undefined);
  });
});
