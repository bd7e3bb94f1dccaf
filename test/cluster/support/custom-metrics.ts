import type { ApiClient } from '../../../tools/control-plane/control-plane.ts';
import { serveGroup } from './order.ts';

const group = 'custom.metrics.k8s.io';
const version = 'v1beta2';

/** What `CustomMetrics` tells of each Service. */
export interface CustomMetrics extends AsyncDisposable {
  /** Whole requests; each answer is a little less, and another one than the one before. */
  requests: number;
}

/** The custom metrics of a cluster, served by this process until it is disposed. */
export async function serveCustomMetrics(api: ApiClient): Promise<CustomMetrics> {
  await using stack = new AsyncDisposableStack();
  const metrics = { requests: 1, [Symbol.asyncDispose]: () => parts.disposeAsync() };
  let asked = 0;
  const answer = ([, namespace, , name, metric]: readonly string[]): unknown => {
    asked += 1;
    const described = { describedObject: { apiVersion: 'v1', kind: 'Service', namespace, name } };
    const value = `${metrics.requests * 1_000 - ((asked * 37) % 400)}m`;
    const item = { ...described, metric: { name: metric }, timestamp: new Date().toISOString(), value };
    return { kind: 'MetricValueList', apiVersion: `${group}/${version}`, metadata: {}, items: [item] };
  };
  const resources = [{ name: 'services/requests', namespaced: true, kind: 'MetricValueList', verbs: ['get'] }];
  const { port } = stack.use(await serveGroup({ groupVersion: `${group}/${version}`, resources, answer }));
  const service = { namespace: 'default', name: 'custom-metrics', port };
  await api.must({
    method: 'POST',
    path: '/api/v1/namespaces/default/services',
    body: { metadata: { name: service.name }, spec: { type: 'ExternalName', externalName: 'localhost' } },
  });
  const path = '/apis/apiregistration.k8s.io/v1/apiservices';
  const spec = {
    group,
    version,
    groupPriorityMinimum: 100,
    versionPriority: 100,
    service,
    insecureSkipTLSVerify: true,
  };
  await api.must({ method: 'POST', path, body: { metadata: { name: `${version}.${group}` }, spec } });
  stack.defer(async () => {
    await api.must({ method: 'DELETE', path: `${path}/${version}.${group}` });
  });
  const parts = stack.move();
  return metrics;
}
