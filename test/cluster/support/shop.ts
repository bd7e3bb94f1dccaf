import type { Files } from './journey.ts';

/** An object with the fields that every kind has; the namespace is the Application's. */
function manifest(apiVersion: string, kind: string, name: string, rest: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ apiVersion, kind, metadata: { name }, ...rest });
}

/** `outcome`: what its pods do (tools/rollouts); they become Ready when left out. */
export function workload(kind: string, name: string, outcome?: string): string {
  const labels = { app: name };
  const annotations = outcome === undefined ? {} : { 'rollout.evenkeel.dev/outcome': outcome };
  const containers = [{ name: 'main', image: `registry.invalid/${name}:1` }];
  const template = { metadata: { labels, annotations }, spec: { containers } };
  const replicas = kind === 'DaemonSet' ? {} : { replicas: 2 };
  // What cannot start is given up after so long.
  const patience = kind === 'Deployment' ? { progressDeadlineSeconds: 5 } : {};
  const service = kind === 'StatefulSet' ? { serviceName: name } : {};
  return manifest('apps/v1', kind, name, {
    spec: { ...replicas, ...patience, ...service, selector: { matchLabels: labels }, template },
  });
}

export function definition(kind: string): string {
  const plural = `${kind.toLowerCase()}s`;
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return manifest('apiextensions.k8s.io/v1', 'CustomResourceDefinition', `${plural}.shop.example.com`, {
    spec: {
      group: 'shop.example.com',
      scope: 'Namespaced',
      names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  });
}

export function custom(kind: string, name: string): string {
  return manifest('shop.example.com/v1', kind, name, { spec: { size: 3 } });
}

/** Everything that a small shop has, its namespace and the definition of its own kind included; no waves. */
export function shop(namespace: string): Files {
  const containers = [{ name: 'main', image: 'registry.invalid/migrate:1' }];
  return {
    'custom.json': custom('Widget', 'blue'),
    'job.json': manifest('batch/v1', 'Job', 'migrate', {
      spec: { template: { spec: { restartPolicy: 'Never', containers } } },
    }),
    'web.json': workload('Deployment', 'web'),
    'store.json': workload('StatefulSet', 'store'),
    'agent.json': workload('DaemonSet', 'agent'),
    'service.json': manifest('v1', 'Service', 'web', { spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } }),
    'settings.json': manifest('v1', 'ConfigMap', 'settings', { data: { value: 'one' } }),
    'widget.json': definition('Widget'),
    'zz-namespace.json': manifest('v1', 'Namespace', namespace, {}),
  };
}

/** So many ConfigMaps in one file. */
export function many(count: number): Files {
  const items = Array.from({ length: count }, (_, index) =>
    manifest('v1', 'ConfigMap', `item-${index}`, { data: { index: String(index) } }),
  );
  return { 'many.yaml': items.join('\n---\n') };
}
