import { worstOf } from '../health/health.ts';
import type { Live } from '../live/live.ts';
import type { Health } from '../model/health.ts';
import type { Ref } from '../model/object.ts';
import type { RecordEntry } from '../model/record.ts';

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

/** The gravest, where what is missing does not count, as long as anything is there (Argo CD's rule). */
export function worstOfObjects(healths: readonly Health[]): Health {
  const present = healths.filter(({ status }) => status !== 'Missing');
  return worstOf(present.length === 0 ? healths : present);
}

/** Health of what is on record; undefined when nothing is on record. */
export function worstHealth(record: readonly RecordEntry[], live: HealthView): Health | undefined {
  return record.length === 0 ? undefined : worstOfObjects(record.map(({ ref }) => healthNow(ref, live)));
}
