import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Applied } from '../../src/model/outcome.ts';
import { FakeCluster } from '../fakes/cluster.ts';
import { applicationNamed } from './application.ts';
import { configMap, definition, namespaceNamed } from './objects.ts';
import { Subject } from './subject.ts';

function outcomes({ results }: Applied): Record<string, string> {
  return Object.fromEntries(results.map((result) => [result.change.ref.kind, result.kind]));
}

describe('removals of several stages', () => {
  it('a stage waits for what an earlier run began to remove and what is not gone yet', async () => {
    const cluster = new FakeCluster();
    cluster.seed(namespaceNamed('shop'));
    const subject = new Subject(cluster, applicationNamed('shop'));
    const held = configMap('shop', 'held', { a: '1' });
    const widgets = definition('example.com', {});
    const all = [held, widgets, namespaceNamed('extra')];
    await subject.sync(configMap('shop', 'kept', { a: '1' }), ...all);
    const target = { apiVersion: 'v1', group: '', kind: 'ConfigMap', namespace: 'shop', name: 'held' };
    await cluster.merge(target, { metadata: { finalizers: ['example.com/hold'] } }, { manager: 'somebody' });

    const kept = configMap('shop', 'kept', { a: '1' });
    subject.app = { ...subject.app, annotations: { 'evenkeel.dev/approve': (await subject.plan(kept)).hash } };
    const first = outcomes(await subject.sync(kept));
    assert.deepEqual([first['CustomResourceDefinition'], first['Namespace']], ['skipped', 'skipped']);

    subject.app = { ...subject.app, annotations: { 'evenkeel.dev/approve': (await subject.plan(kept)).hash } };
    const second = outcomes(await subject.sync(kept));
    assert.deepEqual([second['CustomResourceDefinition'], second['Namespace']], ['skipped', 'skipped']);

    await cluster.merge(target, { metadata: { finalizers: null } }, { manager: 'somebody' });
    subject.app = { ...subject.app, annotations: { 'evenkeel.dev/approve': (await subject.plan(kept)).hash } };
    const third = outcomes(await subject.sync(kept));
    assert.equal(third['CustomResourceDefinition'], 'removed');
  });
});
