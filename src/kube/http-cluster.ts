import { AccessReviews } from './access-reviews.ts';
import { acceptJson, acceptMetadataList, objectIn, pageIn, pageSize } from './answers.ts';
import type { Answer, ApiClient, Call } from './client.ts';
import type {
  Action,
  ApplyOptions,
  Cluster,
  DeleteOptions,
  Kinds,
  ListOptions,
  ListPage,
  LogOptions,
  PatchOperation,
  PatchOptions,
  Reflector,
  ReflectorSpec,
  RequestOptions,
  ServedKind,
  WriteAnswer,
  WriteOptions,
} from './cluster.ts';
import { collectionPath, objectPath, query } from './paths.ts';
import { PublishedSchemas } from './published-schemas.ts';
import { RecentNames } from './recent-names.ts';
import { ApiError } from '../model/api-error.ts';
import type { JsonObject } from '../model/json.ts';
import { arrayAt, encodeJson, numberAt, objectAt, stringAt } from '../model/json.ts';
import type { KindSchema } from '../model/kind-schema.ts';
import type { GroupKind, KubeObject, Target } from '../model/object.ts';
import { isKubeObject, targetOf } from '../model/object.ts';
import type { Clock } from '../model/ports.ts';

export interface HttpClusterParts {
  readonly client: ApiClient;
  readonly kinds: Kinds;
  readonly reflect: (spec: ReflectorSpec) => Reflector;
  readonly clock: Clock;
  /** Aborted when the connection ends. */
  readonly closed: AbortSignal;
}

/** The node answers, and it may be gone: nobody waits long for it. */
const logTimeoutMs = 2_000;

/** The port over HTTP: each method is one request. */
export class HttpCluster implements Cluster {
  readonly kinds: Kinds;
  readonly #client: ApiClient;
  readonly #reflect: (spec: ReflectorSpec) => Reflector;
  readonly #reviews: AccessReviews;
  readonly #schemas: PublishedSchemas;
  readonly #names: RecentNames;

  constructor({ client, kinds, reflect, clock, closed }: HttpClusterParts) {
    this.kinds = kinds;
    this.#client = client;
    this.#reflect = reflect;
    this.#reviews = new AccessReviews((action) => this.#review(action), clock);
    this.#schemas = new PublishedSchemas({ call: (call) => this.#call(call) });
    this.#names = new RecentNames({ clock, closed, list: (kind, how) => this.list(kind, how) });
  }

  async read(target: Target, options: RequestOptions): Promise<KubeObject | undefined> {
    const path = objectPath(this.#route(target), target);
    try {
      return objectIn(await this.#call({ ...common(options), verb: 'get', method: 'GET', path }));
    } catch (error) {
      if (isAbsence(error)) return undefined;
      throw error;
    }
  }

  async *list(kind: ServedKind, options: ListOptions): AsyncGenerator<ListPage> {
    const headers = options.metadataOnly === true ? acceptMetadataList : acceptJson;
    const { labelSelector, fieldSelector } = options;
    let token: string | undefined;
    do {
      const parameters = { limit: String(pageSize), labelSelector, fieldSelector, continue: token };
      const path = collectionPath(kind, options.namespace) + query(parameters);
      const { body } = await this.#call({ ...common(options), verb: 'list', method: 'GET', path, headers });
      const page = pageIn(body, kind);
      token = page.next;
      yield page;
    } while (token !== undefined);
  }

  namesIn(kind: ServedKind, namespace: string, asked: number): Promise<ReadonlySet<string> | undefined> {
    return this.#names.namesIn(kind, namespace, asked);
  }

  async apply(object: KubeObject, options: ApplyOptions): Promise<WriteAnswer> {
    const target = targetOf(object);
    const parameters = { ...writeParameters(options), force: String(options.force) };
    const answer = await this.#call({
      ...common(options),
      verb: 'apply',
      method: 'PATCH',
      path: objectPath(this.#route(target), target) + query(parameters),
      headers: { ...acceptJson, 'content-type': 'application/apply-patch+yaml' },
      body: encodeJson(object),
    });
    return { object: objectIn(answer), created: answer.status === 201 };
  }

  async replace(object: KubeObject, options: WriteOptions): Promise<KubeObject> {
    const target = targetOf(object);
    const answer = await this.#client.call({
      ...common(options),
      verb: 'replace',
      method: 'PUT',
      path: objectPath(this.#route(target), target) + query(writeParameters(options)),
      headers: { ...acceptJson, 'content-type': 'application/json' },
      body: encodeJson(object),
    });
    return objectIn(answer);
  }

