import { parseAllDocuments } from 'yaml';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** An object of the manifests, as another YAML parser than the operator's reads it. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string };
  [field: string]: Json;
}

/** Every object of a file's text, Lists flattened. */
export function manifestsIn(text: string): Manifest[] {
  const documents = parseAllDocuments(text, { version: '1.1', schema: 'yaml-1.1', merge: true });
  return documents.flatMap((document) => flatten(document.toJS() as Json));
}

function flatten(value: Json): Manifest[] {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return [];
  if (typeof value['kind'] === 'string' && value['kind'].endsWith('List') && Array.isArray(value['items'])) {
    return value['items'].flatMap(flatten);
  }
  return [value as Manifest];
}

/** Leaves of `wanted` that `live` does not have, as `path: wanted ≠ live`. Quantities may be written differently. */
export function missingLeaves(wanted: Json, live: Json | undefined, path = ''): string[] {
  if (wanted === null) return [];
  if (isZero(wanted) && live === undefined) return [];
  if (Array.isArray(wanted)) return missingItems(wanted, live, path);
  if (typeof wanted === 'object') {
    const there = isObject(live) ? live : {};
    return Object.keys(wanted).flatMap((key) => missingLeaves(wanted[key] ?? null, there[key], `${path}.${key}`));
  }
  return sameScalar(wanted, live) ? [] : [`${path}: ${String(wanted)} ≠ ${JSON.stringify(live)}`];
}

/** What the API server's Go types leave out when they write JSON: absent and zero mean the same there. */
function isZero(value: Json): boolean {
  return (
    value === null ||
    value === false ||
    value === '' ||
    value === 0 ||
    (typeof value === 'object' && Object.keys(value).length === 0)
  );
}

function missingItems(wanted: Json[], live: Json | undefined, path: string): string[] {
  if (!Array.isArray(live) || live.length < wanted.length)
    return [`${path}: ${wanted.length} items ≠ ${JSON.stringify(live)}`];
  return wanted.flatMap((item, index) => missingLeaves(item, live[index], `${path}[${index}]`));
}

function isObject(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sameScalar(wanted: boolean | number | string, live: Json | undefined): boolean {
  if (wanted === live) return true;
  const [a, b] = [quantity(wanted), quantity(live)];
  return a !== undefined && a === b;
}

const suffixes: Record<string, number> = {
  '': 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
};

function quantity(value: Json | undefined): number | undefined {
  const text = typeof value === 'string' || typeof value === 'number' ? value.toString() : '';
  const match = /^([0-9.]+)(m|k|M|G|Ki|Mi|Gi)?$/.exec(text);
  const unit = suffixes[match?.[2] ?? ''];
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit;
}

/** What the operator may change on the way, by its documented rules: `stringData` becomes `data`. */
export function asApplied(manifest: Manifest): Json {
  const { stringData, ...rest } = manifest;
  if (!isObject(stringData)) return rest;
  const encoded = Object.entries(stringData).map(([key, text]) => [
    key,
    Buffer.from(text as string).toString('base64'),
  ]);
  const data = isObject(rest['data']) ? rest['data'] : {};
  return { ...rest, data: { ...data, ...(Object.fromEntries(encoded) as Record<string, Json>) } };
}
