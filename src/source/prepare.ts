import type { Application } from '../model/application.ts';
import type { Origin } from '../model/desired.ts';
import { describeOrigin } from '../model/desired.ts';
import { OperatorError, OperatorErrors } from '../model/errors.ts';
import { shortHash } from '../model/hash.ts';
import type { Hook } from '../model/hook.ts';
import { mostHooks } from '../model/hook-run.ts';
import type { Installation } from '../model/installation.ts';
import type { JsonObject } from '../model/json.ts';
import { canonicalJson, isJsonObject, objectAt, stringAt } from '../model/json.ts';
import type { KindSchema } from '../model/kind-schema.ts';
import type { GroupKind, KubeObject, Ref, RefKey } from '../model/object.ts';
import { describeRef, groupKindKey, groupOf, isKubeObject, refKey, refOf } from '../model/object.ts';
import type { Scopes } from '../model/ports.ts';
import type { Turn } from '../model/turn.ts';
import { readTurn } from '../model/turn.ts';
import type { WrittenObject } from './decode.ts';
import { unmeetable } from './dependencies.ts';
import { limitExceeded, type Limits } from './limits.ts';
import { renderError } from './failures.ts';
import { takePart } from './read-hook.ts';
import { refusedAnnotation } from './refused-annotations.ts';

export type Scope = 'Namespaced' | 'Cluster' | undefined;

/** An object as it is compared and sent, with what memory keeps of it. */
export interface PreparedObject extends Turn {
  readonly ref: Ref;
  readonly apiVersion: string;
  readonly hash: string;
  readonly origin: Origin;
  readonly hook?: Hook;
  /** Canonical JSON. */
  readonly json: string;
}

export interface Prepared {
  /** Sorted by ref. */
  readonly objects: readonly PreparedObject[];
  /** Objects that two sources describe, one sentence each. */
  readonly repeated: readonly string[];
  /** The scopes that were asked for, by group and kind: when one is another now, preparation is due again. */
  readonly scopesUsed: ReadonlyMap<string, { readonly kind: GroupKind; readonly scope: Scope }>;
}

export interface PrepareOptions {
  readonly app: Application;
  readonly scopes: Scopes;
  readonly installation: Pick<Installation, 'prefix'>;
  readonly normalise: (object: KubeObject, schema?: KindSchema) => KubeObject;
  readonly mark: (object: KubeObject, app: Application) => KubeObject;
  readonly limits: Limits;
}

/** Enough for a status; the rest shows when these are repaired. */
const maxReported = 10;

/**
 * Makes desired objects of what each source wrote: namespace by scope, normalised, marked, hashed; all errors at once. An
 * object may be there once in each source; the later source wins.
 * Throws OperatorError: InvalidObject, MissingNamespace, AmbiguousObject, NotYetSupported, LimitExceeded.
 */
export function prepareObjects(sources: readonly (readonly WrittenObject[])[], options: PrepareOptions): Prepared {
  const written = sources.flat();
  if (written.length > options.limits.objects) {
    throw limitExceeded(`${written.length} objects of the Application`, 'objects', options.limits);
  }
  const preparation = new Preparation(options, definedScopes(written));
  const errors: OperatorError[] = [];
  for (const objects of sources) {
    errors.push(...addAll(preparation, objects, maxReported - errors.length));
    preparation.endSource();
  }
  const [first, ...rest] = errors;
  if (first !== undefined) throw rest.length === 0 ? first : new OperatorErrors([first, ...rest]);
  return preparation.result();
}

function addAll(preparation: Preparation, written: readonly WrittenObject[], mostErrors: number): OperatorError[] {
  const errors: OperatorError[] = [];
  for (const one of written) {
    if (errors.length >= mostErrors) break;
    try {
      preparation.add(one);
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      errors.push(error);
    }
  }
  return errors;
}

