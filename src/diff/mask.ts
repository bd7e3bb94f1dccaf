import type { JsonObject, JsonValue } from '../model/json.ts';
import { canonicalJson, isJsonArray, isJsonObject } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import { groupOf } from '../model/object.ts';
import type { FieldDifference } from '../model/plan.ts';

/** Hides values: equal ones look equal, different ones different, and nothing else can be learnt from them. */
export type Mask = (value: JsonValue) => JsonValue;

/** A mask that numbers the values in the order in which it sees them; of use for one object or one display. */
export function createMask(): Mask {
  const seen = new Map<string, string>();
  const hide = (value: JsonValue): string => {
    const key = canonicalJson(value);
    const known = seen.get(key) ?? `<hidden ${seen.size + 1}>`;
    seen.set(key, known);
    return known;
  };
  return (value) => hideLeaves(value, hide);
}

function hideLeaves(value: JsonValue, hide: (leaf: JsonValue) => string): JsonValue {
  if (isJsonArray(value)) return value.map((item) => hideLeaves(item, hide));
  if (!isJsonObject(value)) return hide(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hideLeaves(item, hide)]));
}

export function isSecret({ apiVersion, kind }: Pick<KubeObject, 'apiVersion' | 'kind'>): boolean {
  return kind === 'Secret' && groupOf(apiVersion) === '';
}

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
const hiddenPath = /^(data|stringData)(\W|$)|last-applied-configuration\]$/;

/** The object with the values of a Secret hidden, for display. Pass one mask to compare several objects. */
export function maskObject(object: KubeObject, mask: Mask): KubeObject {
  if (!isSecret(object)) return object;
  const hidden = ['data', 'stringData'].flatMap((name): [string, JsonValue][] => {
    const value = object[name];
    return value === undefined ? [] : [[name, mask(value)]];
  });
  return { ...object, ...Object.fromEntries(hidden), metadata: maskMetadata(object.metadata, mask) };
}

function maskMetadata(metadata: KubeObject['metadata'], mask: Mask): KubeObject['metadata'] {
  const { annotations } = metadata;
  if (!isJsonObject(annotations) || annotations[lastApplied] === undefined) return metadata;
  const masked: JsonObject = { ...annotations, [lastApplied]: mask(annotations[lastApplied]) };
  return { ...metadata, annotations: masked };
}

/** Hides values in the differences of an object when it is a Secret; one call per comparison, so that equal stays equal. */
export function secretsHidden(
  object: KubeObject,
): (differences: readonly FieldDifference[]) => readonly FieldDifference[] {
  if (!isSecret(object)) return (differences) => differences;
  const mask = createMask();
  const hide = (one: FieldDifference): FieldDifference => (hiddenPath.test(one.path) ? hideValues(one, mask) : one);
  return (differences) => differences.map(hide);
}

function hideValues(difference: FieldDifference, mask: Mask): FieldDifference {
  const { base, desired, live } = difference;
  return {
    ...difference,
    ...(base === undefined ? {} : { base: mask(base) }),
    ...(desired === undefined ? {} : { desired: mask(desired) }),
    ...(live === undefined ? {} : { live: mask(live) }),
  };
}
