import { Environment } from '@marcbachmann/cel-js';
import type { JsonObject, JsonValue } from '../../model/json.ts';
import { isJsonArray, isJsonObject } from '../../model/json.ts';
import { conditionNamed, conditionsOf, explain, readConditions } from '../conditions.ts';
import { assessGeneric, notAssessed } from '../generic.ts';
import { countOf, isStale, isUnobserved } from '../counts.ts';

/** The object that is being assessed: expressions are evaluated one at a time, and never wait. */
export interface Subject {
  object: JsonObject;
}

/**
 * CEL as rules see it: `object`, and functions that answer also where a field is missing or of another type. Those
 * that take a path read below `object`, or below their first argument; a path is names with dots between.
 */
export function createCelEnvironment(subject: Subject): Environment {
  const environment = new Environment({
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
    limits: { maxAstNodes: 1000, maxDepth: 48, maxListElements: 128, maxMapEntries: 64, maxCallArguments: 8 },
  }).registerVariable('object', 'dyn');
  registerReaders(environment, subject);
  registerConditions(environment, subject);
  return environment
    .registerFunction('entry(string, string): string', (path: string, name: string) =>
      textOf(at(subject.object, path, name)),
    )
    .registerFunction('annotation(string): string', (name: string) =>
      textOf(at(subject.object, 'metadata.annotations', name)),
    )
    .registerFunction('generic(): string', () => statusWord(subject.object))
    .registerFunction('stale(): bool', () => isStale(subject.object))
    .registerFunction('unobserved(): bool', () => isUnobserved(subject.object))
    .registerFunction('string.lower(): string', (text: string) => text.toLowerCase());
}

/** What the rule for any kind says; empty when it has nothing to go by. */
function statusWord(object: JsonObject): string {
  const verdict = assessGeneric(object);
  return verdict === notAssessed ? '' : verdict.status;
}

function registerReaders(environment: Environment, subject: Subject): void {
  const readers: Readonly<Record<string, (found: JsonValue | undefined) => unknown>> = {
    'text:string': textOf,
    'count:int': (found) => BigInt(Math.trunc(countOf(found) ?? 0)),
    'flag:bool': (found) => found === true,
    'given:bool': (found) => found !== undefined && found !== null,
    'list:list<dyn>': (found) => (isJsonArray(found) ? found : []),
    'values:list<dyn>': (found) => (isJsonObject(found) ? Object.values(found) : []),
    'conditions:list<map<string, string>>': (found) => readConditions(isJsonArray(found) ? found : []),
  };
  for (const [signature, read] of Object.entries(readers)) {
    const [name, type] = [signature.slice(0, signature.indexOf(':')), signature.slice(signature.indexOf(':') + 1)];
    environment.registerFunction(`${name}(string): ${type}`, (path: string) => read(at(subject.object, path)));
    environment.registerFunction(`${name}(dyn, string): ${type}`, (from: JsonValue, path: string) =>
      read(at(from, path)),
    );
  }
}

function registerConditions(environment: Environment, subject: Subject): void {
  const named = (type: string) =>
    conditionNamed(conditionsOf(subject.object), type) ?? { type: '', status: '', reason: '', message: '' };
  environment
    .registerFunction('conditions(): list<map<string, string>>', () => conditionsOf(subject.object))
    .registerFunction('condition(string): map<string, string>', named)
    .registerFunction('isTrue(string): bool', (type: string) => named(type).status === 'True')
    .registerFunction('isFalse(string): bool', (type: string) => named(type).status === 'False')
    .registerFunction('explain(string): string', (type: string) => {
      const condition = named(type);
      return condition.type === '' ? '' : explain(condition);
    });
}

/** What is below a value; the last name is taken as it is, dots included. */
function at(value: JsonValue, path: string, last?: string): JsonValue | undefined {
  let found: JsonValue | undefined = value;
  for (const name of path.split('.')) found = own(found, name);
  return last === undefined ? found : own(found, last);
}

function own(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Numbers and booleans as text, so that `'True'`, `true` and `3` can be compared alike. */
function textOf(found: JsonValue | undefined): string {
  if (typeof found === 'string') return found;
  return typeof found === 'number' || typeof found === 'bigint' || typeof found === 'boolean' ? String(found) : '';
}
