import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, test } from 'node:test';
import { encodeJson } from '../../../src/model/json.ts';
import { readYaml, YamlSyntaxError } from '../../../src/source/yaml/yaml.ts';

/**
 * One file per topic; each case is a document and either the JSON that kubectl (sigs.k8s.io/yaml) makes of it, or
 * `refused` with what kubectl says. Duplicate keys are refused although kubectl takes the last one.
 */
type Case =
  | { readonly yaml: string; readonly json: string }
  | { readonly yaml: string; readonly refused: true; readonly because: string };

const folder = new URL('cases/', import.meta.url);

for (const file of readdirSync(folder)) {
  describe(basename(file, '.json'), () => {
    for (const row of JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Case[]) {
      test(JSON.stringify(row.yaml), () => check(row));
    }
  });
}

function check(row: Case): void {
  if ('refused' in row) {
    assert.throws(() => readYaml(row.yaml), YamlSyntaxError);
    return;
  }
  const [first] = readYaml(row.yaml);
  assert.equal(sorted(encodeJson(first?.value ?? null)), sorted(row.json));
}

/** The same numbers by the same digits, keys in one order. */
function sorted(json: string): string {
  const exact = (_key: string, value: unknown, { source }: { source?: string }): unknown =>
    typeof value === 'number' ? JSON.rawJSON(String(source).replace(/^-0$/, '0')) : value;
  return JSON.stringify(byKey(JSON.parse(json, exact)));
}

function byKey(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(byKey);
  // A raw number has no prototype.
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, part]) => [key, byKey(part)]));
}
