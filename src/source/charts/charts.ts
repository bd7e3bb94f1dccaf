import type { Clock, RepositorySecrets } from '../../model/ports.ts';
import type { ObjectReader } from '../git/engine.ts';
import type { ProxySettings } from '../git/proxy.ts';
import type { Limits } from '../limits.ts';

/** A repository of Helm charts, as one set of credentials sees it. */
export interface ChartRepository {
  /** `https://…` (an index) or `oci://…`. */
  readonly url: string;
  /** Absent: what the Secrets say of this address, if anything. */
  readonly secret: { readonly namespace: string; readonly name: string } | undefined;
  /** Archives on other hosts get the credentials, too. */
  readonly passCredentials?: boolean;
}

/** One version of one chart. */
export interface ChartVersion {
  readonly repository: ChartRepository;
  readonly name: string;
  /** Exact, as the repository spells it. */
  readonly version: string;
}

/** A chart that was downloaded, checked against its digest and unpacked in memory. */
export interface OpenChart extends AsyncDisposable {
  readonly version: string;
  /** SHA-256 of the archive: equal digests, equal charts. */
  readonly digest: string;
  /** The archive as it came, for `charts/` of another chart. */
  archive(): Promise<Uint8Array>;
  /** The content of the chart's own folder; `rootTree('')` is its root. */
  readonly reader: ObjectReader;
}

/**
 * Charts from HTTP indexes and OCI registries.
 *
 * Guarantees: one request at a time per repository, however many ask; a host that fails is asked ever more seldom, a
 * Retry-After is never undercut, and no other host waits for it; what is opened has the digest that the repository
 * promised; archives on disk are bounded and survive a restart; credentials stay with the origin they were given for.
 */
export interface Charts extends AsyncDisposable {
  /**
   * The newest version that satisfies a version or constraint; an exact version goes before what it could match. `anew`
   * asks the repository even if it was asked a moment ago.
   * Throws OperatorError RevisionNotFound, ChartUnavailable, AuthenticationFailed, InvalidSpec, LimitExceeded.
   */
  resolve(repository: ChartRepository, name: string, constraint: string, anew: boolean): Promise<string>;
  /** Throws like `resolve`, and InvalidObject for an archive that is no chart. */
  open(chart: ChartVersion, signal: AbortSignal): Promise<OpenChart>;
}

export interface ChartsOptions {
  readonly clock: Clock;
  /** Archives and indexes are kept here; what else lies here is removed some time. */
  readonly directory: string;
  readonly limits: Limits;
  readonly secrets: Pick<RepositorySecrets, 'named' | 'forUrl' | 'onChange'>;
  readonly proxies: ProxySettings;
}
