import type {
  ApiRequest,
  Connection,
  ConnectionFailure,
  GitFetch,
  GitPoll,
  LogFields,
  Telemetry,
} from '../model/telemetry.ts';
import type { Parts } from './parts.ts';
import { quietly, seconds } from './parts.ts';

type ConnectionEvents = Pick<
  Telemetry,
  'gitPoll' | 'gitFetch' | 'apiRequest' | 'connectionFailure' | 'connectionRestored'
>;

export function connectionEvents(parts: Parts): ConnectionEvents {
  const episodes: Episodes = new Map();
  return {
    gitPoll: quietly(parts, (event: GitPoll) => gitPoll(parts, event)),
    gitFetch: quietly(parts, (event: GitFetch) => gitFetch(parts, event)),
    apiRequest: quietly(parts, (event: ApiRequest) => apiRequest(parts, event)),
    connectionFailure: quietly(parts, (event: ConnectionFailure) => failed(parts, episodes, event)),
    connectionRestored: quietly(parts, (connection: Connection) => restored(parts, episodes, connection)),
  };
}

/** What failed is told by `connectionFailure`, once per episode; here it is only counted. */
function gitPoll({ metrics, log }: Parts, { remote, outcome, durationMs }: GitPoll): void {
  metrics.gitPolls.inc({ outcome });
  metrics.gitPollDuration.observe(seconds(durationMs));
  log(outcome === 'changed' ? 'info' : 'debug', { remote, outcome, durationMs }, `Git poll: ${outcome}`);
}

function gitFetch({ metrics, log }: Parts, { remote, outcome, durationMs, bytes }: GitFetch): void {
  metrics.gitFetches.inc({ outcome });
  metrics.gitFetchDuration.observe(seconds(durationMs));
  metrics.gitFetchBytes.inc(Math.max(0, bytes));
  log(outcome === 'succeeded' ? 'info' : 'debug', { remote, outcome, durationMs, bytes }, `Git fetch: ${outcome}`);
}

function apiRequest({ metrics }: Parts, { verb, code, durationMs }: ApiRequest): void {
  metrics.apiRequests.inc({ verb, code: String(code) });
  metrics.apiRequestDuration.observe({ verb }, seconds(durationMs));
}

/**
 * A time during which some connections of a target fail. All watches share one, and so do all requests: it is one
 * server. Each Git remote has its own.
 */
interface Episode {
  readonly since: number;
  /** The connections that have not come back. */
  readonly failing: Set<string>;
  /** What was logged already. */
  readonly reasons: Set<string>;
}

type Episodes = Map<string, Episode>;

function episodeKey({ target, name }: Connection): string {
  return target === 'git' ? `git ${name ?? ''}` : target;
}

function failed(parts: Parts, episodes: Episodes, event: ConnectionFailure): void {
  const { metrics, log, clock } = parts;
  const { target, name, reason, message, attempt } = event;
  metrics.connectionFailures.inc({ target, reason });
  const key = episodeKey(event);
  const known = episodes.get(key);
  const episode = known ?? { since: clock.monotonic(), failing: new Set(), reasons: new Set() };
  episodes.set(key, episode);
  if (!episode.failing.has(name ?? '')) metrics.connectionsFailing.inc({ target });
  episode.failing.add(name ?? '');

  const isNews = !episode.reasons.has(reason);
  episode.reasons.add(reason);
  const fields: LogFields = { target, name, reason, attempt };
  log(
    isNews ? 'warn' : 'debug',
    fields,
    `${describe(event)} fails: ${reason}${message === undefined ? '' : `: ${message}`}`,
  );
}

function restored({ metrics, log, clock }: Parts, episodes: Episodes, connection: Connection): void {
  const key = episodeKey(connection);
  const episode = episodes.get(key);
  if (!episode?.failing.delete(connection.name ?? '')) return;
  metrics.connectionsFailing.dec({ target: connection.target });
  if (episode.failing.size > 0) return;
  episodes.delete(key);
  const { target, name } = connection;
  const durationMs = Math.round(clock.monotonic() - episode.since);
  log('info', { target, name, durationMs }, `${describe(connection)} works again after ${durationMs} ms`);
}

function describe({ target, name }: Connection): string {
  return name === undefined ? target : `${target} ${name}`;
}
