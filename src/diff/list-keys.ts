import type { ListShape } from './field-set.ts';
import { podSpecPaths } from './pod-templates.ts';

/**
 * The associative lists and sets of the built-in kinds (`x-kubernetes-list-type` of their OpenAPI), by path without
 * items. Used where managedFields do not tell: wiped or never tracked, and for checks before an object is sent.
 */
const containerShapes: Readonly<Record<string, ListShape>> = {
  '': ['name'],
  '.env': ['name'],
  '.ports': ['containerPort', 'protocol'],
  '.resources.claims': ['name'],
  '.volumeDevices': ['devicePath'],
  '.volumeMounts': ['mountPath'],
};

const podShapes: Readonly<Record<string, ListShape>> = {
  ...containerShapesAt('containers'),
  ...containerShapesAt('initContainers'),
  ...containerShapesAt('ephemeralContainers'),
  hostAliases: ['ip'],
  imagePullSecrets: ['name'],
  resourceClaims: ['name'],
  'resources.claims': ['name'],
  schedulingGates: ['name'],
  topologySpreadConstraints: ['topologyKey', 'whenUnsatisfiable'],
  volumes: ['name'],
};

const kindShapes: Readonly<Record<string, Readonly<Record<string, ListShape>>>> = {
  '/Service': { 'spec.ports': ['port', 'protocol'] },
  '/ServiceAccount': { secrets: ['name'] },
  'admissionregistration.k8s.io/MutatingAdmissionPolicy': { 'spec.matchConditions': ['name'] },
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': {
    webhooks: ['name'],
    'webhooks.matchConditions': ['name'],
  },
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy': {
    'spec.matchConditions': ['name'],
    'spec.variables': ['name'],
  },
  'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding': { 'spec.validationActions': 'set' },
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': {
    webhooks: ['name'],
    'webhooks.matchConditions': ['name'],
  },
  'discovery.k8s.io/EndpointSlice': { 'endpoints.addresses': 'set' },
  'storage.k8s.io/CSIDriver': { 'spec.volumeLifecycleModes': 'set' },
};

const metadataShapes: Readonly<Record<string, ListShape>> = {
  'metadata.finalizers': 'set',
  'metadata.ownerReferences': ['uid'],
};

/** Key fields that the server fills in when they are left out. */
export const keyDefaults: Readonly<Record<string, string>> = { protocol: 'TCP' };

/** The shape of a list of a built-in kind (`group/Kind`); undefined: atomic, or not known. */
export function knownShape(kind: string, path: string): ListShape | undefined {
  return shapesOf(kind).find(([known]) => known === path)?.[1];
}

/** All associative lists of a kind, by path without items. */
export function shapesOf(kind: string): readonly (readonly [path: string, shape: ListShape])[] {
  const podSpec = podSpecPaths.get(kind);
  const pods =
    podSpec === undefined
      ? []
      : Object.entries(podShapes).map(([path, shape]) => [`${podSpec}.${path}`, shape] as const);
  return [...Object.entries(metadataShapes), ...pods, ...Object.entries(kindShapes[kind] ?? {})];
}

function containerShapesAt(list: string): Record<string, ListShape> {
  return Object.fromEntries(Object.entries(containerShapes).map(([path, shape]) => [`${list}${path}`, shape]));
}
