import { applicationSpec, selfHealing } from '../fakes/application-spec.ts';
import type { Application, ApplicationSpec } from '../../src/model/application.ts';
import type { Desired, DesiredObject } from '../../src/model/desired.ts';
import { nothingDesired } from '../../src/model/desired.ts';
import { sha256Hex, shortHash } from '../../src/model/hash.ts';
import { installationNamed } from '../../src/model/installation.ts';
import type { JsonObject, JsonValue } from '../../src/model/json.ts';
import { canonicalJson, encodeJson, isJsonArray, isJsonObject } from '../../src/model/json.ts';
import type { LiveAnswer } from '../../src/model/live.ts';
import { turnOfLive } from '../../src/model/turn.ts';
import type { KubeObject, Ref, RefKey } from '../../src/model/object.ts';
import { refKey, refOf } from '../../src/model/object.ts';
import type { RecordEntry } from '../../src/model/record.ts';
import type { Claims, PlanInput } from '../../src/diff/diff.ts';
import { mark, normalise } from '../../src/diff/diff.ts';

export const installation = installationNamed('');
export const key = 'evenkeel/shop';
export const owner = { key, installation };

const spec = applicationSpec({ ...selfHealing, destinationNamespace: 'shop' });

export interface AppOverrides {
  readonly spec?: Partial<ApplicationSpec>;
  readonly guard?: Partial<ApplicationSpec['guard']>;
  readonly deleting?: boolean;
  readonly finalizers?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly prunesByHand?: boolean;
  /** Of a sync by hand that prunes. */
  readonly force?: boolean;
}

export function appWith(record: readonly RecordEntry[], overrides: AppOverrides = {}): Application {
  const request = {
    revisions: [],
    prune: true,
    dryRun: false,
    initiatedBy: { username: 'a', automated: false },
    from: 'operation',
    token: '',
  } as const;
  return {
    key,
    namespace: 'evenkeel',
    name: 'shop',
    uid: 'app-uid',
    resourceVersion: '1',
    generation: 1,
    deleting: overrides.deleting ?? false,
    finalizers: overrides.finalizers ?? ['evenkeel.dev/resources-finalizer'],
    annotations: overrides.annotations ?? {},
    spec: { ...spec, ...overrides.spec, guard: { ...spec.guard, ...overrides.guard } },
    fieldsIgnored: [],
    ...(overrides.prunesByHand === true ? { request: { ...request, force: overrides.force ?? false } } : {}),
    status: {},
    record,
  };
}

/** A manifest; `more` is merged into the object. */
export function manifest(ref: Partial<Ref> & { version?: string }, more: JsonObject = {}): KubeObject {
  const { group = '', kind = 'ConfigMap', namespace = 'shop', name = 'a', version = 'v1' } = ref;
  const { metadata, ...body } = more;
  return {
    apiVersion: group === '' ? version : `${group}/${version}`,
    kind,
    ...body,
    metadata: { ...(isJsonObject(metadata) ? metadata : {}), name, ...(namespace === '' ? {} : { namespace }) },
  };
}

/** The object as it is sent. */
export function intended(object: KubeObject): KubeObject {
  return mark(normalise(object), owner);
}

export function desiredOf(...objects: readonly KubeObject[]): Desired {
  const desired = objects.map((object): DesiredObject => {
    const body = intended(object);
    const origin = { file: 'all.yaml', document: 1, line: 1 };
    return {
      ref: refOf(body),
      apiVersion: body.apiVersion,
      hash: shortHash(canonicalJson(body)),
      origin,
      ...turnOfLive(body, installation),
      body: () => body,
    };
  });
  return {
    ...nothingDesired,
    revision: 'c0ffee',
    digest: sha256Hex(desired.map(({ hash }) => hash).join()),
    objects: desired,
  };
}

/** What the server would show after we applied the object, `more` added by others. */
export function live(
  object: KubeObject,
  more: { readonly uid?: string; readonly metadata?: JsonObject } = {},
): KubeObject {
  const body = intended(object);
  const owned = { ...omit(body, ['apiVersion', 'kind']), metadata: omit(body.metadata, ['name', 'namespace']) };
  const entry = {
    manager: installation.manager,
    operation: 'Apply',
    apiVersion: body.apiVersion,
    time: '2026-01-01T00:00:00Z',
    fieldsType: 'FieldsV1',
    fieldsV1: fieldSetOf(owned),
  };
  const own = { uid: more.uid ?? uidFor(refOf(object)), resourceVersion: '7', managedFields: [entry] };
  return { ...body, metadata: { ...merged(body.metadata, more.metadata ?? {}), ...own, name: body.metadata.name } };
}

function omit(object: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

function merged(a: JsonObject, b: JsonObject): JsonObject {
  const pairs = Object.entries(b).map(([name, value]): [string, JsonValue] => {
    const before = a[name];
    return [name, isJsonObject(before) && isJsonObject(value) ? { ...before, ...value } : value];
  });
  return { ...a, ...Object.fromEntries(pairs) };
}

/** fieldsV1 of a manager that owns all of a value: maps granular, lists by `name` where every item has one, else atomic. */
export function fieldSetOf(value: JsonValue): JsonObject {
  if (isJsonObject(value))
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [`f:${name}`, fieldSetOf(item)]));
  if (!isJsonArray(value) || !isKeyed(value)) return {};
  return Object.fromEntries(
    value.map((item) => [`k:${encodeJson({ name: nameOf(item) })}`, { '.': {}, ...fieldSetOf(item) }]),
  );
}

function isKeyed(items: readonly JsonValue[]): boolean {
  const names = items.map(nameOf);
  return items.length > 0 && names.every((name) => typeof name === 'string') && new Set(names).size === names.length;
}

function nameOf(item: JsonValue): JsonValue {
  return (isJsonObject(item) ? item['name'] : undefined) ?? null;
}

export function uidFor(ref: Ref): string {
  const hex = sha256Hex(refKey(ref));
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

export function entryFor(object: KubeObject, uid?: string): RecordEntry {
  const ref = refOf(object);
  return { ref, uid: uid ?? uidFor(ref), desired: shortHash(canonicalJson(intended(object))), fp: 'fp' };
}

export const noClaims: Claims = { claimedBy: () => undefined, recordedBy: () => undefined };

/** What planChanges takes; answers by object, everything else left out. */
export function inputOf(
  parts: Pick<PlanInput, 'app' | 'desired'> &
    Partial<PlanInput> & { readonly answers?: readonly (readonly [KubeObject, LiveAnswer])[] },
): PlanInput {
  const { answers = [], ...rest } = parts;
  const answered = new Map<RefKey, LiveAnswer>(answers.map(([object, answer]) => [refKey(refOf(object)), answer]));
  return { installation, claims: noClaims, live: answered, ...rest };
}

export function body(object: KubeObject): LiveAnswer {
  return { state: 'body', object };
}
