import type { Health } from '../../model/health.ts';
import type { JsonValue } from '../../model/json.ts';
import { arrayAt, objectAt, stringAt } from '../../model/json.ts';
import type { KubeObject } from '../../model/object.ts';
import { healthy, progressing } from '../verdict.ts';

/** Only a load balancer has to be waited for. */
export function assessService(object: KubeObject): Health {
  const type = stringAt(objectAt(object, 'spec'), 'type') ?? 'ClusterIP';
  if (type !== 'LoadBalancer') return healthy('');
  const addresses = arrayAt(objectAt(objectAt(object, 'status'), 'loadBalancer'), 'ingress');
  if (addresses.length === 0) return progressing('the load balancer has no address yet');
  return healthy(`load balancer at ${addresses.map(addressOf).join(', ')}`);
}

function addressOf(ingress: JsonValue): string {
  return stringAt(ingress, 'hostname') ?? stringAt(ingress, 'ip') ?? '(no address)';
}
