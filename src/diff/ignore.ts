import type { IgnoreRule } from '../model/differences.ts';
import type { JsonObject } from '../model/json.ts';
import { isJsonObject } from '../model/json.ts';
import { managedEntriesOf } from '../model/managed-fields.ts';
import type { KubeObject, Ref } from '../model/object.ts';
import { refOf } from '../model/object.ts';
import { matchesWildcard } from '../model/wildcard.ts';
import type { Hidden } from './hidden.ts';
import { hiddenInAll } from './hidden.ts';
import { placesAt } from './json-pointer.ts';
import type { Step } from './field-steps.ts';
import { resolve, stepOf } from './field-steps.ts';

/** The rules that are about an object. */
export function rulesFor(ref: Ref, rules: readonly IgnoreRule[]): readonly IgnoreRule[] {
  return rules.filter(
    ({ group, kind, name, namespace }) =>
      matchesWildcard(ref.group, group) &&
      matchesWildcard(ref.kind, kind) &&
      (name === '' || name === ref.name) &&
      (namespace === '' || namespace === ref.namespace),
  );
}

/** What pointers and managers of the rules hide; where jq expressions point was asked before. */
export function ignoredBy(rules: readonly IgnoreRule[], desired: KubeObject, live: KubeObject): Hidden {
  const mine = rulesFor(refOf(desired), rules);
  const pointers = mine.flatMap(({ jsonPointers }) => jsonPointers);
  const managers = new Set(mine.flatMap((rule) => rule.managers));
  return hiddenInAll([
    {
      desired: pointers.flatMap((pointer) => placesAt(desired, pointer)),
      live: pointers.flatMap((pointer) => placesAt(live, pointer)),
    },
    ...(managers.size === 0 ? [] : [hiddenAt(fieldsOfManagers(live, managers), desired, live)]),
  ]);
}

/** The same fields in both documents, as far as each has them. */
export function hiddenAt(fields: readonly (readonly Step[])[], desired: KubeObject, live: KubeObject): Hidden {
  const pathsIn = (document: KubeObject): Hidden['live'] =>
    fields.flatMap((steps) => {
      const path = resolve(document, steps);
      return path === undefined ? [] : [path];
    });
  return { desired: pathsIn(desired), live: pathsIn(live) };
}

/** Every leaf that one of the managers owns, by whatever request. */
function fieldsOfManagers(live: KubeObject, managers: ReadonlySet<string>): Step[][] {
  return managedEntriesOf(live)
    .filter(({ manager }) => managers.has(manager))
    .flatMap(({ fields }) => leavesOf(fields));
}

function leavesOf(node: JsonObject): Step[][] {
  return Object.entries(node).flatMap(([key, child]) => {
    const step = stepOf(key);
    if (step === undefined || !isJsonObject(child)) return [];
    const isLeaf = Object.keys(child).every((name) => name === '.');
    return isLeaf ? [[step]] : leavesOf(child).map((steps) => [step, ...steps]);
  });
}
