import type { Health } from '../../model/health.ts';
import { objectAt, stringAt } from '../../model/json.ts';
import type { KubeObject } from '../../model/object.ts';
import { conditionsOf, explain } from '../conditions.ts';
import { healthy, progressing } from '../verdict.ts';

export function assessNamespace(object: KubeObject): Health {
  const phase = stringAt(objectAt(object, 'status'), 'phase') ?? '';
  if (phase !== 'Terminating') return healthy(phase === '' ? '' : `phase ${phase}`);
  const rest = conditionsOf(object).filter(({ status }) => status === 'True');
  return progressing(['is being deleted', ...rest.map(explain)].join('; '));
}
