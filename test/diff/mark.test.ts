import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import jsonPatch from 'fast-json-patch';
import { mark, releasePatch, tracksItself } from '../../src/diff/diff.ts';
import { installationNamed } from '../../src/model/installation.ts';
import { installation, key, live, manifest, owner } from './world.ts';

const deployment = manifest(
  { group: 'apps', kind: 'Deployment' },
  {
    metadata: { labels: { app: 'a' } },
    spec: { selector: { matchLabels: { app: 'a' } }, template: { metadata: { labels: { app: 'a' } } } },
  },
);

describe('marks', () => {
  it('are on the object only, never in templates or selectors', () => {
    const marked = mark(deployment, owner);
    assert.deepEqual(marked['spec'], deployment['spec']);
    assert.deepEqual(Object.keys(marked.metadata['labels'] ?? {}), [
      'app',
      'evenkeel.dev/part-of',
      'evenkeel.dev/slot',
    ]);
    assert.deepEqual(marked.metadata['annotations'], {
      'evenkeel.dev/tracking-id': 'evenkeel_shop:apps/Deployment:shop/a',
    });
  });

  it('of two installations stand side by side', () => {
    const blue = { key, installation: installationNamed('blue') };
    const both = mark(mark(deployment, owner), blue);
    assert.ok(tracksItself(both, owner) && tracksItself(both, blue));
  });

  it('that were copied to another object do not track it', () => {
    const { labels, annotations } = mark(deployment, owner).metadata;
    const copy = manifest({ name: 'copy' }, { metadata: { labels: labels ?? {}, annotations: annotations ?? {} } });
    assert.equal(tracksItself(copy, owner), false);
  });
});

describe('releasePatch', () => {
  it('takes our marks off and nothing else, under a test of resourceVersion', () => {
    const object = live(deployment, { metadata: { annotations: { note: 'x' } } });
    const operations = releasePatch(object, installation);
    assert.equal(
      jsonPatch.validate(operations.map((operation) => ({ ...operation })) as jsonPatch.Operation[], object),
      undefined,
    );
    const patched = jsonPatch.applyPatch(
      structuredClone(object),
      operations as jsonPatch.Operation[],
      true,
    ).newDocument;
    assert.deepEqual(patched.metadata['labels'], { app: 'a' });
    assert.deepEqual(patched.metadata['annotations'], { note: 'x' });
    assert.deepEqual(patched['spec'], object['spec']);
    assert.deepEqual(operations.at(-1), { op: 'replace', path: '/metadata/resourceVersion', value: '7' });
  });

  it('is empty where there are none', () => {
    assert.deepEqual(releasePatch(deployment, installation), []);
  });
});
