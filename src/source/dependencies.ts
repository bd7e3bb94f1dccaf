import { describeOrigin } from '../model/desired.ts';
import type { OperatorError } from '../model/errors.ts';
import type { RefKey } from '../model/object.ts';
import { describeRef, refKey } from '../model/object.ts';
import { renderError } from './failures.ts';
import type { PreparedObject } from './prepare.ts';

/** Refuses dependencies that can never be met: on a later wave, or on the object itself by way of others. */
export function unmeetable(objects: ReadonlyMap<RefKey, PreparedObject>): OperatorError | undefined {
  for (const object of objects.values()) {
    const why = laterThan(object, objects) ?? cycleAt(object, objects);
    if (why === undefined) continue;
    return renderError(
      'InvalidObject',
      `${describeOrigin(object.origin)}: ${describeRef(object.ref)} depends on ${why}`,
    );
  }
  return undefined;
}

type Objects = ReadonlyMap<RefKey, PreparedObject>;

function dependenciesOf({ dependsOn = [] }: PreparedObject, objects: Objects): PreparedObject[] {
  return dependsOn.flatMap((ref) => objects.get(refKey(ref)) ?? []);
}

function laterThan(object: PreparedObject, objects: Objects): string | undefined {
  const { wave = 0 } = object;
  const late = dependenciesOf(object, objects).find((other) => (other.wave ?? 0) > wave);
  return late && `${describeRef(late.ref)} of wave ${late.wave ?? 0}, which comes after its own wave ${wave}`;
}

/** The way from an object back to itself. */
function cycleAt(object: PreparedObject, objects: Objects): string | undefined {
  const cameFrom = new Map<PreparedObject, PreparedObject>();
  const found = [object];
  for (const one of found) {
    for (const next of dependenciesOf(one, objects)) {
      if (next === object) return describeWay(one, object, cameFrom);
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, one);
      found.push(next);
    }
  }
  return undefined;
}

function describeWay(
  last: PreparedObject,
  first: PreparedObject,
  cameFrom: ReadonlyMap<PreparedObject, PreparedObject>,
): string {
  const way = [first];
  for (let at: PreparedObject | undefined = last; at !== undefined && at !== first; at = cameFrom.get(at))
    way.unshift(at);
  return `itself: ${[first, ...way].map(({ ref }) => describeRef(ref)).join(' → ')}`;
}
