import { OperatorError } from '../../model/errors.ts';
import type { ObjectHealth } from '../../model/health.ts';
import { describeRef, refKey } from '../../model/object.ts';
import type { Applied } from '../../model/outcome.ts';
import { hookWaitedFor } from '../hooks/hook-outcome.ts';

/** What the Application depends on, as far as that holds a write back. */
export function dependencyAwaited({ results }: Pick<Applied, 'results'>): string | undefined {
  const held = results.find(({ change }) => change.kind === 'keep' && change.reason === 'dependency');
  return held?.change.kind === 'keep' ? held.change.message : undefined;
}

/** What keeps a sync from going on, for people; undefined: nothing that is waited for by its name. */
export function waitingBecause(applied: Applied): string | undefined {
  const messages = applied.results.flatMap((result) =>
    result.kind === 'skipped' || result.kind === 'parked' ? [result.message] : [],
  );
  return hookWaitedFor(applied) ?? dependencyAwaited(applied) ?? messages.find((message) => message !== undefined);
}

/** An object that is to be healthy before the rest is applied does not work: that ends the sync. */
export function brokenBefore({ awaited }: Applied, objects: readonly ObjectHealth[]): OperatorError | undefined {
  const refs = new Set(awaited.map(refKey));
  const broken = objects.find(({ ref, status }) => status === 'Degraded' && refs.has(refKey(ref)));
  if (broken === undefined) return undefined;
  const message = `${describeRef(broken.ref)} is Degraded, and what comes after it is not applied: ${broken.message}`;
  return new OperatorError(message, {
    step: 'apply',
    reason: 'HealthDegraded',
    retry: 'interval',
    object: broken.ref,
  });
}
