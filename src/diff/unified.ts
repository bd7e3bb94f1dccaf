import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';
import { stringify } from 'yaml';
import type { Ref } from '../model/object.ts';
import type { KubeObject } from '../model/object.ts';
import { fileNameOf } from './print.ts';
import type { States } from './shown.ts';

/**
 * Two states of an object as a unified diff of YAML with sorted keys, as `kubectl diff` has it; empty when they are
 * equal. `patch` and viewers of diffs read it.
 */
export function unifiedDiff(ref: Ref, { before, after }: States): string {
  const [from, to] = [yaml(before), yaml(after)];
  if (from === to) return '';
  const name = (side: string, object: KubeObject | undefined): string =>
    object === undefined ? '/dev/null' : `${side}/${fileNameOf(ref)}`;
  const options = { context: 3, headerOptions: FILE_HEADERS_ONLY };
  return createTwoFilesPatch(name('live', before), name('planned', after), from, to, '', '', options);
}

function yaml(object: KubeObject | undefined): string {
  return object === undefined ? '' : stringify(object, { sortMapEntries: true, lineWidth: 0 });
}
