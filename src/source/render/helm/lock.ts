import { sha256Hex } from '../../../model/hash.ts';
import type { JsonObject, JsonValue } from '../../../model/json.ts';
import { arrayAt, encodeJson, isJsonArray, isJsonObject } from '../../../model/json.ts';
import type { ChartMetadata, Dependency } from './chart-metadata.ts';

/** Whether a lock was made of the dependencies as they are written now, by the digest that Helm puts into it. */
export function isInStep(
  { apiVersion, dependencies }: ChartMetadata,
  lock: NonNullable<ChartMetadata['lock']>,
): boolean {
  const wanted = dependencies.map(asGoWrites);
  if (lock.digest === `sha256:${digestOf([wanted, lock.dependencies.map(asGoWrites)])}`) return true;
  // Of Helm 2, over the dependencies alone.
  return apiVersion === 'v1' && lock.digest === `sha256:${digestOf({ dependencies: wanted })}`;
}

/** Go's JSON: these three characters are escaped. */
function digestOf(value: JsonValue): string {
  const text = encodeJson(value).replace(/[<>&]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);
  return sha256Hex(text);
}

/** The fields in Go's order; empty ones are left out but for name and repository. */
function asGoWrites({ name, version, repository, written }: Dependency): JsonObject {
  const flag = (key: string): JsonObject => (written[key] === true ? { [key]: true } : {});
  const text = (key: string): JsonObject =>
    typeof written[key] === 'string' && written[key] !== '' ? { [key]: written[key] } : {};
  const list = (key: string): JsonObject =>
    arrayAt(written, key).length === 0 ? {} : { [key]: sorted(arrayAt(written, key)) };
  return {
    name,
    ...(version === '' ? {} : { version }),
    repository,
    ...text('condition'),
    ...list('tags'),
    ...flag('enabled'),
    ...list('import-values'),
    ...text('alias'),
  };
}

/** Maps are written by their keys. */
function sorted(value: JsonValue): JsonValue {
  if (isJsonArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key] ?? null)]),
  );
}
