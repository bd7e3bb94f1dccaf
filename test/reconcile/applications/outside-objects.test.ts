import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../../../src/model/object.ts';
import { configMap, Stage } from '../stage.ts';

const jobRef = { group: 'batch', kind: 'Job', namespace: 'shop', name: 'migrate' };

function job(status: KubeObject['metadata'][string] = {}): KubeObject {
  const metadata = { name: 'migrate', namespace: 'shop' };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata, status };
}

/** A ConfigMap that names a Job of somebody else, and one that names nothing. */
async function started(present: readonly KubeObject[] = []): Promise<Stage> {
  const stage = new Stage();
  for (const object of present) stage.cluster.seed(object);
  const annotations = { 'evenkeel.dev/depends-on': 'batch/namespaces/shop/Job/migrate' };
  stage.repository.commit({ shop: [configMap('after', { k: '1' }, { annotations }), configMap('other')] });
  stage.apply('shop');
  await stage.start();
  await stage.quiet();
  return stage;
}

function awaited(stage: Stage): string[] {
  return stage.cluster.reflectors.flatMap(({ spec }) => (spec.fieldSelector === undefined ? [] : [spec.fieldSelector]));
}

function complete(stage: Stage): void {
  stage.cluster.edit(jobRef, (object) => ({
    ...object,
    status: { conditions: [{ type: 'Complete', status: 'True' }] },
  }));
}

describe('depends-on of an object on one outside the Application', () => {
  it('is met by events, without any request for it and without time passing', async () => {
    await using stage = await started();
    assert.deepEqual(stage.maps(), ['other']);
    assert.match(stage.status('shop').operationState?.message ?? '', /migrate, which is not in the cluster$/);
    stage.cluster.seed(job());
    await stage.quiet();
    assert.deepEqual(stage.maps(), ['other']);
    assert.match(stage.status('shop').operationState?.message ?? '', /migrate, which is Progressing/);
    complete(stage);
    await stage.quiet();
    assert.deepEqual(stage.maps(), ['after', 'other']);
    const asked = stage.since(0, ({ verb, ref }) => ref.kind === 'Job' && verb !== 'watch');
    assert.deepEqual(asked, []);
  });

  it('is watched only while something waits for it', async () => {
    await using stage = await started([job()]);
    assert.deepEqual(awaited(stage), ['metadata.name=migrate']);
    complete(stage);
    await stage.quiet();
    assert.deepEqual(stage.maps(), ['after', 'other']);
    assert.deepEqual(awaited(stage), []);
  });

  it('does not wake the Application when nothing is new of it', async () => {
    await using stage = await started([job()]);
    const mark = stage.mark;
    stage.cluster.edit(jobRef, (object) => ({ ...object, metadata: { ...object.metadata, labels: { a: 'b' } } }));
    await stage.quiet();
    assert.deepEqual(
      stage.since(mark, ({ ref }) => ref.kind !== 'Job'),
      [],
    );
  });

  it('is no longer watched when the Application is gone', async () => {
    await using stage = await started([job()]);
    stage.cluster.remove({ group: 'evenkeel.dev', kind: 'Application', namespace: 'apps', name: 'shop' });
    await stage.quiet();
    assert.deepEqual(awaited(stage), []);
  });
});
