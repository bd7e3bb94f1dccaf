import type { Cluster, PatchOperation, Reflector, ReflectorSpec, ServedKind } from '../../kube/cluster.ts';
import { ApiError } from '../../model/api-error.ts';
import type { Application, ApplicationStatus, KnownApplication } from '../../model/application.ts';
import { OperatorError } from '../../model/errors.ts';
import type { ApplicationKey, Installation } from '../../model/installation.ts';
import { applicationKey, applicationsOf } from '../../model/installation.ts';
import type { StoragePlan } from '../../model/inventory.ts';
import { isInventoryOf, planStorage, withEntries, withoutEntries } from '../../model/inventory.ts';
import type { JsonObject } from '../../model/json.ts';
import { jsonEqual, objectAt, stringAt } from '../../model/json.ts';
import type { KubeObject } from '../../model/object.ts';
import { describeRef, refOf, resourceVersionOf, targetOf, uidOf } from '../../model/object.ts';
import type { ParsedApplication } from '../../model/parse-application.ts';
import { parseApplication } from '../../model/parse-application.ts';
import type { RecordEntry } from '../../model/record.ts';
import { annotating } from './annotate.ts';
import type { ApplicationChecks } from './application-checks.ts';
import type { Removal } from './removal.ts';
import { removalFrom } from './removal.ts';

export interface ApplicationKinds {
  readonly application: ServedKind;
  readonly inventory: ServedKind;
}

/** What is to be written, made from the newest known Application. */
export interface StatusUpdate {
  readonly status: ApplicationStatus;
  /** Absent: the record stays as it is, also when nobody can read it. */
  readonly record?: readonly RecordEntry[];
}

interface Stored {
  object: KubeObject | undefined;
  readonly inventories: Map<string, KubeObject>;
  parsed: ParsedApplication | undefined;
  /** As it was read last. */
  record: readonly RecordEntry[];
  /** The entries of `object` are left out: they are those of `record`. */
  isBare: boolean;
}

/**
 * Applications with their records, followed by watches, and the only writer of their status.
 *
 * Guarantees: what `read` gives includes the answers to our own writes; a status is written only over the one it was
 * made from; a record is never shortened by a failed write.
 */
export class Applications implements Disposable {
  readonly #cluster: Cluster;
  readonly #installation: Installation;
  readonly #checks: ApplicationChecks;
  readonly #stored = new Map<ApplicationKey, Stored>();
  readonly #reflectors: Reflector[] = [];
  readonly #listeners = new Set<(key: ApplicationKey) => void>();

  constructor(cluster: Cluster, installation: Installation, checks: ApplicationChecks) {
    this.#cluster = cluster;
    this.#installation = installation;
    this.#checks = checks;
  }

