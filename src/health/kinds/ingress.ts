import type { Health } from '../../model/health.ts';
import type { KubeObject } from '../../model/object.ts';
import { addressesOf } from '../load-balancer.ts';
import { healthy, progressing } from '../verdict.ts';

/** Progressing until its controller writes an address, as in Argo CD; some controllers have to be told to. */
export function assessIngress(object: KubeObject): Health {
  const addresses = addressesOf(object);
  if (addresses.length === 0) return progressing('no address yet: its controller has not published one');
  return healthy(`reached at ${addresses.join(', ')}`);
}