  async create(object: KubeObject, options: WriteOptions): Promise<KubeObject> {
    const target = targetOf(object);
    const path = collectionPath(this.#route(target), target.namespace) + query(writeParameters(options));
    const answer = await this.#call({
      ...common(options),
      verb: 'create',
      method: 'POST',
      path,
      headers: { ...acceptJson, 'content-type': 'application/json' },
      body: encodeJson(object),
    });
    return objectIn(answer);
  }

  patch(target: Target, operations: readonly PatchOperation[], options: PatchOptions): Promise<KubeObject> {
    const body = encodeJson(operations.map(operationJson));
    return this.#patch(target, { verb: 'patch', type: 'application/json-patch+json', body }, options);
  }

  merge(target: Target, patch: JsonObject, options: PatchOptions): Promise<KubeObject> {
    const body = encodeJson(patch);
    return this.#patch(target, { verb: 'merge', type: 'application/merge-patch+json', body }, options);
  }

  async delete(target: Target, options: DeleteOptions): Promise<KubeObject | undefined> {
    const { uid, resourceVersion, propagation, dryRun } = options;
    const body: JsonObject = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { uid, resourceVersion },
      propagationPolicy: propagation,
      ...(dryRun === true ? { dryRun: ['All'] } : {}),
    };
    try {
      const answer = await this.#call({
        ...common(options),
        verb: 'delete',
        method: 'DELETE',
        path: objectPath(this.#route(target), target),
        headers: { ...acceptJson, 'content-type': 'application/json' },
        body: encodeJson(body),
      });
      return isKubeObject(answer.body) && lingers(answer.body) ? answer.body : undefined;
    } catch (error) {
      if (isAbsence(error)) return undefined;
      throw error;
    }
  }

  async readLog(pod: Target, options: LogOptions): Promise<string> {
    const { container, previous, lines, bytes } = options;
    const parameters = {
      container,
      previous: String(previous),
      tailLines: String(lines),
      limitBytes: String(bytes),
    };
    const path = objectPath(this.#route(pod), pod, 'log') + query(parameters);
    const headers = { accept: 'application/json, */*' };
    const sent = { ...common(options), verb: 'get' as const, method: 'GET' as const, path, headers };
    const call: Call = { ...sent, plain: true, once: true, timeoutMs: logTimeoutMs };
    const { body } = await this.#call(call);
    return typeof body === 'string' ? body : '';
  }

  mayDo(action: Action): Promise<boolean> {
    return this.#reviews.mayDo(action);
  }

  schemaOf(kind: GroupKind, apiVersion: string): Promise<KindSchema | undefined> {
    return this.#schemas.schemaOf(kind, apiVersion);
  }

  reflect(spec: ReflectorSpec): Reflector {
    return this.#reflect(spec);
  }

  async #call(call: Call): Promise<Answer> {
    try {
      return await this.#client.call(call);
    } catch (error) {
      if (error instanceof ApiError && error.kind === 'forbidden') this.#reviews.forget();
      throw error;
    }
  }

  async #review({ verb, group, resource, namespace }: Action): Promise<boolean> {
    const review: JsonObject = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { verb, group, resource, namespace } },
    };
    try {
      const { body } = await this.#client.call({
        verb: 'create',
        method: 'POST',
        path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
        headers: { ...acceptJson, 'content-type': 'application/json' },
        body: encodeJson(review),
      });
      return objectAt(body, 'status')['allowed'] === true;
    } catch (error) {
      if (error instanceof ApiError && (error.kind === 'forbidden' || error.kind === 'notServed')) return true;
      throw error;
    }
  }

  async #patch(
    target: Target,
    patch: { verb: 'patch' | 'merge'; type: string; body: string },
    options: PatchOptions,
  ): Promise<KubeObject> {
    const path = objectPath(this.#route(target), target, options.subresource) + query(writeParameters(options));
    const answer = await this.#call({
      ...common(options),
      verb: patch.verb,
      method: 'PATCH',
      path,
      headers: { ...acceptJson, 'content-type': patch.type },
      body: patch.body,
    });
    return objectIn(answer);
  }

  /** Throws `notServed` when the kind is proved to be gone, `unavailable` when nobody can say. */
  #route(target: Target): ServedKind {
    const answer = this.kinds.find(target, target.apiVersion);
    if (answer.state === 'served') return answer.kind;
    const what = `${target.kind} of ${target.apiVersion}`;
    if (answer.state === 'gone') {
      throw new ApiError(`the cluster serves no ${what}`, { kind: 'notServed', status: 404 });
    }
    throw new ApiError(`it is unknown whether ${what} is served: ${answer.why}`, { kind: 'unavailable', status: 0 });
  }
}

function common(options: RequestOptions): Pick<Call, 'signal' | 'priority' | 'headers'> {
  return { signal: options.signal, priority: options.priority, headers: acceptJson };
}

function writeParameters(options: WriteOptions): Record<string, string | undefined> {
  return { fieldManager: options.manager, dryRun: options.dryRun === true ? 'All' : undefined };
}

function operationJson(operation: PatchOperation): JsonObject {
  const { op, path, value } = operation;
  return value === undefined ? { op, path } : { op, path, value };
}

/** The server says that there is no such object; `notServed` proves nothing about the object. */
function isAbsence(error: unknown): boolean {
  return error instanceof ApiError && (error.kind === 'notFound' || error.kind === 'namespaceMissing');
}

/** The answer to a DELETE may be the object as it was; it is still there only if something holds it. */
function lingers(object: KubeObject): boolean {
  if (stringAt(object.metadata, 'deletionTimestamp') === undefined) return false;
  const held = arrayAt(object.metadata, 'finalizers').length + arrayAt(objectAt(object, 'spec'), 'finalizers').length;
  return held > 0 || (numberAt(object.metadata, 'deletionGracePeriodSeconds') ?? 0) > 0;
}
