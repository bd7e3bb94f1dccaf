import type { DesiredObject } from '../model/desired.ts';
import { describeOrigin } from '../model/desired.ts';
import type { Hook } from '../model/hook.ts';
import type { OperatorError } from '../model/errors.ts';
import type { RefKey } from '../model/object.ts';
import { describeRef, refKey } from '../model/object.ts';
import { renderError } from './failures.ts';

type Ordered = Omit<DesiredObject, 'body'> & { readonly hook?: Hook };

type Objects = ReadonlyMap<RefKey, Ordered>;

/**
 * Refuses dependencies that can never be met: on a later wave, or on the object itself by way of others; and those of and
 * on hooks, which are not there between two syncs.
 */
export function unmeetable(objects: Objects): OperatorError | undefined {
  for (const object of objects.values()) {
    const why = betweenHooks(object, objects) ?? laterThan(object, objects) ?? cycleAt(object, objects);
    if (why === undefined) continue;
    const name = `${object.hook === undefined ? '' : 'hook '}${describeRef(object.ref)}`;
    return renderError('InvalidObject', `${describeOrigin(object.origin)}: ${name} depends on ${why}`);
  }
  return undefined;
}

function dependenciesOf({ dependsOn = [] }: Ordered, objects: Objects): Ordered[] {
  return dependsOn.flatMap((ref) => objects.get(refKey(ref)) ?? []);
}

function betweenHooks(object: Ordered, objects: Objects): string | undefined {
  const [first] = object.dependsOn ?? [];
  const of = object.hook === undefined || first === undefined ? undefined : describeRef(first);
  const on = dependenciesOf(object, objects).find(({ hook }) => hook !== undefined);
  const what = of ?? (on === undefined ? undefined : `hook ${describeRef(on.ref)}`);
  return what === undefined ? undefined : `${what}: a hook takes its turn by phase and wave only`;
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
