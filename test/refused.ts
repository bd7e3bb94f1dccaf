import assert from 'node:assert/strict';
import { OperatorError } from '../src/model/errors.ts';
import type { Reason } from '../src/model/reasons.ts';

/** Asserts that work is refused, why, and in which words. */
export async function refused(work: Promise<unknown>, reason: Reason, says: RegExp): Promise<OperatorError> {
  const error: unknown = await work.then(
    () => assert.fail('was accepted'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof OperatorError, String(error));
  assert.equal(error.reason, reason, error.message);
  assert.match(error.message, says);
  return error;
}
