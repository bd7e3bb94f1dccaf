import { worstOf } from '../health/health.ts';
import type { Health } from '../model/health.ts';
import type { RecordEntry } from '../model/record.ts';
import type { HealthView } from './settle.ts';

/** Health of what is on record, as the watches tell it; undefined when nothing is on record. */
export function worstHealth(record: readonly RecordEntry[], live: HealthView): Health | undefined {
  if (record.length === 0) return undefined;
  return worstOf(record.map(({ ref }) => ({ ref, ...(live.healthOf(ref) ?? { status: 'Healthy', message: '' }) })));
}
