import type { JsonObject } from '../../src/model/json.ts';
import type { KubeObject } from '../../src/model/object.ts';

export function configMap(namespace: string, name: string, data: JsonObject, labels?: JsonObject): KubeObject {
  const metadata = { name, namespace, ...(labels === undefined ? {} : { labels }) };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
}

export interface DeploymentParts {
  readonly replicas?: number;
  readonly strategy?: JsonObject;
  readonly container?: JsonObject;
  readonly podSpec?: JsonObject;
  readonly labels?: JsonObject;
}

export function deployment(namespace: string, name: string, parts: DeploymentParts = {}): KubeObject {
  const { replicas, strategy, container = {}, podSpec = {}, labels } = parts;
  const selector = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace, ...(labels === undefined ? {} : { labels }) },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      ...(strategy === undefined ? {} : { strategy }),
      selector: { matchLabels: selector },
      template: {
        metadata: { labels: selector },
        spec: { containers: [{ name: 'web', image: 'registry.example.com/web:1', ...container }], ...podSpec },
      },
    },
  };
}

export function statefulSet(namespace: string, name: string, spec: JsonObject = {}): KubeObject {
  const base = deployment(namespace, name);
  const { selector, template } = base['spec'] as JsonObject;
  return {
    ...base,
    kind: 'StatefulSet',
    spec: { ...spec, ...(selector === undefined ? {} : { selector }), ...(template === undefined ? {} : { template }) },
  };
}

export function claim(namespace: string, name: string, storage: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
  };
}

export function namespaceNamed(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

/** A definition of `Widget` with the given properties of `spec`. */
export function definition(group: string, properties: JsonObject): KubeObject {
  const spec = { type: 'object', properties };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind: 'Widget', plural: 'widgets', singular: 'widget', listKind: 'WidgetList' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
        },
      ],
    },
  };
}

export function widget(group: string, namespace: string, spec: JsonObject): KubeObject {
  return { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'one', namespace }, spec };
}

export function role(namespace: string, name: string, verbs: readonly string[]): KubeObject {
  const rules = [{ apiGroups: [''], resources: ['pods'], verbs }];
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name, namespace }, rules };
}

export function service(namespace: string, name: string, selector: JsonObject): KubeObject {
  const spec = { selector, ports: [{ name: 'http', port: 80 }] };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec };
}

export function networkPolicy(namespace: string, name: string, podSelector: JsonObject): KubeObject {
  const spec = { podSelector, policyTypes: ['Ingress'] };
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace }, spec };
}

export function autoscaler(namespace: string, name: string, apiVersion: string): KubeObject {
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name };
  const spec = { scaleTargetRef, minReplicas: 1, maxReplicas: 3 };
  return { apiVersion, kind: 'HorizontalPodAutoscaler', metadata: { name, namespace }, spec };
}
