import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';

/** The cases in a YAML file beside the tests. */
export function casesIn(file: string): unknown {
  return load(readFileSync(new URL(`cases/${file}`, import.meta.url), 'utf8'));
}
