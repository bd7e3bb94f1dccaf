import type { Health } from '../../model/health.ts';
import { objectAt, stringAt } from '../../model/json.ts';
import type { KubeObject } from '../../model/object.ts';
import { degraded, healthy, progressing, unknown } from '../verdict.ts';

export function assessPersistentVolume(object: KubeObject): Health {
  const status = objectAt(object, 'status');
  const phase = stringAt(status, 'phase') ?? '';
  const words = [stringAt(status, 'reason'), stringAt(status, 'message')].filter(Boolean).join(': ');
  switch (phase) {
    case 'Bound':
      return healthy(`bound to claim ${claimOf(object)}`);
    case 'Available':
      return healthy('available to claims');
    case 'Released':
      return healthy(`released by claim ${claimOf(object)}`);
    case 'Pending':
    case '':
      return progressing('not available yet');
    case 'Failed':
      return degraded(words === '' ? 'reclaiming it failed' : words);
    default:
      return unknown(`phase ${phase}`);
  }
}

function claimOf(object: KubeObject): string {
  const claim = objectAt(objectAt(object, 'spec'), 'claimRef');
  return [stringAt(claim, 'namespace'), stringAt(claim, 'name') ?? '(unnamed)'].filter(Boolean).join('/');
}
