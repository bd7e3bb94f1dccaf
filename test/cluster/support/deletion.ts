import assert from 'node:assert/strict';
import type { AuditRequest } from '../../../tools/control-plane/control-plane.ts';
import { eventually } from '../../../tools/eventually.ts';
import type { FileContent, GitRepository } from '../../../tools/git-server.ts';
import type { StatusJson, World } from '../../../tools/world.ts';
import { applications, conditionOf } from '../../../tools/world.ts';

/** Enough for 2 busy cores, ten times over. */
export const timeout = 300_000;

export interface ObjectJson {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly finalizers?: readonly string[];
    readonly deletionTimestamp?: string;
    readonly managedFields?: readonly { readonly manager: string; readonly operation: string }[];
  };
  readonly [field: string]: unknown;
}

/** An Application of its own repository, in a namespace of its own name. */
export interface Shop {
  readonly world: World;
  readonly name: string;
  readonly repository: GitRepository;
}

type Manifest = Readonly<Record<string, unknown>>;

/** A file with one object. */
export function file(
  kind: string,
  name: string,
  fields: Manifest = {},
  annotations?: Manifest,
): Record<string, string> {
  const { apiVersion = 'v1', ...rest } = fields;
  const metadata = { name, ...(annotations === undefined ? {} : { annotations }) };
  return { [`app/${kind.toLowerCase()}-${name}.json`]: JSON.stringify({ apiVersion, kind, metadata, ...rest }) };
}

export function configMaps(...names: readonly string[]): Record<string, string> {
  return Object.assign({}, ...names.map((name) => file('ConfigMap', name, { data: { name } }))) as Record<
    string,
    string
  >;
}

/** Removes the same files. */
export function without(files: Readonly<Record<string, FileContent>>): Record<string, null> {
  return Object.fromEntries(Object.keys(files).map((name) => [name, null]));
}

export function claim(name: string, annotations?: Manifest): Record<string, string> {
  const resources = { requests: { storage: '1Mi' } };
  return file('PersistentVolumeClaim', name, { spec: { accessModes: ['ReadWriteOnce'], resources } }, annotations);
}

/** A definition of `Widget` in a group of its own. */
export function widgets(group: string): Record<string, string> {
  const schema = {
    openAPIV3Schema: {
      type: 'object',
      properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
    },
  };
  const names = { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' };
  const versions = [{ name: 'v1', served: true, storage: true, schema }];
  const fields = { apiVersion: 'apiextensions.k8s.io/v1', spec: { group, scope: 'Namespaced', names, versions } };
  return file('CustomResourceDefinition', `widgets.${group}`, fields);
}

export function widget(group: string, name: string): Record<string, string> {
  return file('Widget', name, { apiVersion: `${group}/v1`, spec: { size: 1 } });
}

interface ShopOptions {
  readonly spec?: Manifest;
  readonly metadata?: Manifest;
}

/** Resolves when the first revision is applied; a README keeps the folder when every manifest is gone. */
export async function openShop(
  world: World,
  name: string,
  files: Readonly<Record<string, FileContent>>,
  { spec = {}, metadata = {} }: ShopOptions = {},
): Promise<Shop> {
  const repository = await world.git.createRepository(name);
  const revision = await repository.commit(
    { 'app/README.md': name, 'docs/README.md': 'no objects', ...files },
    'first',
  );
  await world.plane.api.must({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } });
  const source = { repoURL: repository.url, path: 'app', targetRevision: 'main' };
  await world.application(name, { source, destination: { namespace: name }, ...spec }, metadata);
  await untilApplied(world, name, revision);
  await world.plane.forgetRequests();
  return { world, name, repository };
}

/** Synced, whether healthy or not: nobody binds volumes here. */
export async function untilApplied(world: World, name: string, revision: string): Promise<void> {
  const isApplied = ({ sync }: StatusJson): boolean => sync?.status === 'Synced' && sync.revision === revision;
  await world.until(name, `applied at ${revision}`, isApplied);
}

export async function find(world: World, path: string): Promise<ObjectJson | undefined> {
  const { status, body } = await world.plane.api.send({ path });
  if (status === 404) return undefined;
  assert.equal(status, 200, JSON.stringify(body));
  return body as ObjectJson;
}

export async function mustFind(world: World, path: string): Promise<ObjectJson> {
  const object = await find(world, path);
  assert.ok(object !== undefined, `${path} is there`);
  return object;
}

/** Patient: the garbage collector starts anew when a kind came or went, and ends no foreground deletion meanwhile. */
export async function untilGone(world: World, path: string): Promise<void> {
  await eventually(`${path} to be gone`, async () => (await find(world, path)) === undefined, { within: 200_000 });
}

