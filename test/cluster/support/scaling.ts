import type { Files, Journey } from './journey.ts';

export function deployment(name: string, replicas?: number, image = 'web:1'): Files {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image }] } };
  const spec = { ...(replicas === undefined ? {} : { replicas }), selector: { matchLabels: labels }, template };
  return file({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec });
}

/** Of the Deployment of its name. */
export function autoscaler(name: string): Files {
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name };
  const spec = { scaleTargetRef, minReplicas: 1, maxReplicas: 9 };
  return file({ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name }, spec });
}

/** What the operator looks at of KEDA's definition; a ScaledObject that names no kind is about a Deployment. */
export function scaledObject(name: string): Files {
  const scaleTargetRef = { type: 'object', properties: { name: { type: 'string' } } };
  const spec = { type: 'object', required: ['scaleTargetRef'], properties: { scaleTargetRef } };
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec } } };
  const names = {
    plural: 'scaledobjects',
    singular: 'scaledobject',
    kind: 'ScaledObject',
    listKind: 'ScaledObjectList',
  };
  const versions = [{ name: 'v1alpha1', served: true, storage: true, schema, subresources: { status: {} } }];
  const definition = { group: 'keda.sh', scope: 'Namespaced', names, versions };
  const metadata = { name: 'scaledobjects.keda.sh' };
  return {
    ...file({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata, spec: definition }),
    ...file({
      apiVersion: 'keda.sh/v1alpha1',
      kind: 'ScaledObject',
      metadata: { name },
      spec: { scaleTargetRef: { name } },
    }),
  };
}

/** A file with one object, named after it. */
export function file(
  object: Readonly<Record<string, unknown>> & { readonly kind: string; readonly metadata: { readonly name: string } },
): Files {
  return { [`${object.kind}-${object.metadata.name}.json`]: JSON.stringify(object) };
}

interface Deployment {
  readonly metadata: {
    readonly generation: number;
    readonly managedFields: readonly { manager: string; fieldsV1: Record<string, Record<string, unknown>> }[];
  };
  readonly spec: { readonly replicas: number };
}

function pathOf({ name: namespace }: Journey, name: string): string {
  return `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
}

async function read(journey: Journey, name: string): Promise<Deployment> {
  return (await journey.world.plane.api.must({ path: pathOf(journey, name) })) as Deployment;
}

/** A generation is a change of the spec. */
export async function specOf(journey: Journey, name: string): Promise<{ replicas: number; generation: number }> {
  const { spec, metadata } = await read(journey, name);
  return { replicas: spec.replicas, generation: metadata.generation };
}

/** Managers that have a say in the number. */
export async function ownersOfReplicas(journey: Journey, name: string): Promise<string[]> {
  const { managedFields } = (await read(journey, name)).metadata;
  return managedFields.filter(({ fieldsV1 }) => 'f:replicas' in (fieldsV1['f:spec'] ?? {})).map((one) => one.manager);
}

/** As an autoscaler does. */
export async function scale(journey: Journey, name: string, replicas: number): Promise<void> {
  const path = `${pathOf(journey, name)}/scale?fieldManager=kube-controller-manager`;
  const contentType = 'application/merge-patch+json';
  await journey.world.plane.api.must({ method: 'PATCH', path, body: { spec: { replicas } }, contentType });
}

/** Compared at this revision and equal, healthy or not. */
export async function untilInSync(journey: Journey, revision: string): Promise<void> {
  await journey.until('in sync', ({ sync }) => sync?.status === 'Synced' && sync.revision === revision);
}
