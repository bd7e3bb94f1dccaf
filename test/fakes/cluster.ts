import type {
  Action,
  ApplyOptions,
  Cluster,
  DeleteOptions,
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
} from '../../src/kube/cluster.ts';
import { RecentNames } from '../../src/kube/recent-names.ts';
import { ApiError } from '../../src/model/api-error.ts';
import type { ApiErrorKind } from '../../src/model/api-error.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { decodeJson, encodeJson, objectAt, stringAt } from '../../src/model/json.ts';
import type { KindSchema } from '../../src/model/kind-schema.ts';
import type { GroupKind, KubeObject, Ref, Target } from '../../src/model/object.ts';
import { groupKindKey, refOf, resourceVersionOf, targetOf, uidOf } from '../../src/model/object.ts';
import type { Clock } from '../../src/model/ports.ts';
import { ManualClock } from './clock.ts';
import { FakeKinds } from './kinds.ts';
import {
  bornNamespace,
  checkPreconditions,
  manifestOf,
  metadataOf,
  patched,
  refusal,
  replaced,
  withinSubresource,
} from './manifests.ts';
import { trackUpdate } from './managed-fields.ts';
import type { Writer } from './managed-fields.ts';
import { ObjectStore, mergePatch } from './object-store.ts';
import { FakeReflector } from './reflector.ts';
import { publishedSchema } from './published-schemas.ts';
import { prioritised, refIn, written } from './requests.ts';
import type { Failure, FakeRequest } from './requests.ts';
import { matchesFields, matchesLabels } from './selectors.ts';
import { applied } from './server-side-apply.ts';

export type { FakeRequest } from './requests.ts';

const someone: Pick<Writer, 'manager' | 'operation'> = { manager: 'kubectl-edit', operation: 'Update' };

/**
 * A cluster in memory: Server-Side Apply with managedFields, preconditions, dry-run, finalizers, namespaces, watches.
 *
 * Guarantees: passes the suite in `test/contract/` that the real API server passes.
 * Caveats: no validation, defaulting, admission or garbage collection; the schema is the small one of `schema.ts`; a
 * deleted Namespace stays Terminating until `finishNamespace`, as on a server without controllers.
 */
export class FakeCluster implements Cluster {
  readonly kinds = new FakeKinds();
  /** Every call, oldest first. */
  readonly requests: FakeRequest[] = [];
  /** What containers wrote, by `namespace/pod/container`. */
  readonly logs = new Map<string, string>();
  /** Permissions that were asked for, oldest first. */
  readonly reviews: Action[] = [];
  /** What this identity may do; writes themselves are not refused. */
  permits: (action: Action) => boolean = () => true;
  /** False: every call fails with `notLeader`, and is not in `requests`. */
  mayWrite = true;
  /** Awaited before each answer: a test may hold a request back here. */
  beforeAnswer: (request: FakeRequest) => Promise<void> = () => Promise.resolve();
  readonly #store: ObjectStore;
  readonly namesIn: Cluster['namesIn'];
  readonly #failures: Failure[] = [];
  readonly #reflectors = new Set<FakeReflector>();

