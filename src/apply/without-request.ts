import { refKey } from '../model/object.ts';
import type { ChangeResult } from '../model/outcome.ts';
import type { Change, ChangeOf } from '../model/plan.ts';
import type { RecordEntry } from '../model/record.ts';
import { isRemoval } from './remove.ts';
import type { Run } from './run.ts';
import { isWrite } from './settle.ts';
import { entryOf } from './write.ts';

/** What becomes of a change that asks for no request; undefined for one that asks for some. */
export function withoutRequest(change: Change, run: Run): ChangeResult | undefined {
  if (isWrite(change) || isRemoval(change)) return undefined;
  switch (change.kind) {
    case 'keep': {
      const entry = entryKept(change, run);
      return { kind: 'kept', change, ...(entry === undefined ? {} : { entry }) };
    }
    case 'forget':
      return { kind: 'removed', change };
    case 'refuse':
      return { kind: 'failed', change, error: change.error };
  }
}

/** What was read and found equal is known, and goes on record, as it is; everything else stays there as it was. */
function entryKept({ reason, ref, desired, live }: ChangeOf<'keep'>, run: Run): RecordEntry | undefined {
  if (reason === 'inSync' && desired !== undefined && live !== undefined) {
    run.context.writes.found(run.context.app.key, live, desired.hash);
    return entryOf({ ref, desired: desired.hash }, live, run.context);
  }
  return run.recorded.get(refKey(ref));
}
