import type { JsonValue } from '../model/json.ts';
import { isJsonArray, isJsonObject, objectAt } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import { nonText, typeName } from './check-names.ts';
import type { Flaw } from './flaw.ts';
import { fieldPath } from './path.ts';
import { containerLists, podSpecPaths } from './pod-templates.ts';
import type { Found } from './visit.ts';
import { itemsOf, valuesAt } from './visit.ts';

/** What a ConfigMap or Secret may hold, keys not counted. */
const maxDataBytes = 1024 * 1024;

/** Values of types that the server refuses as an error of its own, where the type is known without a schema. */
export function mistypedIn(object: KubeObject, kind: string): Flaw[] {
  if (kind === '/ConfigMap') return mistypedConfigMap(object);
  if (kind === '/Secret') return mistypedSecret(object);
  return [...integersOf(kind), ...textsOf(kind)].flatMap(({ path, isRight, expected }) =>
    valuesAt(object, path)
      .flatMap(itemsOf)
      .flatMap((found) => mistyped(found, isRight, expected)),
  );
}

interface TypeRule {
  readonly path: string;
  readonly isRight: (value: JsonValue) => boolean;
  readonly expected: string;
}

const kindIntegers: Readonly<Record<string, readonly string[]>> = {
  '/Service': ['spec.ports.port', 'spec.ports.nodePort'],
  'apps/Deployment': ['spec.replicas'],
  'apps/ReplicaSet': ['spec.replicas'],
  'apps/StatefulSet': ['spec.replicas'],
};

function integersOf(kind: string): TypeRule[] {
  const containerPorts = inContainers(kind, ['ports.containerPort', 'ports.hostPort']);
  const isRight = (value: JsonValue): boolean => typeof value === 'number' && Number.isInteger(value);
  return [...(kindIntegers[kind] ?? []), ...containerPorts].map((path) => ({ path, isRight, expected: 'an integer' }));
}

function textsOf(kind: string): TypeRule[] {
  const isRight = (value: JsonValue): boolean => typeof value === 'string';
  const paths = inContainers(kind, ['image', 'args', 'command', 'env.name', 'env.value']);
  return paths.map((path) => ({ path, isRight, expected: 'text' }));
}

function inContainers(kind: string, fields: readonly string[]): string[] {
  const podSpec = podSpecPaths.get(kind);
  if (podSpec === undefined) return [];
  return containerLists.flatMap((list) => fields.map((field) => `${podSpec}.${list}.${field}`));
}

/** Nulls count as absent. */
function mistyped({ path, value }: Found, isRight: TypeRule['isRight'], expected: string): Flaw[] {
  if (value === null || isRight(value)) return [];
  const hint = expected === 'text' && !isJsonObject(value) && !isJsonArray(value) ? ': put it in quotes' : '';
  return [{ path, problem: `expected ${expected}, got ${typeName(value)}${hint}` }];
}

function mistypedConfigMap(object: KubeObject): Flaw[] {
  const wrong = [...nonText('data', object['data']), ...notBase64('binaryData', object['binaryData'])];
  const bytes = textBytes(object, 'data') + decodedBytes(object, 'binaryData');
  return [...wrong, ...tooLarge(bytes)];
}

function mistypedSecret(object: KubeObject): Flaw[] {
  const wrong = [...notBase64('data', object['data']), ...nonText('stringData', object['stringData'])];
  return [...wrong, ...tooLarge(decodedBytes(object, 'data') + textBytes(object, 'stringData'))];
}

function tooLarge(bytes: number): Flaw[] {
  if (bytes <= maxDataBytes) return [];
  return [{ path: 'data', problem: `it holds ${bytes} bytes; the API server takes at most ${maxDataBytes}` }];
}

function textBytes(object: KubeObject, field: string): number {
  return textsIn(object, field).reduce((total, text) => total + Buffer.byteLength(text), 0);
}

function decodedBytes(object: KubeObject, field: string): number {
  return textsIn(object, field).reduce((total, text) => total + Buffer.byteLength(text, 'base64'), 0);
}

function textsIn(object: KubeObject, field: string): string[] {
  return Object.values(objectAt(object, field)).filter((value) => typeof value === 'string');
}

/** Go's decoder: standard alphabet, padded, line breaks ignored. */
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The value itself is never quoted: it may be a secret. */
function notBase64(path: string, map: JsonValue | undefined): Flaw[] {
  const wrong = nonText(path, map);
  if (!isJsonObject(map)) return wrong;
  const undecodable = Object.entries(map).filter(
    ([, value]) => typeof value === 'string' && !base64.test(value.replaceAll(/[\r\n]/g, '')),
  );
  return [...wrong, ...undecodable.map(([key]) => ({ path: fieldPath(path, key), problem: 'it is not base64' }))];
}