  /** Resolves when both lists are complete; rejects with the signal's reason, and then follows nothing any more. */
  async start(kinds: ApplicationKinds, namespaces: readonly string[], signal: AbortSignal): Promise<void> {
    const labelSelector = applicationsOf(this.#installation);
    const scopes = namespaces.length === 0 ? [''] : namespaces;
    const lists = scopes.flatMap((namespace) => [
      this.#follow({ kind: kinds.inventory, namespace }, (object, gone) => this.#inventory(object, gone)),
      this.#follow({ kind: kinds.application, namespace, labelSelector }, (object, gone) =>
        this.#application(object, gone),
      ),
    ]);
    try {
      await Promise.race([Promise.all(lists), aborted(signal)]);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  onChange(listener: (key: ApplicationKey) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  keys(): ApplicationKey[] {
    return [...this.#stored].filter(([, stored]) => stored.object !== undefined).map(([key]) => key);
  }

  /** undefined: there is no such Application (any more). */
  known(key: ApplicationKey): ParsedApplication | undefined {
    const stored = this.#stored.get(key);
    if (stored?.object === undefined) return undefined;
    stored.parsed ??= this.#parse(stored, servedOf(stored, stored.object));
    return stored.parsed;
  }

  #parse(stored: Stored, object: KubeObject): ParsedApplication {
    const inventories = [...stored.inventories.values()];
    const parsed = this.#checks.take(parseApplication(object, inventories, this.#installation, stored.record));
    const { record } = parsed.app;
    if (record === undefined) return parsed;
    const bare = withoutEntries(object, record);
    stored.object = bare ?? object;
    stored.isBare = bare !== undefined;
    stored.record = record;
    return parsed;
  }

  /** As the server has it. */
  #served(key: ApplicationKey): KubeObject | undefined {
    const stored = this.#stored.get(key);
    return stored?.object === undefined ? undefined : servedOf(stored, stored.object);
  }

  /** Like `known`, for acting on it: throws the OperatorError that says why it cannot be acted on. */
  read(key: ApplicationKey): Application | undefined {
    const parsed = this.known(key);
    if (parsed?.kind === 'invalid') throw parsed.error;
    return parsed?.app;
  }

  /**
   * Writes status and, when given, the record. False: the Application is gone, and nothing of it was written.
   * Throws OperatorError with the given step.
   */
  async write(key: ApplicationKey, { status, record }: StatusUpdate, step: 'claim' | 'status'): Promise<boolean> {
    const stored = this.#stored.get(key);
    const known = this.known(key);
    // This one, also if the watch brings another meanwhile: the new status was made from it.
    const object = this.#served(key);
    if (stored === undefined || object === undefined || known === undefined) return false;
    const before = objectAt(object, 'status');
    const storage = record === undefined ? keep : planStorage(known.app, record, [...stored.inventories.values()]);
    // Inventories grow before the status says so and shrink after it: what is read in between is a superset.
    for (const inventory of storage.write) await this.#writeInventory(inventory.object, step);
    const next = withRecord(status, storage.inline ?? before['record']);
    const operations = [{ op: 'add', path: '/status', value: next }] as const;
    const isWritten =
      jsonEqual(before, next) || (await this.#patch(object, () => operations, { step, subresource: 'status' }));
    if (isWritten) for (const inventory of storage.remove) await this.#deleteInventory(inventory, step);
    return isWritten;
  }

  /** Removes what is served and done: the `operation`, annotations, finalizers. Throws OperatorError. */
  async remove(app: KnownApplication, what: Removal): Promise<void> {
    const object = this.#served(app.key);
    if (object === undefined) return;
    await this.#patch(object, (current) => removalFrom(current, what, object), { step: 'status' });
  }

  /** Sets annotations, and removes those without a value. Throws OperatorError. */
  async annotate(app: KnownApplication, changes: Readonly<Record<string, string | undefined>>): Promise<void> {
    const object = this.#served(app.key);
    if (object === undefined) return;
    await this.#patch(object, (current) => annotating(current, changes), { step: 'status' });
  }

  [Symbol.dispose](): void {
    for (const reflector of this.#reflectors.splice(0)) reflector.stop();
    this.#listeners.clear();
  }

  /** False: it is gone. Makes the operations anew when somebody else wrote in between. */
  async #patch(object: KubeObject, make: MakeOperations, how: How): Promise<boolean> {
    const { step, ...options } = { manager: this.#installation.controllerManager, ...how };
    const operations = make(object);
    if (operations.length === 0) return true;
    const version = { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersionOf(object) } as const;
    try {
      this.#application(await this.#cluster.patch(targetOf(object), [version, ...operations], options), false);
      return true;
    } catch (error) {
      const current = await this.#afterConflict(object, error, step);
      if (current === undefined) return false;
      this.#application(current, false);
      return this.#patch(current, make, how);
    }
  }

  /** The object to try again with: somebody edited the spec or an annotation meanwhile; a foreign status is an error. */
  async #afterConflict(object: KubeObject, error: unknown, step: 'claim' | 'status'): Promise<KubeObject | undefined> {
    if (!(error instanceof ApiError)) throw error;
    if (error.kind === 'notFound') return undefined;
    if (error.kind !== 'conflict') throw statusError(object, error, step);
    const current = await this.#cluster.read(targetOf(object), {});
    if (current === undefined || uidOf(current) !== uidOf(object)) return undefined;
    if (!jsonEqual(current['status'], object['status'])) throw statusError(object, error, step);
    return current;
  }

  async #writeInventory(inventory: KubeObject, step: 'claim' | 'status'): Promise<void> {
    try {
      const options = { manager: this.#installation.controllerManager, force: true };
      const answer = await this.#cluster.apply(inventory, options);
      this.#inventory(answer.object, false);
    } catch (error) {
      throw error instanceof ApiError ? statusError(inventory, error, step) : error;
    }
  }

  async #deleteInventory(object: KubeObject, step: 'claim' | 'status'): Promise<void> {
    const options = {
      uid: uidOf(object),
      resourceVersion: resourceVersionOf(object),
      propagation: 'Background' as const,
    };
    try {
      await this.#cluster.delete(targetOf(object), options);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.kind !== 'conflict' && error.kind !== 'notFound') throw statusError(object, error, step);
    }
  }

  #follow(
    { kind, namespace, ...selector }: Followed,
    told: (object: KubeObject, gone: boolean) => void,
  ): Promise<void> {
    return new Promise((resolve) => {
      const listener = {
        synced: resolve,
        changed: (object: KubeObject): void => told(object, false),
        deleted: (object: KubeObject): void => told(object, true),
        interrupted: (): void => undefined,
      };
      this.#reflectors.push(this.#cluster.reflect({ kind, metadataOnly: false, namespace, listener, ...selector }));
    });
  }

  #application(object: KubeObject, gone: boolean): void {
    const key = applicationKey(stringAt(object.metadata, 'namespace') ?? '', object.metadata.name);
    const stored = this.#entry(key);
    if (!gone && stored.object !== undefined && !isNewer(object, stored.object)) return;
    stored.object = gone ? undefined : withoutManagedFields(object);
    stored.isBare = false;
    this.#changed(key, stored);
  }

