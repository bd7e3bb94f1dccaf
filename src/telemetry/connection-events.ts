import type {
  ApiRequest,
  Connection,
  ConnectionFailure,
  GitFetch,
  GitPoll,
  LogFields,
  Rendered,
  Telemetry,
  WebhookRequest,
} from '../model/telemetry.ts';
import type { Parts } from './parts.ts';
import { quietly, seconds } from './parts.ts';

type ConnectionEvents = Pick<
  Telemetry,
  | 'gitPoll'
  | 'gitFetch'
  | 'rendered'
  | 'webhookRequest'
  | 'apiRequest'
  | 'connectionFailure'
  | 'connectionRestored'
  | 'connectionEnded'
>;

export function connectionEvents(parts: Parts): ConnectionEvents {
  const episodes: Episodes = new Map();
  return {
    gitPoll: quietly(parts, (event: GitPoll) => gitPoll(parts, event)),
    gitFetch: quietly(parts, (event: GitFetch) => gitFetch(parts, event)),
    rendered: quietly(parts, (event: Rendered) => rendered(parts, event)),
    webhookRequest: quietly(parts, (event: WebhookRequest) => webhookRequest(parts, event)),
    apiRequest: quietly(parts, (event: ApiRequest) => apiRequest(parts, event)),
    connectionFailure: quietly(parts, (event: ConnectionFailure) => failed(parts, episodes, event)),
    connectionRestored: quietly(parts, (connection: Connection) =>
      ended(parts, episodes, { connection, how: 'works again' }),
    ),
    connectionEnded: quietly(parts, (connection: Connection) =>
      ended(parts, episodes, { connection, how: 'is needed no more' }),
    ),
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

function rendered({ metrics, log }: Parts, { key, outcome, reason, durationMs }: Rendered): void {
  metrics.renders.inc({ outcome, reason: reason ?? '' });
  metrics.renderDuration.observe({ outcome }, seconds(durationMs));
  log('debug', { application: key, outcome, reason, durationMs }, `render: ${outcome}`);
}

/** Anybody may send requests, so none of them is worth more than a debug line. */
function webhookRequest({ metrics, log }: Parts, { forge, outcome, durationMs }: WebhookRequest): void {
  metrics.webhookRequests.inc({ forge, outcome });
  log('debug', { forge, outcome, durationMs }, `webhook: ${outcome}`);
}

function apiRequest({ metrics }: Parts, { verb, code, durationMs }: ApiRequest): void {
  metrics.apiRequests.inc({ verb, code: String(code) });
  metrics.apiRequestDuration.observe({ verb }, seconds(durationMs));
}

/**
 * A time during which some connections of a target fail. All watches share one, and so do all requests: it is one
 * server. Each Git remote has its own. One that begins again soon after its end is the same, so that a connection
 * that works every other time does not fill the log.
 */
interface Episode {
  /** Monotonic milliseconds. */
  since: number;
  /** undefined while it lasts. */
  endedAt: number | undefined;
  /** The connections that have not come back. */
  readonly failing: Set<string>;
  /** What was logged already. */
  readonly reasons: Set<string>;
  /** True when the last thing that the log says is that it fails. */
  told: boolean;
  /** Monotonic milliseconds: when the log said so last. */
  toldAt: number;
}

type Episodes = Map<string, Episode>;

/** How long it has to work, or to fail again and again, before the log says once more that it fails. */
const settleMs = 60_000;

function failed(parts: Parts, episodes: Episodes, event: ConnectionFailure): void {
  const { metrics, log, clock } = parts;
  const { target, name, reason, message, attempt } = event;
  metrics.connectionFailures.inc({ target, reason });
  const now = clock.monotonic();
  const episode = openEpisode(episodes, event, now);
  if (!episode.failing.has(name ?? '')) metrics.connectionsFailing.inc({ target });
  episode.failing.add(name ?? '');

  const isNews = isToBeTold(episode, reason, now);
  episode.reasons.add(reason);
  episode.told ||= isNews;
  if (isNews) episode.toldAt = now;
  const fields: LogFields = { target, name, reason, attempt };
  const detail = message === undefined ? '' : `: ${message}`;
  log(isNews ? 'warn' : 'debug', fields, `${describe(event)} fails: ${reason}${detail}`);
}

function openEpisode(episodes: Episodes, connection: Connection, now: number): Episode {
  for (const [key, { endedAt }] of episodes) {
    if (endedAt !== undefined && now - endedAt >= settleMs) episodes.delete(key);
  }
  const key = episodeKey(connection);
  const fresh: Episode = {
    since: now,
    endedAt: undefined,
    failing: new Set(),
    reasons: new Set(),
    told: false,
    toldAt: now,
  };
  const episode = episodes.get(key) ?? fresh;
  if (episode.endedAt !== undefined) {
    episode.endedAt = undefined;
    episode.since = now;
  }
  episodes.set(key, episode);
  return episode;
}

function isToBeTold(episode: Episode, reason: string, now: number): boolean {
  return !episode.reasons.has(reason) || (!episode.told && now - episode.toldAt >= settleMs);
}

interface End {
  readonly connection: Connection;
  readonly how: 'works again' | 'is needed no more';
}

function ended({ metrics, log, clock }: Parts, episodes: Episodes, { connection, how }: End): void {
  const episode = episodes.get(episodeKey(connection));
  if (!episode?.failing.delete(connection.name ?? '')) return;
  const { target, name } = connection;
  metrics.connectionsFailing.dec({ target });
  if (episode.failing.size > 0) return;
  episode.endedAt = clock.monotonic();
  const durationMs = Math.round(episode.endedAt - episode.since);
  const text = `${describe(connection)} ${how} after ${durationMs} ms`;
  log(episode.told ? 'info' : 'debug', { target, name, durationMs }, text);
  episode.told = false;
}

function episodeKey({ target, name }: Connection): string {
  return target === 'git' ? `git ${name ?? ''}` : target;
}

function describe({ target, name }: Connection): string {
  return name === undefined ? target : `${target} ${name}`;
}
