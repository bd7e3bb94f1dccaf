import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createHints } from '../../src/apply/apply.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { objectAt } from '../../src/model/json.ts';
import type { Jq } from '../../src/model/ports.ts';
import { FakeCluster } from '../fakes/cluster.ts';
import { applicationNamed } from './application.ts';
import { autoscaler, deployment, namespaceNamed } from './objects.ts';

const noJq: Jq = { pathsIn: () => Promise.reject(new Error('there is no rule to ask about')) };
const scaler = 'HorizontalPodAutoscaler.autoscaling shop/web';

/** Whom the namespace is asked for, and how often, about a Deployment that somebody made and whose spec has come to this. */
async function scaledBy(wanted: JsonObject, live: JsonObject, managedFields?: JsonObject[]): Promise<unknown> {
  const cluster = new FakeCluster();
  cluster.seed(namespaceNamed('shop'));
  cluster.seed(autoscaler('shop', 'web', 'autoscaling/v2'));
  const withSpec = (spec: JsonObject): ReturnType<typeof deployment> => {
    const object = deployment('shop', 'web');
    return { ...object, spec: { ...objectAt(object, 'spec'), ...spec } };
  };
  const seen = withSpec(live);
  const metadata = { ...seen.metadata, managedFields: managedFields ?? [entry({ 'f:paused': {} })] };
  const sources = { app: applicationNamed('shop'), cluster, jq: noJq, signal: new AbortController().signal };
  const hints = await createHints({ ...sources, desired: [] })(withSpec(wanted), { ...seen, metadata });
  const asked = cluster.requests.filter(({ verb }) => verb === 'list').length;
  return [hints.scaledBy, asked];
}

function entry(fields: JsonObject, subresource = ''): JsonObject {
  const rest = { operation: 'Update', apiVersion: 'apps/v1', fieldsV1: { 'f:spec': fields } };
  return { manager: 'somebody', ...rest, ...(subresource === '' ? {} : { subresource }) };
}

describe('who sets the replicas of a workload', () => {
  it('is asked where the number is not what Git says', async () => {
    assert.deepEqual(await scaledBy({ replicas: 2 }, { replicas: 3 }), [scaler, 1]);
  });

  it('is asked where Git has no number and somebody set one, which a write of ours may remove', async () => {
    assert.deepEqual(await scaledBy({}, { replicas: 3 }, [entry({ 'f:replicas': {} })]), [scaler, 1]);
    assert.deepEqual(await scaledBy({}, { replicas: 3 }, []), [scaler, 1], 'nobody knows who did');
  });

  it('is not asked otherwise', async () => {
    assert.deepEqual(await scaledBy({ replicas: 2 }, { replicas: 2 }), [undefined, 0]);
    assert.deepEqual(await scaledBy({}, { replicas: 1 }), [undefined, 0], 'a default');
    const scaled = [entry({ 'f:paused': {} }), entry({ 'f:replicas': {} }, 'scale')];
    assert.deepEqual(await scaledBy({}, { replicas: 3 }, scaled), [undefined, 0], 'stays, whatever we write');
  });
});
