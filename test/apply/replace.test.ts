import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../../src/model/object.ts';
import { refOf } from '../../src/model/object.ts';
import { FakeCluster } from '../fakes/cluster.ts';
import { applicationNamed } from './application.ts';
import { configMap, namespaceNamed } from './objects.ts';
import { Subject } from './subject.ts';

const sealed = (value: string): KubeObject => {
  const object = { ...configMap('shop', 'sealed', { value }), immutable: true };
  const annotations = { 'evenkeel.dev/policy': 'recreate-if-immutable' };
  return { ...object, metadata: { ...object.metadata, annotations } };
};

describe('a replacement that is cut off between deletion and creation', () => {
  for (const executed of [false, true])
    it(`is ended by the next run from Git, where the creation was ${executed ? 'carried out' : 'not'}`, async () => {
      const cluster = new FakeCluster();
      cluster.seed(namespaceNamed('shop'));
      const subject = new Subject(cluster, applicationNamed('shop'));
      await subject.sync(sealed('1'));
      const isCreation = ({ verb, dryRun }: { verb: string; dryRun?: boolean }): boolean =>
        verb === 'apply' && dryRun !== true;
      cluster.fail(isCreation, 'unavailable', { executed });
      const [failed] = (await subject.sync(sealed('2'))).results;
      assert.ok(failed?.kind === 'failed');
      assert.deepEqual([failed.error.reason, failed.error.retry], ['ApiServerError', 'backoff']);
      assert.equal(subject.app.record.length, 1, 'it stays on record');
      assert.equal(cluster.peek(refOf(sealed('2'))) !== undefined, executed, 'nothing is put back');
      await subject.sync(sealed('2'));
      assert.deepEqual(cluster.peek(refOf(sealed('2')))?.['data'], { value: '2' });
      const [kept] = (await subject.sync(sealed('2'))).results;
      assert.equal(kept?.kind, 'kept');
    });
});
