import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeObject } from '../../src/model/object.ts';
import { configMap, configMapRef, Stage } from './stage.ts';

const jobRef = { group: 'batch', kind: 'Job', namespace: 'shop', name: 'migrate' };

function waved(name: string, wave: string): KubeObject {
  return configMap(name, { k: '1' }, { annotations: { 'evenkeel.dev/sync-wave': wave } });
}

/** A Job, and what comes in the wave after it. */
async function started(): Promise<Stage> {
  const stage = new Stage();
  const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'migrate', namespace: 'shop' } };
  stage.repository.commit({ shop: [job, waved('late', '1'), waved('later', '1')] });
  stage.apply('shop');
  await stage.start();
  await stage.quiet();
  return stage;
}

/** Dry-runs of the later wave since the mark. */
function tried(stage: Stage, mark: number): string[] {
  return stage.since(mark, ({ dryRun, ref }) => dryRun === true && ref.kind === 'ConfigMap').sort();
}

async function report(stage: Stage, status: object): Promise<void> {
  stage.cluster.edit(jobRef, (object) => ({ ...object, status: { ...status } }));
  await stage.quiet();
}

const complete = { conditions: [{ type: 'Complete', status: 'True' }] };

describe('objects that wait for their turn', () => {
  it('are tried out at the beginning and when it comes, and by no run between', async () => {
    await using stage = await started();
    assert.deepEqual(tried(stage, 0), ['apply ConfigMap late', 'apply ConfigMap later']);
    const { mark } = stage;
    await stage.advance(120_000);
    await report(stage, { active: 1 });
    assert.deepEqual(tried(stage, mark), []);
    await report(stage, complete);
    assert.deepEqual(stage.maps(), ['late', 'later']);
    assert.deepEqual(tried(stage, mark), ['apply ConfigMap late', 'apply ConfigMap later']);
    assert.equal(stage.status('shop').operationState?.phase, 'Succeeded');
  });

  it('are tried out again when Git wants them otherwise', async () => {
    await using stage = await started();
    const { mark } = stage;
    const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'migrate', namespace: 'shop' } };
    stage.repository.commit({ shop: [job, { ...waved('late', '1'), data: { k: '2' } }, waved('later', '1')] });
    await stage.quiet();
    assert.deepEqual(tried(stage, mark), ['apply ConfigMap late']);
  });

  it('are not adopted unseen when somebody has created one meanwhile', async () => {
    await using stage = await started();
    const annotations = { 'meta.helm.sh/release-name': 'theirs', 'meta.helm.sh/release-namespace': 'shop' };
    stage.cluster.seed(configMap('late', { k: 'theirs' }, { annotations }), 'helm');
    await report(stage, complete);
    assert.deepEqual(stage.cluster.peek(configMapRef('late'))?.['data'], { k: 'theirs' });
    assert.match(stage.message('shop', 'Ready'), /^ConfigMap shop\/late /);
  });
});
