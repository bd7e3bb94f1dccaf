import type { ObjectReader } from '../git/engine.ts';

/** A repository of Helm charts, as one set of credentials sees it. */
export interface ChartRepository {
  /** `https://…` (an index) or `oci://…`. */
  readonly url: string;
  readonly secret: { readonly namespace: string; readonly name: string } | undefined;
}

/** One version of one chart. */
export interface ChartVersion {
  readonly repository: ChartRepository;
  readonly name: string;
  /** Exact, as the repository spells it. */
  readonly version: string;
}

/** A chart that was downloaded, checked against its digest and unpacked in memory or on disk. */
export interface OpenChart extends AsyncDisposable {
  readonly version: string;
  /** SHA-256 of the archive: equal digests, equal charts. */
  readonly digest: string;
  /** The archive as it came, for `charts/` of another chart. */
  archive(): Promise<Uint8Array>;
  /** The content of the chart's own folder; `rootTree('')` is its root. */
  readonly reader: ObjectReader;
}

/** Charts from HTTP indexes and OCI registries; paced and backed off per host, bounded on disk. */
export interface Charts extends AsyncDisposable {
  /** The newest version that satisfies a version or constraint. Throws OperatorError RevisionNotFound, GitUnavailable… */
  resolve(repository: ChartRepository, name: string, constraint: string, anew: boolean): Promise<string>;
  open(chart: ChartVersion, signal: AbortSignal): Promise<OpenChart>;
}
