import { arrayAt, jsonEqual, objectAt, stringAt } from '../model/json.ts';
import type { JsonObject } from '../model/json.ts';
import { versionsIn } from '../model/kind-schema.ts';
import type { KubeObject } from '../model/object.ts';
import type { Flaw } from './flaw.ts';
import { narrowings } from './schema-narrowing.ts';

/** What a change of a CustomResourceDefinition that exists means for the objects of its kind. */
export interface DefinitionVerdict {
  /** Why it must not be written. */
  readonly refusals: readonly Flaw[];
  /** Versions whose schema allows less than before: objects that exist may not fit it. */
  readonly narrowed: readonly { readonly version: string; readonly where: readonly Flaw[] }[];
  /** What may break others, and is for people to know. */
  readonly warnings: readonly string[];
}

export function judgeDefinition(desired: KubeObject, live: KubeObject): DefinitionVerdict {
  const [before, after] = [versionsIn(live), versionsIn(desired)];
  const narrowed = [...after].flatMap(([version, fresh]) => {
    const old = before.get(version);
    const where = old === undefined ? [] : [...narrowings(schemaOf(old), schemaOf(fresh))];
    return where.length === 0 ? [] : [{ version, where }];
  });
  return {
    refusals: [...scopeChange(desired, live), ...lostVersions(live, after)],
    narrowed,
    warnings: [...unserved(before, after), ...conversionChange(desired, live)],
  };
}

function schemaOf(version: JsonObject): JsonObject {
  return objectAt(objectAt(version, 'schema'), 'openAPIV3Schema');
}

function scopeChange(desired: KubeObject, live: KubeObject): Flaw[] {
  const [to, from] = [desired, live].map((definition) => stringAt(definition['spec'], 'scope') ?? '');
  if (to === from) return [];
  const problem = `cannot change from ${from ?? ''} to ${to ?? ''}: the definition, and every object of its kind, would have to be deleted and created anew by hand`;
  return [{ path: 'spec.scope', problem }];
}

/** What is stored in a version that nobody can read any more is lost. */
function lostVersions(live: KubeObject, after: ReadonlyMap<string, JsonObject>): Flaw[] {
  const stored = arrayAt(live['status'], 'storedVersions').filter((name) => typeof name === 'string');
  return stored
    .filter((name) => !after.has(name))
    .map((name) => ({
      path: 'spec.versions',
      problem: `version ${name} cannot be removed: status.storedVersions says that objects may be stored in it. Keep it with served: false, write every object of the kind once, take ${name} out of status.storedVersions, then remove it`,
    }));
}

function unserved(before: ReadonlyMap<string, JsonObject>, after: ReadonlyMap<string, JsonObject>): string[] {
  const gone = [...before].filter(
    ([name, version]) => version['served'] === true && after.get(name)?.['served'] !== true,
  );
  return gone.map(([name]) => `version ${name} is not served any more: clients that use it fail`);
}

function conversionChange(desired: KubeObject, live: KubeObject): string[] {
  const [to, from] = [desired, live].map((definition) => {
    const conversion = objectAt(definition['spec'], 'conversion');
    return { strategy: stringAt(conversion, 'strategy') ?? 'None', webhook: clientOf(conversion) };
  });
  if (to === undefined || from === undefined || jsonEqual(to, from)) return [];
  const words = to.strategy === from.strategy ? `its webhook` : `${from.strategy} to ${to.strategy}`;
  return [`the conversion between versions changes (${words}): objects are read through the new one at once`];
}

/** The certificate is injected by others. */
function clientOf(conversion: JsonObject): JsonObject {
  const client = objectAt(objectAt(conversion, 'webhook'), 'clientConfig');
  return Object.fromEntries(Object.entries(client).filter(([name]) => name !== 'caBundle'));
}
