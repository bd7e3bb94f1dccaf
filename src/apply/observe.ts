import { ApiError } from '../model/api-error.ts';
import type { ChangeOf } from '../model/plan.ts';
import type { Change } from '../model/plan.ts';
import type { ApplyContext } from './context.ts';
import { requestOptions } from './context.ts';
import { operatorErrorOf } from './errors.ts';

/** Looks at what is left to others, so that its health can be told; what was seen already is not asked for again. */
export async function observe(change: ChangeOf<'keep'>, context: ApplyContext): Promise<Change> {
  const { ref, reason, desired, live } = change;
  if (reason !== 'leftAlone' || desired === undefined || live !== undefined) return change;
  const absent = { ...change, missing: true, message: 'it is not there, and its policy leaves it to others' };
  try {
    const object = await context.cluster.read({ ...ref, apiVersion: desired.apiVersion }, requestOptions(context));
    return object === undefined ? absent : { ...change, live: object };
  } catch (error) {
    if (error instanceof ApiError && error.kind === 'notServed') return absent;
    throw operatorErrorOf(error, { step: 'preflight', ref, origin: desired.origin });
  }
}