/** CustomResourceDefinitions of the same Application say where their kinds live before the cluster does. */
function definedScopes(written: readonly WrittenObject[]): Map<string, Scope> {
  const scopes = new Map<string, Scope>();
  for (const { object } of written) {
    const apiVersion = stringAt(object, 'apiVersion') ?? '';
    if (object['kind'] !== 'CustomResourceDefinition' || groupOf(apiVersion) !== 'apiextensions.k8s.io') continue;
    const spec = objectAt(object, 'spec');
    const group = stringAt(spec, 'group') ?? '';
    const kind = stringAt(objectAt(spec, 'names'), 'kind') ?? '';
    const scope = stringAt(spec, 'scope');
    if (scope === 'Namespaced' || scope === 'Cluster') scopes.set(groupKindKey({ group, kind }), scope);
  }
  return scopes;
}

class Preparation {
  readonly #options: PrepareOptions;
  readonly #defined: ReadonlyMap<string, Scope>;
  readonly #used = new Map<string, { kind: GroupKind; scope: Scope }>();
  readonly #objects = new Map<RefKey, PreparedObject>();
  /** Of the source that is being added. */
  readonly #current = new Map<RefKey, PreparedObject>();
  readonly #repeated: string[] = [];
  #hooks = 0;

  constructor(options: PrepareOptions, defined: ReadonlyMap<string, Scope>) {
    this.#options = options;
    this.#defined = defined;
  }

  add({ object: written, origin, schema }: WrittenObject): void {
    const taken = takePart(written, origin, this.#options.installation);
    if (taken === undefined) return;
    const object = checked(taken.object, origin);
    const refused = refusedAnnotation(object, origin);
    if (refused !== undefined) throw refused;
    const placed = this.#place(object, origin);
    const { hook, wave } = taken;
    const prepared = {
      ...this.#finish(placed, origin, schema),
      ...(hook === undefined ? {} : { hook }),
      ...(wave === undefined ? {} : { wave }),
    };
    if (hook !== undefined) this.#countHook();
    const key = refKey(prepared.ref);
    const other = this.#current.get(key);
    if (other !== undefined) throw ambiguous(prepared, other);
    this.#current.set(key, prepared);
  }

  #countHook(): void {
    this.#hooks += 1;
    if (this.#hooks <= mostHooks) return;
    throw renderError('LimitExceeded', `the Application has more than ${mostHooks} hooks`);
  }

  endSource(): void {
    for (const [key, prepared] of this.#current) {
      const earlier = this.#objects.get(key);
      if (earlier !== undefined) this.#repeated.push(repeated(prepared, earlier));
      this.#objects.set(key, prepared);
    }
    this.#current.clear();
  }

  /** Throws when the objects cannot be put in an order. */
  result(): Prepared {
    const refused = unmeetable(this.#objects);
    if (refused !== undefined) throw refused;
    const keys = [...this.#objects.keys()].sort();
    return {
      objects: keys.flatMap((key) => this.#objects.get(key) ?? []),
      repeated: this.#repeated,
      scopesUsed: this.#used,
    };
  }

  #finish(object: KubeObject, origin: Origin, schema: KindSchema | undefined): PreparedObject {
    const { app, installation, normalise, mark, limits } = this.#options;
    const body = mark(normalise(object, schema), app);
    const ref = refOf(body);
    const turn = readTurn(body, installation);
    if ('wrong' in turn) throw invalid(ref, origin, turn.wrong);
    const json = canonicalJson(body);
    const size = Buffer.byteLength(json);
    if (size > limits.objectBytes) {
      throw limitExceeded(`${describeOrigin(origin)}: ${describeRef(ref)} of ${size} bytes`, 'objectBytes', limits);
    }
    return { ref, apiVersion: body.apiVersion, hash: shortHash(json), origin, ...turn, json };
  }

  /** The namespace that the object will live in; an unknown kind is left as it is written. */
  #place(object: KubeObject, origin: Origin): KubeObject {
    const namespace = stringAt(object.metadata, 'namespace') ?? '';
    const scope = this.#scopeOf({ group: groupOf(object.apiVersion), kind: object.kind });
    if (scope === 'Namespaced') return this.#placeNamespaced(object, namespace, origin);
    if (namespace !== '' && scope === undefined) return object;
    return withNamespace(object, undefined);
  }

  #placeNamespaced(object: KubeObject, namespace: string, origin: Origin): KubeObject {
    if (namespace !== '') return object;
    const destination = this.#options.app.spec.destinationNamespace;
    if (destination !== '') return withNamespace(object, destination);
    throw new OperatorError(
      `${describeOrigin(origin)}: ${describeRef(refOf(object))} names no namespace, and the Application has no destination.namespace`,
      { step: 'render', reason: 'MissingNamespace', retry: 'interval', object: refOf(object) },
    );
  }

  #scopeOf(kind: GroupKind): Scope {
    const key = groupKindKey(kind);
    const defined = this.#defined.get(key);
    if (defined !== undefined) return defined;
    const known = this.#used.get(key);
    if (known !== undefined) return known.scope;
    const scope = this.#options.scopes.scopeOf(kind);
    this.#used.set(key, { kind, scope });
    return scope;
  }
}

