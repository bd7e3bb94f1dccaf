import type { Health } from '../../model/health.ts';
import { objectAt, stringAt } from '../../model/json.ts';
import type { KubeObject } from '../../model/object.ts';
import { degraded, healthy, progressing, unknown } from '../verdict.ts';

export function assessPersistentVolumeClaim(object: KubeObject): Health {
  const phase = stringAt(objectAt(object, 'status'), 'phase') ?? '';
  const volume = stringAt(objectAt(object, 'spec'), 'volumeName') ?? '';
  switch (phase) {
    case 'Bound':
      return healthy(volume === '' ? 'bound' : `bound to volume ${volume}`);
    case 'Pending':
      return progressing(`waits for a volume of ${storageClassOf(object)}`);
    case 'Lost':
      return degraded(`its volume ${volume === '' ? '' : `${volume} `}is lost`);
    default:
      return unknown(phase === '' ? 'phase not reported yet' : `phase ${phase}`);
  }
}

function storageClassOf(object: KubeObject): string {
  const name = stringAt(objectAt(object, 'spec'), 'storageClassName');
  return name === undefined || name === '' ? 'no storage class' : `storage class ${name}`;
}
