import type { Health } from '../../model/health.ts';
import { objectAt, stringAt } from '../../model/json.ts';
import type { KubeObject } from '../../model/object.ts';
import { addressesOf } from '../load-balancer.ts';
import { healthy, progressing } from '../verdict.ts';

/** Only a load balancer has to be waited for. */
export function assessService(object: KubeObject): Health {
  const type = stringAt(objectAt(object, 'spec'), 'type') ?? 'ClusterIP';
  if (type !== 'LoadBalancer') return healthy('');
  const addresses = addressesOf(object);
  if (addresses.length === 0) return progressing('the load balancer has no address yet');
  return healthy(`load balancer at ${addresses.join(', ')}`);
}
