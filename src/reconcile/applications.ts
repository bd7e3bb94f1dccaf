import type { Cluster, PatchOperation, Reflector, ServedKind } from '../kube/cluster.ts';
import { ApiError } from '../model/api-error.ts';
import type { Application, ApplicationStatus } from '../model/application.ts';
import { OperatorError } from '../model/errors.ts';
import type { ApplicationKey, Installation } from '../model/installation.ts';
import { applicationKey } from '../model/installation.ts';
import type { Inventory } from '../model/inventory.ts';
import { isInventoryOf, planStorage, readInventory } from '../model/inventory.ts';
import type { JsonObject, JsonValue } from '../model/json.ts';
import { isJsonObject, jsonEqual, stringAt } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import { resourceVersionOf, targetOf, uidOf } from '../model/object.ts';
import type { ParsedApplication } from '../model/parse-application.ts';
import { parseApplication } from '../model/parse-application.ts';
import type { RecordEntry } from '../model/record.ts';

export interface ApplicationKinds {
  readonly application: ServedKind;
  readonly inventory: ServedKind;
}

interface Stored {
  object: KubeObject | undefined;
  readonly inventories: Map<string, KubeObject>;
  parsed: ParsedApplication | undefined;
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
  readonly #stored = new Map<ApplicationKey, Stored>();
  readonly #reflectors: Reflector[] = [];
  readonly #listeners = new Set<(key: ApplicationKey) => void>();

  constructor(cluster: Cluster, installation: Installation) {
    this.#cluster = cluster;
    this.#installation = installation;
  }

  /** Resolves when both lists are complete. */
  async start(kinds: ApplicationKinds, namespaces: readonly string[], signal: AbortSignal): Promise<void> {
    const scopes = namespaces.length === 0 ? [''] : namespaces;
    const lists = scopes.flatMap((namespace) => [
      this.#follow(kinds.inventory, namespace, (object, gone) => this.#inventory(object, gone)),
      this.#follow(kinds.application, namespace, (object, gone) => this.#application(object, gone)),
    ]);
    await Promise.race([Promise.all(lists), aborted(signal)]);
  }

  onChange(listener: (key: ApplicationKey) => void): void {
    this.#listeners.add(listener);
  }

  keys(): ApplicationKey[] {
    return [...this.#stored].filter(([, stored]) => stored.object !== undefined).map(([key]) => key);
  }

  /** undefined: there is no such Application (any more). */
  read(key: ApplicationKey): ParsedApplication | undefined {
    const stored = this.#stored.get(key);
    if (stored?.object === undefined) return undefined;
    stored.parsed ??= parseApplication(stored.object, inventoriesOf(stored), this.#installation);
    return stored.parsed;
  }

  /**
   * Puts record entries of what is about to be created where a crash cannot lose them.
   * Throws OperatorError (step `claim`); nothing may be created then.
   */
  async claim(app: Application, record: readonly RecordEntry[], status: ApplicationStatus): Promise<void> {
    await this.#write(app, status, record, 'claim');
  }

  /** Throws OperatorError (step `status`). */
  async writeStatus(app: Application, status: ApplicationStatus, record: readonly RecordEntry[]): Promise<void> {
    await this.#write(app, status, record, 'status');
  }

  /** Removes what a user asked for and what is done: the `operation`, annotations, finalizers. */
  async remove(app: Application, what: Removal): Promise<void> {
    const object = this.#stored.get(app.key)?.object;
    if (object === undefined) return;
    const operations = removalsFrom(object, what);
    if (operations.length === 0) return;
    await this.#patch(object, operations, 'status');
  }

  [Symbol.dispose](): void {
    for (const reflector of this.#reflectors.splice(0)) reflector.stop();
    this.#listeners.clear();
  }

  async #write(app: Application, status: ApplicationStatus, record: readonly RecordEntry[], step: 'claim' | 'status'): Promise<void> {
    const stored = this.#stored.get(app.key);
    if (stored?.object === undefined) return;
    const storage = planStorage(app, record, inventoriesOf(stored));
    // Inventories grow before the status says so and shrink after it: what is read in between is a superset.
    for (const inventory of storage.write) await this.#writeInventory(app, inventory, step);
    const next = { ...status, ...(storage.inline === undefined ? {} : { record: storage.inline }) } as unknown as JsonObject;
    if (!jsonEqual(stored.object['status'], next)) {
      await this.#patch(stored.object, [{ op: 'add', path: '/status', value: next }], step, 'status');
    }
    for (const inventory of storage.remove) await this.#deleteInventory(app, inventory, step);
  }

  async #patch(object: KubeObject, operations: PatchOperation[], step: 'claim' | 'status', subresource?: 'status'): Promise<void> {
    const guard: PatchOperation = { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersionOf(object) };
    const options = { manager: this.#installation.controllerManager, ...(subresource === undefined ? {} : { subresource }) };
    try {
      this.#application(await this.#cluster.patch(targetOf(object), [guard, ...operations], options), false);
    } catch (error) {
      const current = await this.#afterConflict(object, error, step);
      if (current === undefined) return;
      this.#application(current, false);
      await this.#patch(current, operations, step, subresource);
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

  async #writeInventory(app: Application, inventory: Inventory, step: 'claim' | 'status'): Promise<void> {
    try {
      const options = { manager: this.#installation.controllerManager, force: true };
      const answer = await this.#cluster.apply(inventory.object, options);
      this.#inventory(answer.object, false);
    } catch (error) {
      throw error instanceof ApiError ? statusError(inventory.object, error, step) : error;
    }
    void app;
  }

  async #deleteInventory(app: Application, object: KubeObject, step: 'claim' | 'status'): Promise<void> {
    const options = { uid: uidOf(object), resourceVersion: resourceVersionOf(object), propagation: 'Background' as const };
    try {
      await this.#cluster.delete(targetOf(object), options);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.kind !== 'conflict' && error.kind !== 'notFound') throw statusError(object, error, step);
    }
    void app;
  }

  #follow(kind: ServedKind, namespace: string, told: (object: KubeObject, gone: boolean) => void): Promise<void> {
    return new Promise((resolve) => {
      const listener = {
        synced: resolve,
        changed: (object: KubeObject): void => told(object, false),
        deleted: (object: KubeObject): void => told(object, true),
        interrupted: (): void => undefined,
      };
      this.#reflectors.push(this.#cluster.reflect({ kind, metadataOnly: false, namespace, listener }));
    });
  }

  #application(object: KubeObject, gone: boolean): void {
    const key = applicationKey(stringAt(object.metadata, 'namespace') ?? '', object.metadata.name);
    const stored = this.#entry(key);
    if (!gone && stored.object !== undefined && !isNewer(object, stored.object)) return;
    stored.object = gone ? undefined : object;
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
    const stored: Stored = { object: undefined, inventories: new Map(), parsed: undefined };
    this.#stored.set(key, stored);
    return stored;
  }

  #changed(key: ApplicationKey, stored: Stored): void {
    stored.parsed = undefined;
    if (stored.object === undefined && stored.inventories.size === 0) this.#stored.delete(key);
    for (const listener of this.#listeners) listener(key);
  }
}
