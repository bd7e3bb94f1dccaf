import type { JsonObject, JsonValue } from '../model/json.ts';
import { encodeJson } from '../model/json.ts';

/** `spec.replicas`, `metadata.labels[app.kubernetes.io/name]`: how users read a path. */
export function fieldPath(parent: string, name: string): string {
  if (!/^[A-Za-z0-9_$-]+$/.test(name)) return `${parent}[${name}]`;
  return parent === '' ? name : `${parent}.${name}`;
}

/** `containers[name=web]`, `ports[containerPort=80,protocol=TCP]`. */
export function itemPath(parent: string, keys: readonly string[], item: JsonObject): string {
  return `${parent}[${keys.map((key) => `${key}=${plain(item[key])}`).join(',')}]`;
}

/** `finalizers[example.com/keep]`. */
export function valuePath(parent: string, value: JsonValue): string {
  return `${parent}[${plain(value)}]`;
}

/** Text as it is, everything else as JSON. */
export function plain(value: JsonValue | undefined): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : encodeJson(value);
}
