import type { JsonValue } from '../model/json.ts';
import { arrayAt, objectAt, stringAt } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';

/** Where `status.loadBalancer` says that the object can be reached. */
export function addressesOf(object: KubeObject): readonly string[] {
  return arrayAt(objectAt(objectAt(object, 'status'), 'loadBalancer'), 'ingress').map(addressOf);
}

function addressOf(ingress: JsonValue): string {
  return stringAt(ingress, 'hostname') ?? stringAt(ingress, 'ip') ?? '(no address)';
}
