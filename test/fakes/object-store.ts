import { randomUUID } from 'node:crypto';
import type { JsonObject, JsonValue } from '../../src/model/json.ts';
import { arrayAt, isJsonObject, jsonEqual, numberAt, objectAt, stringAt } from '../../src/model/json.ts';
import type { KubeObject, Ref } from '../../src/model/object.ts';
import { refKey, refOf } from '../../src/model/object.ts';
import type { Clock } from '../../src/model/ports.ts';
import { hasGeneration } from './schema.ts';

/** `before` is the last state of a deleted object; of a changed one what it was, if it was. */
export interface StoreEvent {
  readonly before: KubeObject | undefined;
  readonly after: KubeObject | undefined;
}

/** Objects with their resourceVersion, generation, uid and finalizers, as the server keeps them. */
export class ObjectStore {
  readonly #clock: Clock;
  readonly #objects = new Map<string, KubeObject>();
  readonly #listeners = new Set<(event: StoreEvent) => void>();
  #resourceVersion = 100;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get resourceVersion(): string {
    return String(this.#resourceVersion);
  }

  get(ref: Ref): KubeObject | undefined {
    return this.#objects.get(refKey(ref));
  }

  all(): KubeObject[] {
    return [...this.#objects.values()];
  }

  onEvent(listener: (event: StoreEvent) => void): void {
    this.#listeners.add(listener);
  }

  /** What a write would make of the object: with what the server adds; nothing is kept. */
  complete(before: KubeObject | undefined, after: KubeObject): KubeObject {
    if (before === undefined) return { ...after, metadata: { ...after.metadata, ...this.#birth(after) } };
    if (!hasGeneration(refOf(after)) || jsonEqual(contentOf(before), contentOf(after))) return after;
    const generation = (numberAt(before.metadata, 'generation') ?? 0) + 1;
    return { ...after, metadata: { ...after.metadata, generation } };
  }

  /** Keeps the object; one that is being deleted goes when nothing holds it any more. Equal = no write at all. */
  commit(before: KubeObject | undefined, after: KubeObject): KubeObject {
    if (before !== undefined && jsonEqual(before, after)) return before;
    const kept = this.#stamp(after);
    if (stringAt(kept.metadata, 'deletionTimestamp') !== undefined && !isHeld(kept)) {
      this.#remove(kept);
      return kept;
    }
    this.#objects.set(refKey(refOf(kept)), kept);
    this.#tell({ before, after: kept });
    return kept;
  }

  /** Deletes, or marks as terminating what has finalizers; undefined when it is gone. */
  delete(object: KubeObject): KubeObject | undefined {
    if (isHeld(object)) return this.commit(object, this.#terminating(object));
    this.#remove(this.#stamp(object));
    return undefined;
  }

  /** Removes at once, whatever holds it. */
  evict(object: KubeObject): void {
    this.#remove(this.#stamp(object));
  }

  /** RFC 3339 with whole seconds. */
  time(): string {
    return new Date(this.#clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
  }

  #terminating(object: KubeObject): KubeObject {
    if (stringAt(object.metadata, 'deletionTimestamp') !== undefined) return object;
    const status = object.kind === 'Namespace' ? { status: { phase: 'Terminating' } } : {};
    return { ...object, metadata: { ...object.metadata, deletionTimestamp: this.time() }, ...status };
  }

  #birth(object: KubeObject): JsonObject {
    const generation = hasGeneration(refOf(object)) ? { generation: 1 } : {};
    return { uid: randomUUID(), creationTimestamp: this.time(), ...generation };
  }

  #stamp(object: KubeObject): KubeObject {
    this.#resourceVersion += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: this.resourceVersion } };
  }

  #remove(object: KubeObject): void {
    this.#objects.delete(refKey(refOf(object)));
    this.#tell({ before: object, after: undefined });
  }

  #tell(event: StoreEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

function isHeld(object: KubeObject): boolean {
  return arrayAt(object.metadata, 'finalizers').length + arrayAt(objectAt(object, 'spec'), 'finalizers').length > 0;
}

/** What counts as a change of the spec. */
function contentOf(object: KubeObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== 'metadata' && key !== 'status'));
}

/** RFC 7386. */
export function mergePatch(target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isJsonObject(patch)) return patch;
  const result = new Map(Object.entries(isJsonObject(target) ? target : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key);
    else result.set(key, mergePatch(result.get(key), value));
  }
  return Object.fromEntries(result);
}
