import { OperatorError } from '../model/errors.ts';
import type { Ref, RefKey } from '../model/object.ts';
import { describeRef, refKey } from '../model/object.ts';
import type { ChangeResult, Override } from '../model/outcome.ts';
import type { Change, Plan } from '../model/plan.ts';
import type { RecordEntry } from '../model/record.ts';
import type { ApplyContext } from './context.ts';
import { recordOf } from './context.ts';
import type { Provided } from './definitions.ts';
import { providedBy } from './definitions.ts';

/** Objects that a message names. */
const mostNamed = 10;

/** One carrying out of a plan: what is known of it, and what has come of it so far. */
export class Run {
  readonly plan: Plan;
  readonly context: ApplyContext;
  readonly provided: Provided;
  readonly recorded: ReadonlyMap<RefKey, RecordEntry>;
  readonly overrides: Override[] = [];
  /** Objects whose health something waits for. */
  readonly awaited = new Map<RefKey, Ref>();
  readonly #results = new Map<RefKey, ChangeResult>();

  constructor(plan: Plan, context: ApplyContext) {
    this.plan = plan;
    this.context = context;
    this.provided = providedBy(plan);
    this.recorded = recordOf(context);
  }

  get results(): readonly ChangeResult[] {
    return [...this.#results.values()];
  }

  resultOf(ref: Ref): ChangeResult | undefined {
    return this.#results.get(refKey(ref));
  }

  /** The changes of which nothing has become yet. */
  open(changes: readonly Change[]): readonly Change[] {
    return changes.filter(({ ref }) => !this.#results.has(refKey(ref)));
  }

  add(result: ChangeResult): void {
    this.#results.set(refKey(result.change.ref), result);
  }

  /** Leaves out what is not done yet; `message` says what it waits for. */
  skip(changes: readonly Change[], message?: string): void {
    for (const change of this.open(changes)) {
      this.add({ kind: 'skipped', change, ...(message === undefined ? {} : { message }) });
    }
  }

  awaitHealth(ref: Ref): void {
    this.awaited.set(refKey(ref), ref);
  }

  /** Between two requests the sync may end: a newer commit takes over, or the operator stops. */
  get isInterrupted(): boolean {
    return this.context.signal.aborted || this.context.superseded?.() === true;
  }

  /** Stopping between two stages leaves the cluster as no commit describes it: the error says what was written. */
  sayWhatStands(error: OperatorError): OperatorError {
    const written = this.results.filter(({ kind }) => kind === 'applied').map(({ change }) => describeRef(change.ref));
    if (written.length === 0) return error;
    const more = written.length > mostNamed ? ` and ${written.length - mostNamed} more` : '';
    const message = `${error.message} (written before: ${written.slice(0, mostNamed).join(', ')}${more})`;
    const { step, reason, retry, object, retryAfterMs } = error;
    return new OperatorError(message, {
      step,
      reason,
      retry,
      cause: error,
      ...(object === undefined ? {} : { object }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
}