  constructor(clock: Clock = new ManualClock()) {
    this.#store = new ObjectStore(clock);
    const { signal: closed } = new AbortController();
    const names = new RecentNames({ clock, closed, list: (kind, how) => this.list(kind, how) });
    this.namesIn = (...asked) => names.namesIn(...asked);
    this.#store.onEvent((event) => {
      for (const reflector of this.#reflectors) reflector.take(event);
    });
    for (const name of ['default', 'kube-system'])
      this.seed({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }

  // What the test does behind the operator's back.

  /** Writes as another client: a create, or a replacement of what is there. */
  seed(object: KubeObject, manager = 'kubectl-create'): KubeObject {
    const before = this.#store.get(refOf(object));
    const writer = this.#writer({ manager, operation: 'Update' });
    return this.#write(before, { ...object, metadata: { ...before?.metadata, ...object.metadata } }, { writer });
  }

  /** Another client's update of what must be there. */
  edit(
    ref: Ref,
    change: (object: KubeObject) => KubeObject,
    by: Partial<Pick<Writer, 'manager' | 'operation' | 'subresource'>> = {},
  ): KubeObject {
    const before = this.#store.get(ref);
    if (before === undefined) throw new Error(`the fake has no ${ref.kind} ${ref.namespace}/${ref.name}`);
    return this.#write(before, change(before), { writer: this.#writer({ ...someone, ...by }) });
  }

  /** Another client's delete; finalizers hold it as ever. */
  remove(ref: Ref): void {
    const object = this.#store.get(ref);
    if (object !== undefined) this.#delete(object);
  }

  /** What the namespace controller does at the end: all that is in it goes, then itself. */
  finishNamespace(name: string): void {
    for (const object of this.#store.all()) if (refOf(object).namespace === name) this.#store.evict(object);
    const namespace = this.#store.get({ group: '', kind: 'Namespace', namespace: '', name });
    if (namespace !== undefined) this.#store.evict(namespace);
  }

  /** The object as it is, without a request. */
  peek(ref: Ref): KubeObject | undefined {
    return this.#store.get(ref);
  }

  all(): KubeObject[] {
    return this.#store.all();
  }

  /** Calls for which `when` says so fail; `executed`: they were carried out, and only the answer is lost. */
  fail(
    when: (request: FakeRequest) => boolean,
    error: ApiError | ApiErrorKind,
    more: { times?: number; executed?: boolean } = {},
  ): void {
    const thrown =
      typeof error === 'string' ? new ApiError(`made to fail: ${error}`, { kind: error, status: 0 }) : error;
    this.#failures.push({ when, error: thrown, left: more.times ?? 1, executed: more.executed ?? false });
  }

  /** Ends all failures. */
  recover(): void {
    this.#failures.length = 0;
  }

  /** Reflectors that were not stopped. */
  get reflectors(): FakeReflector[] {
    return [...this.#reflectors].filter((reflector) => !reflector.stopped);
  }

  /** All streams are lost; nothing is told until `restore`. `complete` false: for longer than their idle limit. */
  interrupt(why = 'made to be cut', complete = true): void {
    for (const reflector of this.reflectors) reflector.interrupt(why, complete);
  }

  /** All streams are back, with a new list. */
  restore(): void {
    for (const reflector of this.reflectors) reflector.relist();
  }

  /** Nothing is told until the returned function is called. */
  holdEvents(): () => void {
    const releases = this.reflectors.map((reflector) => reflector.hold());
    return () => {
      for (const release of releases) release();
    };
  }

  // The port.

  read(target: Target, options: RequestOptions): Promise<KubeObject | undefined> {
    return this.#answer({ verb: 'get', ref: refIn(target), ...prioritised(options) }, options, () => {
      this.#served(target);
      const object = this.#store.get(target);
      return object === undefined ? undefined : { ...object, apiVersion: target.apiVersion };
    });
  }

  async *list(kind: ServedKind, options: ListOptions): AsyncGenerator<ListPage> {
    const ref = { group: kind.group, kind: kind.kind, namespace: options.namespace ?? '', name: '' };
    yield await this.#answer({ verb: 'list', ref, ...prioritised(options) }, options, () => {
      this.#served({ ...ref, apiVersion: kind.apiVersion });
      const items = this.#store
        .all()
        .filter((object) => groupKindKey(refOf(object)) === groupKindKey(kind))
        .filter((object) => ref.namespace === '' || refOf(object).namespace === ref.namespace)
        .filter((object) => matchesLabels(object, options.labelSelector))
        .filter((object) => matchesFields(object, options.fieldSelector))
        .map((object) => ({
          ...(options.metadataOnly === true ? metadataOf(object) : object),
          apiVersion: kind.apiVersion,
        }));
      return { items, resourceVersion: this.#store.resourceVersion };
    });
  }

