import type { DesiredObject } from '../model/desired.ts';
import { describeOrigin } from '../model/desired.ts';
import type { OperatorError } from '../model/errors.ts';
import type { RefKey } from '../model/object.ts';
import { describeRef, refKey } from '../model/object.ts';
import { renderError } from './failures.ts';

type Ordered = Omit<DesiredObject, 'body'>;

type Objects = ReadonlyMap<RefKey, Ordered>;

/** Refuses dependencies that can never be met: on a later wave, or on the object itself by way of others. */
export function unmeetable(objects: Objects): OperatorError | undefined {
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

function dependenciesOf({ dependsOn = [] }: Ordered, objects: Objects): Ordered[] {
  return dependsOn.flatMap((ref) => objects.get(refKey(ref)) ?? []);
}

function laterThan(object: Ordered, objects: Objects): string | undefined {
  const { wave = 0 } = object;
  const late = dependenciesOf(object, objects).find((other) => (other.wave ?? 0) > wave);
  return late && `${describeRef(late.ref)} of wave ${late.wave ?? 0}, which comes after its own wave ${wave}`;
}

/** The way from an object back to itself. */
function cycleAt(object: Ordered, objects: Objects): string | undefined {
  const cameFrom = new Map<Ordered, Ordered>();
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

function describeWay(last: Ordered, first: Ordered, cameFrom: ReadonlyMap<Ordered, Ordered>): string {
  const way = [first];
  for (let at: Ordered | undefined = last; at !== undefined && at !== first; at = cameFrom.get(at)) way.unshift(at);
  return `itself: ${[first, ...way].map(({ ref }) => describeRef(ref)).join(' → ')}`;
}