function invalid(ref: Ref, origin: Origin, message: string): OperatorError {
  return renderError('InvalidObject', `${describeOrigin(origin)}: ${describeRef(ref)}: ${message}`);
}

function withNamespace(object: KubeObject, namespace: string | undefined): KubeObject {
  const others = Object.entries(object.metadata).filter(([field]) => field !== 'namespace');
  const place = namespace === undefined ? {} : { namespace };
  return { ...object, metadata: { ...Object.fromEntries(others), ...place, name: object.metadata.name } };
}

/** What no API server can be asked about: an object without the name that it would be found by. */
function checked(object: JsonObject, origin: Origin): KubeObject {
  const invalid = (message: string) =>
    renderError('InvalidObject', `${describeOrigin(origin)}: ${stringAt(object, 'kind') ?? 'object'}: ${message}`);
  const metadata = object['metadata'] ?? {};
  if (!isJsonObject(metadata)) throw invalid('metadata is no mapping');
  if (metadata['generateName'] !== undefined && metadata['name'] === undefined) {
    throw invalid('has generateName and no name, so it could not be found again');
  }
  const wrong = wrongText(metadata);
  if (wrong !== undefined) throw invalid(`${wrong} is no text; put its value in quotes`);
  if (!isKubeObject(object))
    throw invalid('metadata.name is missing or no text (unquoted n, y, on and off are booleans)');
  const { name } = object.metadata;
  if (!/^[^/%|]+$/.test(name) || /^\.\.?$/.test(name)) throw invalid(`metadata.name "${name}" can be no object's name`);
  return object;
}

/** What is read as text later must be text: a label `true` or a namespace 42 is refused by the server, too. */
function wrongText(metadata: JsonObject): string | undefined {
  if (typeof (metadata['namespace'] ?? '') !== 'string') return 'metadata.namespace';
  for (const field of ['labels', 'annotations']) {
    const values = objectAt(metadata, field);
    const wrong = Object.keys(values).find((key) => typeof (values[key] ?? '') !== 'string');
    if (wrong !== undefined) return `metadata.${field}["${wrong}"]`;
  }
  return undefined;
}

function repeated({ ref, origin }: PreparedObject, earlier: PreparedObject): string {
  return `${describeRef(ref)} is in ${describeOrigin(earlier.origin)} and in ${describeOrigin(origin)} of a later source, which wins`;
}

function ambiguous(object: PreparedObject, other: PreparedObject): OperatorError {
  const [first, second] = [describeOrigin(other.origin), describeOrigin(object.origin)];
  return new OperatorError(`${describeRef(object.ref)} is described twice: ${first} and ${second}`, {
    step: 'render',
    reason: 'AmbiguousObject',
    retry: 'interval',
    object: object.ref,
  });
}