  #inventory(object: KubeObject, gone: boolean): void {
    const owner = isInventoryOf(object);
    if (owner === undefined) return;
    const key = applicationKey(stringAt(object.metadata, 'namespace') ?? '', owner);
    const stored = this.#entry(key);
    const present = stored.inventories.get(object.metadata.name);
    if (!gone && present !== undefined && !isNewer(object, present)) return;
    if (gone) stored.inventories.delete(object.metadata.name);
    else stored.inventories.set(object.metadata.name, object);
    this.#changed(key, stored);
  }

  #entry(key: ApplicationKey): Stored {
    const present = this.#stored.get(key);
    if (present !== undefined) return present;
    const stored: Stored = { object: undefined, inventories: new Map(), parsed: undefined, record: [], isBare: false };
    this.#stored.set(key, stored);
    return stored;
  }

  #changed(key: ApplicationKey, stored: Stored): void {
    stored.parsed = undefined;
    if (stored.object === undefined) this.#checks.forget(key);
    if (stored.object === undefined && stored.inventories.size === 0) this.#stored.delete(key);
    for (const listener of this.#listeners) listener(key);
  }
}

function servedOf({ isBare, record }: Stored, object: KubeObject): KubeObject {
  return isBare ? withEntries(object, record) : object;
}

/** Nobody asks who wrote an Application, and its status makes them many. */
function withoutManagedFields(object: KubeObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, managedFields: [] } };
}

type Followed = Pick<ReflectorSpec, 'kind' | 'labelSelector'> & { readonly namespace: string };

/** The record stays where and as it is. */
const keep: Partial<StoragePlan> & Pick<StoragePlan, 'write' | 'remove'> = { write: [], remove: [] };

/** As it is sent: the types of status and record are plain JSON by construction. */
function withRecord(status: ApplicationStatus, record: unknown): JsonObject {
  return { ...status, ...(record === undefined ? {} : { record }) } as unknown as JsonObject;
}

type MakeOperations = (current: KubeObject) => readonly PatchOperation[];

interface How {
  readonly step: 'claim' | 'status';
  readonly subresource?: 'status';
}

/** resourceVersions of one object grow; where they are no numbers the later answer wins. */
function isNewer(object: KubeObject, than: KubeObject): boolean {
  if (uidOf(object) !== uidOf(than)) return true;
  const [a, b] = [resourceVersionOf(object), resourceVersionOf(than)];
  return !/^[0-9]+$/.test(a) || !/^[0-9]+$/.test(b) || BigInt(a) > BigInt(b);
}

function statusError(object: KubeObject, error: ApiError, step: 'claim' | 'status'): OperatorError {
  const forbidden = error.kind === 'forbidden';
  return new OperatorError(`${describeRef(refOf(object))}: ${error.message}`, {
    step,
    reason: forbidden ? 'Forbidden' : 'ApiServerError',
    retry: 'backoff',
    cause: error,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  });
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
