import { readFileSync, readdirSync } from 'node:fs';
import { load } from 'js-yaml';
import type { Health } from '../src/model/health.ts';
import type { KubeObject } from '../src/model/object.ts';

/** A live object and what is to be said about it. */
export interface HealthCase {
  readonly expect: Health;
  readonly object: KubeObject;
}

/**
 * `cases/<kind>-<verdict>[-<why>].yaml` for what Kubernetes serves and for the generic rule, and for each file
 * `src/health/rules/<group>/<name>.yaml` the list `cases/<group>/<name>.yaml`.
 */
const folder = new URL('../test/health/cases/', import.meta.url);

export function singleCases(): Map<string, HealthCase> {
  const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(files.map(({ name }) => [name.replace('.yaml', ''), read(name) as HealthCase]));
}

/** By name of the rule file: `cert-manager.io/Issuer`. */
export function ruleCases(): Map<string, readonly HealthCase[]> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const lists = files.filter((file) => file.includes('/') && file.endsWith('.yaml'));
  return new Map(lists.sort().map((file) => [file.replace('.yaml', ''), read(file) as readonly HealthCase[]]));
}

function read(file: string): unknown {
  return load(readFileSync(new URL(file, folder), 'utf8'));
}
