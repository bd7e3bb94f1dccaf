import { clusterContract } from '../contract/cluster.ts';
import { FakeCluster } from './cluster.ts';

clusterContract('in memory', () => {
  const cluster = new FakeCluster();
  cluster.seed({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'contract' } });
  return Promise.resolve({ cluster, namespace: 'contract', [Symbol.asyncDispose]: () => Promise.resolve() });
});
