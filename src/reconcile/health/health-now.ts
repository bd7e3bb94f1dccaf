import { worstOf } from '../../health/health.ts';
import type { Live } from '../../live/live.ts';
import type { Health, ObjectHealth } from '../../model/health.ts';
import type { Ref } from '../../model/object.ts';
import { describeRef } from '../../model/object.ts';
import type { RecordEntry } from '../../model/record.ts';
import { isHookEntry } from '../../model/record.ts';

/** What the watches know. */
export type HealthView = Pick<Live, 'healthOf' | 'observation' | 'complete'>;

/** Health of one object as the watches tell it; a kind without a status is healthy by being there. */
export function healthNow(ref: Ref, live: HealthView): Health {
  const known = live.healthOf(ref);
  if (known !== undefined) return known;
  if (live.observation(ref) !== undefined) return { status: 'Healthy', message: '' };
  if (live.complete([ref])) return { status: 'Missing', message: 'not in the cluster' };
  return { status: 'Unknown', message: `${ref.kind} cannot be watched at present` };
}

/**
 * The gravest, where what is missing does not count, as long as anything is there (Argo CD's rule). Says which object
 * it is, unless all is well.
 */
export function worstOfObjects(objects: readonly ObjectHealth[]): Health {
  const present = objects.filter(({ status }) => status !== 'Missing');
  const named = (present.length === 0 ? objects : present).map(({ ref, status, message }) => ({
    status,
    message: message === '' ? describeRef(ref) : `${describeRef(ref)}: ${message}`,
  }));
  const worst = worstOf(named);
  return worst.status === 'Healthy' ? { status: 'Healthy', message: '' } : worst;
}

/** What the objects on record say of themselves. */
export function healthsOnRecord(record: readonly RecordEntry[], live: HealthView): readonly ObjectHealth[] {
  const objects = record.filter((entry) => !isHookEntry(entry));
  return objects.map(({ ref }) => ({ ref, ...healthNow(ref, live) }));
}
