import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../src/model/json.ts';
import { objectAt } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { Stage } from './stage.ts';

const automated = { prune: true, allowEmpty: true };
const shown = { labels: { team: 'a' }, annotations: { note: 'x' } };

function mapIn(namespace: string): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace }, data: { k: '1' } };
}

function namespaceOf(stage: Stage): KubeObject | undefined {
  return stage.cluster.peek({ group: '', kind: 'Namespace', namespace: '', name: 'fresh' });
}

async function started(policy: JsonObject, objects: readonly KubeObject[] = [mapIn('fresh')]): Promise<Stage> {
  const stage = new Stage();
  stage.repository.commit({ shop: objects });
  stage.apply('shop', { spec: { destination: { namespace: 'fresh' }, syncPolicy: { automated, ...policy } } });
  await stage.start();
  await stage.quiet();
  return stage;
}

const creating = { syncOptions: ['CreateNamespace=true'] };

describe('13. CreateNamespace', () => {
  it('makes the namespace before anything is tried out', async () => {
    await using stage = await started(creating);
    assert.equal(stage.ready('shop'), 'True Healthy');
    const asked = stage.cluster.requests.filter(({ verb }) => verb === 'apply');
    assert.deepEqual(
      asked.map(({ ref, dryRun }) => `${ref.kind}${dryRun === true ? ' dry' : ''}`),
      ['Namespace', 'ConfigMap dry', 'ConfigMap'],
    );
  });

  it('and that namespace is nobody’s: no mark, no record, never pruned, never deleted', async () => {
    await using stage = await started(creating);
    assert.deepEqual(Object.keys(namespaceOf(stage)?.metadata ?? {}).includes('labels'), false);
    assert.deepEqual(
      stage.record('shop').map(({ ref }) => ref.kind),
      ['ConfigMap'],
    );
    stage.repository.commit({ shop: [] });
    await stage.quiet();
    assert.deepEqual(stage.record('shop'), []);
    assert.notEqual(namespaceOf(stage), undefined);
  });

  it('keeps its labels and annotations as the spec says, without a commit and without a request at rest', async () => {
    await using stage = await started({ ...creating, managedNamespaceMetadata: shown });
    assert.deepEqual(objectAt(namespaceOf(stage)?.metadata, 'labels'), { team: 'a' });
    const labels = { tier: 'b' };
    stage.respec('shop', {
      destination: { namespace: 'fresh' },
      syncPolicy: { automated, ...creating, managedNamespaceMetadata: { labels } },
    });
    await stage.quiet();
    assert.deepEqual(objectAt(namespaceOf(stage)?.metadata, 'labels'), labels);
    assert.deepEqual(objectAt(namespaceOf(stage)?.metadata, 'annotations'), {});
    const mark = stage.mark;
    await stage.advance(60_000);
    assert.deepEqual(
      stage.since(mark, () => true),
      [],
    );
  });

  it('is not done for a dry run', async () => {
    await using stage = new Stage();
    stage.repository.commit({ shop: [mapIn('fresh')] });
    stage.apply('shop', {
      spec: { destination: { namespace: 'fresh' }, syncPolicy: creating },
      operation: { sync: { dryRun: true } },
    });
    await stage.start();
    await stage.quiet();
    assert.equal(namespaceOf(stage), undefined);
    assert.match(stage.status('shop').operationState?.message ?? '', /namespace/i);
  });

  it('14. leaves it to a Namespace in Git', async () => {
    const manifest: KubeObject = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'fresh', labels: { of: 'git' } },
    };
    await using stage = await started({ ...creating, managedNamespaceMetadata: shown }, [manifest, mapIn('fresh')]);
    assert.equal(objectAt(namespaceOf(stage)?.metadata, 'labels')['of'], 'git');
    assert.equal(objectAt(namespaceOf(stage)?.metadata, 'labels')['team'], undefined);
  });

  it('is what its metadata need to have an effect', async () => {
    await using stage = await started({ managedNamespaceMetadata: shown });
    assert.match(
      stage.message('shop', 'FieldsIgnored'),
      /managedNamespaceMetadata: syncOptions has no CreateNamespace/,
    );
    assert.equal(stage.ready('shop'), 'False MissingNamespace');
  });
});