  apply(object: KubeObject, options: ApplyOptions): Promise<WriteAnswer> {
    const target = targetOf(object);
    const { manager, force } = options;
    return this.#answer({ ...written('apply', target, options), force, body: object }, options, () => {
      this.#served(target);
      const before = this.#store.get(target);
      checkPreconditions(before, object);
      if (before === undefined) this.#checkNamespace(target);
      const writer = this.#writer({ manager, operation: 'Apply' });
      const after = applied(before, manifestOf(object), { writer, force });
      return { object: this.#keep(before, after, options), created: before === undefined };
    });
  }

  replace(object: KubeObject, options: WriteOptions): Promise<KubeObject> {
    const request = { ...written('replace', targetOf(object), options), body: object };
    return this.#change(request, options, (before) => replaced(before, object));
  }

  create(object: KubeObject, options: WriteOptions): Promise<KubeObject> {
    const target = targetOf(object);
    return this.#answer({ ...written('create', target, options), body: object }, options, () => {
      this.#served(target);
      this.#checkNamespace(target);
      if (this.#store.get(target) !== undefined) throw refusal('exists', 409, `"${target.name}" already exists`);
      const writer = this.#writer({ manager: options.manager, operation: 'Update' });
      return this.#write(undefined, manifestOf(object), { writer, dryRun: options.dryRun });
    });
  }

  patch(target: Target, operations: readonly PatchOperation[], options: PatchOptions): Promise<KubeObject> {
    const body = decodeJson(encodeJson(operations.map((operation) => ({ ...operation }))));
    return this.#change({ ...written('patch', target, options), body }, options, (before) =>
      patched(before, operations),
    );
  }

  merge(target: Target, patch: JsonObject, options: PatchOptions): Promise<KubeObject> {
    const request = { ...written('merge', target, options), body: patch };
    return this.#change(request, options, (before) => mergePatch(before, patch) as KubeObject);
  }

  delete(target: Target, options: DeleteOptions): Promise<KubeObject | undefined> {
    return this.#answer(written('delete', target, options), options, () => {
      this.#served(target);
      const object = this.#store.get(target);
      if (object === undefined) return undefined;
      if (uidOf(object) !== options.uid || resourceVersionOf(object) !== options.resourceVersion) {
        throw refusal('conflict', 409, `the precondition does not match ${target.kind} "${target.name}"`);
      }
      return options.dryRun === true ? undefined : this.#delete(object);
    });
  }

  readLog(pod: Target, options: LogOptions): Promise<string> {
    return this.#answer({ verb: 'get', ref: refIn(pod), subresource: 'log' }, options, () => {
      const text = this.logs.get(`${pod.namespace}/${pod.name}/${options.container}`);
      if (text === undefined) throw refusal('notFound', 404, `no log of "${pod.name}"`);
      return text.split('\n').filter(Boolean).slice(-options.lines).join('\n');
    });
  }

  mayDo(action: Action): Promise<boolean> {
    this.reviews.push(action);
    return Promise.resolve(this.permits(action));
  }

  schemaOf(kind: GroupKind, apiVersion: string): Promise<KindSchema | undefined> {
    return Promise.resolve(publishedSchema(kind, apiVersion, this.#store.all()));
  }

  reflect(spec: ReflectorSpec): Reflector {
    const { group, kind } = spec.kind;
    this.requests.push({ verb: 'watch', ref: { group, kind, namespace: spec.namespace ?? '', name: '' } });
    const reflector = new FakeReflector(spec, () => this.#store.all());
    this.#reflectors.add(reflector);
    reflector.relist();
    return reflector;
  }

  // How it works.

  async #answer<T>(request: FakeRequest, options: RequestOptions, execute: () => T): Promise<T> {
    if (!this.mayWrite) throw refusal('notLeader', 0, 'not sent: another process may hold the Lease');
    if (options.signal?.aborted === true) throw refusal('unavailable', 0, 'given up by the caller');
    this.requests.push(request);
    await this.beforeAnswer(request);
    const failure = this.#failures.find(({ when, left }) => left > 0 && when(request));
    if (failure === undefined) return execute();
    failure.left -= 1;
    if (failure.executed) execute();
    throw failure.error;
  }

  #change(
    request: FakeRequest,
    options: PatchOptions,
    change: (before: KubeObject) => KubeObject,
  ): Promise<KubeObject> {
    return this.#answer(request, options, () => {
      const target = { ...request.ref, apiVersion: '' };
      const before = this.#store.get(target);
      if (before === undefined) throw refusal('notFound', 404, `"${target.name}" not found`);
      const wanted = change(before);
      checkPreconditions(before, wanted);
      const subresource = options.subresource ?? '';
      const writer = this.#writer({ manager: options.manager, operation: 'Update', subresource });
      return this.#write(before, withinSubresource(before, wanted, subresource), { writer, dryRun: options.dryRun });
    });
  }

  #write(
    before: KubeObject | undefined,
    after: KubeObject,
    how: { readonly writer: Writer; readonly dryRun?: boolean | undefined },
  ): KubeObject {
    return this.#keep(before, trackUpdate(before, after, how.writer), { dryRun: how.dryRun ?? false });
  }

  #keep(
    before: KubeObject | undefined,
    after: KubeObject,
    { dryRun = false }: { readonly dryRun?: boolean },
  ): KubeObject {
    const complete = this.#store.complete(before, bornNamespace(before, after));
    if (dryRun) return complete;
    const kept = this.#store.commit(before, complete);
    if (kept.kind === 'CustomResourceDefinition' && kept !== before) this.#define(kept);
    return this.#store.get(refOf(kept)) ?? kept;
  }

  #define(crd: KubeObject): void {
    this.kinds.define(crd);
    if (crd['status'] !== undefined) return;
    const conditions = ['NamesAccepted', 'Established'].map((type) => ({ type, status: 'True', reason: 'Accepted' }));
    const writer = this.#writer({ manager: 'kube-apiserver', operation: 'Update', subresource: 'status' });
    this.#write(crd, { ...crd, status: { conditions } }, { writer });
  }

  #delete(object: KubeObject): KubeObject | undefined {
    const left = this.#store.delete(object);
    if (left !== undefined || object.kind !== 'CustomResourceDefinition') return left;
    const spec = objectAt(object, 'spec');
    const kind = { group: stringAt(spec, 'group') ?? '', kind: stringAt(objectAt(spec, 'names'), 'kind') ?? '' };
    for (const one of this.#store.all()) if (groupKindKey(refOf(one)) === groupKindKey(kind)) this.#store.evict(one);
    this.kinds.withdraw(kind);
    return undefined;
  }

  #served(target: Target): void {
    const answer = this.kinds.find(target, target.apiVersion);
    if (answer.state === 'gone')
      throw refusal('notServed', 404, `the cluster serves no ${target.kind} of ${target.apiVersion}`);
    if (answer.state === 'unknown') throw refusal('unavailable', 0, answer.why);
  }

  #checkNamespace({ namespace }: Ref): void {
    if (namespace === '') return;
    const found = this.#store.get({ group: '', kind: 'Namespace', namespace: '', name: namespace });
    if (found === undefined) throw refusal('namespaceMissing', 404, `namespaces "${namespace}" not found`);
    if (stringAt(found.metadata, 'deletionTimestamp') === undefined) return;
    throw refusal('terminating', 403, `namespace ${namespace} is being terminated`);
  }

  #writer(by: { manager: string; operation: 'Apply' | 'Update'; subresource?: string }): Writer {
    return { subresource: '', ...by, time: this.#store.time() };
  }
}
