import { stringify } from 'yaml';
import type { Desired } from '../model/desired.ts';
import { encodeJson } from '../model/json.ts';
import { describeRef } from '../model/object.ts';

export type Format = 'yaml' | 'json' | 'name';

/** Objects as text, in the order of their refs. YAML is written so that readers of YAML 1.1, kubectl too, read the same. */
export function printObjects({ objects }: Desired, format: Format): string {
  switch (format) {
    case 'name':
      return objects.map(({ ref }) => `${describeRef(ref)}\n`).join('');
    case 'json':
      return objects.map((object) => `${encodeJson(object.body())}\n`).join('');
    case 'yaml':
      return objects.map((object) => `---\n${stringify(object.body(), { version: '1.1', lineWidth: 0 })}`).join('');
  }
}
