import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';

/** A list of cases in a YAML file beside the tests. */
export function casesIn<T>(file: string): readonly T[] {
  return load(readFileSync(new URL(`cases/${file}`, import.meta.url), 'utf8')) as readonly T[];
}
