import assert from 'node:assert/strict';
import type { ApplyOptions, Cluster, DeleteOptions, ServedKind } from '../../src/kube/cluster.ts';
import type { ApiErrorKind } from '../../src/model/api-error.ts';
import { ApiError } from '../../src/model/api-error.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { KubeObject, Target } from '../../src/model/object.ts';
import { resourceVersionOf, uidOf } from '../../src/model/object.ts';

/** What is tested: a cluster with a namespace of its own that exists and is empty. */
export interface ContractSubject extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly namespace: string;
}

export const ours: ApplyOptions = { manager: 'evenkeel', force: true };
export const unforced: ApplyOptions = { manager: 'evenkeel', force: false };
export const theirs = { manager: 'kubectl-edit' };

/** A uid that no object has. */
export const otherUid = '0a47b0d8-7e5e-4e5c-9d8e-3f1f64bd1234';

/** What the cases share: the subject, and objects with names of their own. */
export class ContractContext {
  readonly #subject: () => ContractSubject;
  #count = 0;

  constructor(subject: () => ContractSubject) {
    this.#subject = subject;
  }

  get cluster(): Cluster {
    return this.#subject().cluster;
  }

  get namespace(): string {
    return this.#subject().namespace;
  }

  next(): number {
    this.#count += 1;
    return this.#count;
  }

  configMap(data: JsonObject = { a: '1' }, more: JsonObject = {}): KubeObject {
    const metadata = { name: `cm-${this.next()}`, namespace: this.namespace, ...more };
    return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
  }

  deployment(name: string, env: readonly JsonObject[] = [{ name: 'A', value: 'a' }]): KubeObject {
    const labels = { app: name };
    const containers = [{ name: 'main', image: 'example.com/image:1', env }];
    return {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace: this.namespace },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
    };
  }

  async must(target: Target): Promise<KubeObject> {
    const object = await this.cluster.read(target, {});
    assert.ok(object, `${target.name} is there`);
    return object;
  }

  kindOf(group: string, kind: string): ServedKind {
    const answer = this.cluster.kinds.find({ group, kind });
    if (answer.state !== 'served') assert.fail(`${kind} is served`);
    return answer.kind;
  }
}

export function withData(object: KubeObject, data: JsonObject): KubeObject {
  return { ...object, data };
}

export function withMetadata(object: KubeObject, more: JsonObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, ...more } };
}

export function deletion(object: KubeObject): DeleteOptions {
  return { uid: uidOf(object), resourceVersion: resourceVersionOf(object), propagation: 'Background' };
}

export async function refusedAs(kind: ApiErrorKind, call: Promise<unknown>): Promise<ApiError> {
  const error = await call.then(
    () => assert.fail(`expected ${kind}, but it succeeded`),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ApiError, String(error));
  assert.equal(error.kind, kind, error.message);
  return error;
}