export const configMapPath = (namespace: string, name: string): string =>
  `/api/v1/namespaces/${namespace}/configmaps/${name}`;
export const claimPath = (namespace: string, name: string): string =>
  `/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}`;
export const widgetPath = (group: string, namespace: string, name: string): string =>
  `/apis/${group}/v1/namespaces/${namespace}/widgets/${name}`;
export const definitionPath = (group: string): string =>
  `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.${group}`;
export const applicationPath = (name: string): string => `${applications}/${name}`;

/** A ConfigMap that one of the namespace owns, and that stays, when it is deleted, until somebody lets it go. */
export async function heldDependent(world: World, namespace: string, owner: string): Promise<string> {
  const { uid } = (await mustFind(world, configMapPath(namespace, owner))).metadata;
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: owner, uid, blockOwnerDeletion: true }];
  const metadata = { name: `${owner}-dependent`, ownerReferences, finalizers: ['example.com/hold'] };
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
  await world.plane.api.must({ method: 'POST', path: `/api/v1/namespaces/${namespace}/configmaps`, body });
  return configMapPath(namespace, metadata.name);
}

/** What a deletion in the foreground looks like while a dependent is there. */
export async function untilInForeground(world: World, path: string): Promise<void> {
  await eventually(`${path} to wait for its dependents`, async () =>
    (await mustFind(world, path)).metadata.finalizers?.includes('foregroundDeletion'),
  );
}

export async function letGo(world: World, path: string): Promise<void> {
  await mergePatch(world, path, { metadata: { finalizers: null } });
}

/** Names of the ConfigMaps of a namespace, sorted, but the one that the control plane makes. */
export async function configMapNames(world: World, namespace: string): Promise<string[]> {
  const list = await mustFind(world, `/api/v1/namespaces/${namespace}/configmaps`);
  const names = (list['items'] as readonly ObjectJson[]).map(({ metadata }) => metadata.name);
  return names.filter((name) => name !== 'kube-root-ca.crt').sort();
}

/** uids by name of ConfigMaps that all have to be there. */
export async function uids(world: World, namespace: string, names: readonly string[]): Promise<Record<string, string>> {
  const found = names.map(async (name) => [name, (await mustFind(world, configMapPath(namespace, name))).metadata.uid]);
  return Object.fromEntries((await Promise.all(found)) as [string, string][]);
}

/** What the operator has deleted, or tried to, as `resource namespace/name`. */
export async function deletions(world: World): Promise<string[]> {
  const isDelete = ({ verb }: AuditRequest): boolean => verb === 'delete' || verb === 'deletecollection';
  const requests = await world.requests((request) => isDelete(request) && request.group !== 'evenkeel.dev');
  return requests.map(({ resource, namespace, name }) => `${resource} ${namespace}/${name}`).sort();
}

/** Waits for a condition with this reason, and returns its message. */
export async function untilCondition({ world, name }: Shop, type: string, reason: string): Promise<string> {
  const holds = (status: StatusJson): boolean => {
    const condition = conditionOf(status, type);
    return condition?.status !== 'False' && condition?.reason === reason;
  };
  const app = await world.until(name, `${type} because of ${reason}`, holds);
  return conditionOf(app.status ?? {}, type)?.message ?? '';
}

/** Has the Application compared from scratch, and waits until that is done. */
export async function lookAgain({ world, name }: Shop): Promise<void> {
  await world.annotate(name, { 'evenkeel.dev/refresh': 'hard' });
  await eventually(`${name} to be looked at`, async () => {
    const { metadata } = await world.read(name);
    return metadata.annotations?.['evenkeel.dev/refresh'] === undefined;
  });
}

export async function deleteApplication(world: World, name: string): Promise<void> {
  await world.plane.api.must({ method: 'DELETE', path: applicationPath(name) });
}

/** Adds, replaces or (null) removes fields of any object. */
export async function mergePatch(world: World, path: string, body: Manifest): Promise<void> {
  await world.plane.api.must({ method: 'PATCH', path, body, contentType: 'application/merge-patch+json' });
}

/** Notes of the events about the Application with this reason. */
export async function eventNotes(world: World, name: string, reason: string): Promise<string[]> {
  const list = await mustFind(world, '/apis/events.k8s.io/v1/namespaces/evenkeel/events');
  const events = list['items'] as readonly { regarding: { name: string }; reason: string; note: string }[];
  return events.filter((event) => event.regarding.name === name && event.reason === reason).map(({ note }) => note);
}
