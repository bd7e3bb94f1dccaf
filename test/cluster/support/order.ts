import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAuthority } from '../../../tools/certificates.ts';
import { eventually } from '../../../tools/eventually.ts';
import type { Journey } from './journey.ts';

type Fields = Readonly<Record<string, unknown>>;

interface Shape extends Fields {
  readonly apiVersion?: string;
  readonly wave?: number;
  /** `evenkeel.dev/depends-on`. */
  readonly on?: string;
}

/** A manifest as a file. */
export function object(kind: string, name: string, { apiVersion = 'v1', wave, on, ...rest }: Shape = {}): string {
  const annotations = {
    ...(wave === undefined ? {} : { 'argocd.argoproj.io/sync-wave': String(wave) }),
    ...(on === undefined ? {} : { 'evenkeel.dev/depends-on': on }),
  };
  return JSON.stringify({ apiVersion, kind, metadata: { name, annotations }, ...rest });
}

/** One pod that does as the annotation says (tools/rollouts); Ready at once when it is left out. */
export function rollout(name: string, outcome: string | undefined, shape: Shape = {}): string {
  const labels = { app: name };
  const annotations = outcome === undefined ? {} : { 'rollout.evenkeel.dev/outcome': outcome };
  const containers = [{ name: 'main', image: 'registry.invalid/web:1' }];
  const template = { metadata: { labels, annotations }, spec: { containers } };
  const spec = { selector: { matchLabels: labels }, progressDeadlineSeconds: 5, template };
  return object('Deployment', name, { apiVersion: 'apps/v1', ...shape, spec });
}

/** Lets pods go on that were held. */
export async function letGo({ world, name }: Journey): Promise<void> {
  await world.plane.kubectl(['annotate', 'pods', '-n', name, '--all', 'rollout.evenkeel.dev/outcome-']);
}

/** `patch settings`: the operator's writes in the namespace of a journey, in the order in which the server got them. */
export async function written(journey: Journey): Promise<string[]> {
  return (await journey.writes()).map(({ verb, name }) => `${verb} ${name}`);
}

/** What status says of the objects that wait. */
export interface Waiting {
  message(name: string): string;
  wave(name: string): unknown;
}

/** Exactly these objects wait for something. */
export async function untilWaiting(journey: Journey, ...names: readonly string[]): Promise<Waiting> {
  const rowsIn = (resources: readonly Fields[] = []): readonly Fields[] =>
    resources.filter(({ message }) => /^waits /.test(String(message)));
  const { status } = await journey.until(`waiting with ${names.join()}`, ({ resources }) => {
    const waiting = rowsIn(resources).map(({ name }) => String(name));
    return waiting.sort().join() === [...names].sort().join();
  });
  const rowOf = (name: string): Fields => rowsIn(status?.resources).find((row) => row['name'] === name) ?? {};
  return { message: (name) => String(rowOf(name)['message']), wave: (name) => rowOf(name)['syncWave'] };
}

const holding = 'example.com/hold';

/** Somebody's finalizer on a ConfigMap: it stays until it is released. */
export async function hold(
  journey: Journey,
  name: string,
  finalizers: readonly string[] | null = [holding],
): Promise<void> {
  const path = `/api/v1/namespaces/${journey.name}/configmaps/${name}`;
  const contentType = 'application/merge-patch+json';
  await journey.world.plane.api.must({ method: 'PATCH', path, body: { metadata: { finalizers } }, contentType });
}

const admission = '/apis/admissionregistration.k8s.io/v1';

/** Nobody deletes ConfigMaps of the namespace until what is returned is called. */
export async function forbidDeletion({ world, name }: Journey): Promise<() => Promise<void>> {
  const { api } = world.plane;
  const resourceRules = [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['DELETE'] }];
  const spec = {
    failurePolicy: 'Fail',
    matchConstraints: { resourceRules },
    validations: [{ expression: 'false', message: 'nobody deletes here', reason: 'Forbidden' }],
  };
  const policies = `${admission}/validatingadmissionpolicies`;
  const bindings = `${admission}/validatingadmissionpolicybindings`;
  const matchResources = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } };
  await api.must({ method: 'POST', path: policies, body: { metadata: { name }, spec } });
  const binding = { policyName: name, validationActions: ['Deny'], matchResources };
  await api.must({ method: 'POST', path: bindings, body: { metadata: { name }, spec: binding } });
  const path = `/api/v1/namespaces/${name}/configmaps/kube-root-ca.crt?dryRun=All`;
  await eventually('the policy to hold', async () => (await api.send({ method: 'DELETE', path })).status === 403);
  return async () => {
    await api.must({ method: 'DELETE', path: `${bindings}/${name}` });
    await api.must({ method: 'DELETE', path: `${policies}/${name}` });
  };
}

interface ServedGroup {
  readonly groupVersion: string;
  readonly resources?: readonly unknown[];
  /** What is below the group; the parts of the path after its version. */
  readonly answer?: (path: readonly string[]) => unknown;
}

/** A server of an aggregated API, on this machine. */
export async function serveGroup({
  groupVersion,
  resources = [],
  answer = () => undefined,
}: ServedGroup): Promise<AsyncDisposable & { readonly port: number }> {
  const { certPem, keyPem } = createAuthority('aggregated').issue({ commonName: 'aggregated' });
  const root = `/apis/${groupVersion}`;
  const list = { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources };
  const server = createServer({ cert: certPem, key: keyPem }, ({ url = '' }, response) => {
    const { pathname } = new URL(url, 'https://localhost');
    const path = pathname.slice(root.length).split('/').slice(1);
    const body = pathname.startsWith(root) ? (path.length > 0 ? answer(path) : list) : undefined;
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Asserts that the first of some things come in this order among all. */
export function inOrder(all: readonly string[], ...wanted: readonly string[]): void {
  const places = wanted.map((one) => all.indexOf(one));
  assert.ok(
    places.every((place, index) => place > (places[index - 1] ?? -1)),
    `${wanted.join(', ')} in ${all.join(', ')}`,
  );
}
