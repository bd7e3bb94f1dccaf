import assert from 'node:assert/strict';
import { watchedBy } from '../../../tools/control-plane/watched-by.ts';

/** One request, as a server or a proxy counted it. */
export interface Attempt {
  readonly connection: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

const perSecond = 2;
const perSecondAndApplication = 0.2;
const windowMs = 10_000;

/** The most attempts of a connection that fall into any ten seconds. */
export function busiest(times: readonly number[]): number {
  const counts = times.map((start) => times.filter((at) => at >= start && at < start + windowMs).length);
  return Math.max(0, ...counts);
}

/**
 * In any ten seconds at most two attempts a second per connection, the one more of a closed interval apart; what
 * Applications ask for by themselves is no connection and counted apart.
 */
export function checkPace(attempts: readonly Attempt[], applications: number): void {
  const byConnection = Map.groupBy(attempts, ({ connection }) => connection);
  for (const [connection, own] of byConnection) {
    const ofApplications = connection === ownRequests ? perSecondAndApplication * applications : 0;
    const most = (windowMs / 1000) * (perSecond + ofApplications) + 1;
    const found = busiest(own.map(({ at }) => at));
    assert.ok(found <= most, `${connection}: ${found} attempts within 10 s, at most ${most} are allowed`);
  }
}

/** Whatever is neither a watch nor the Lease. */
export const ownRequests = 'requests';

/** Which connection of the operator a request to the API server belongs to. */
export function connectionOf(path: string): string {
  const { pathname, searchParams } = new URL(path, 'https://server');
  if (pathname.includes('/leases')) return 'lease';
  if (searchParams.get('watch') !== 'true') return ownRequests;
  return `watch ${watchedBy(path)}`;
}

/** For the end of a subtest: how much was sent, per connection. */
export function describePace(attempts: readonly Attempt[]): string {
  const byConnection = [...Map.groupBy(attempts, ({ connection }) => connection)];
  return byConnection
    .map(([connection, own]) => `${connection}: ${own.length} (≤ ${busiest(own.map(({ at }) => at))} in 10 s)`)
    .join('\n  ');
}
