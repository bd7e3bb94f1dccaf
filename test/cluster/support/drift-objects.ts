import type { JsonObject } from '../../../src/model/json.ts';
import type { KubeObject } from '../../../src/model/object.ts';
import type { ControlPlane } from '../../../tools/control-plane/control-plane.ts';
import { deployment, definition, type DeploymentParts } from '../../apply/objects.ts';

/** Path of the only container of {@link web}. */
export const container = 'spec.template.spec.containers[name=web]';

/** A Deployment that is paused, so that its health does not speak of its replicas. */
export function web(parts: DeploymentParts = {}, metadata: JsonObject = {}): (namespace: string) => KubeObject {
  return (namespace) => {
    const object = deployment(namespace, 'web', parts);
    const spec = object['spec'] as JsonObject;
    return { ...object, metadata: { ...object.metadata, ...metadata }, spec: { ...spec, paused: true } };
  };
}

const group = 'rows.example.com';

/** A custom resource with a list and a map that its definition does not describe further, and a set. */
export function widget(spec: JsonObject): (namespace: string) => KubeObject {
  return (namespace) => ({ apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'one', namespace }, spec });
}

/** What {@link widget} is made of. */
export async function defineWidgets(plane: ControlPlane): Promise<void> {
  const list = { type: 'array', items: { type: 'string' } };
  const map = { type: 'object', additionalProperties: { type: 'string' } };
  const properties = { list, map, set: { ...list, 'x-kubernetes-list-type': 'set' } };
  await plane.kubectl(['create', '-f', '-'], JSON.stringify(definition(group, properties)));
  await plane.kubectl(['wait', '--for=condition=Established', `crd/widgets.${group}`, '--timeout=60s']);
}
