import { OperatorError } from '../model/errors.ts';

/** What a repository may cost; a hostile one fails its own Applications only. Sizes in bytes, times in milliseconds. */
export interface Limits {
  /** Received by one fetch. */
  readonly transferBytes: number;
  /** Received when looking at the remote's refs. */
  readonly refsBytes: number;
  /** All objects of one commit, inflated and undeltified. */
  readonly unpackedBytes: number;
  /** Files and folders of one commit. */
  readonly gitObjects: number;
  /** One file of the repository, whether it is read or not. */
  readonly blobBytes: number;
  /** One folder as Git stores it: some 40 bytes for each entry. */
  readonly folderBytes: number;
  /** One manifest file. */
  readonly manifestBytes: number;
  /** All manifest files of one Application. */
  readonly manifestsBytes: number;
  /** Objects of one Application. */
  readonly objects: number;
  /** One object as JSON: etcd takes no more with its default settings. */
  readonly objectBytes: number;
  /** Until a connection to the remote stands. */
  readonly connectMs: number;
  /** Without a byte from the remote. */
  readonly stallMs: number;
  /** One look at the remote's refs. */
  readonly pollMs: number;
  /** One fetch. */
  readonly fetchMs: number;
  /** Unpacking one commit, or reading one file of it. */
  readonly unpackMs: number;
  /** One run of kustomize or Helm. */
  readonly renderMs: number;
  /** Resident memory of one run of kustomize or Helm. */
  readonly renderMemoryBytes: number;
  /** What one run of kustomize or Helm prints. */
  readonly renderBytes: number;
  /** Files that one render reads. */
  readonly renderFiles: number;
  /** Bytes that are put on disk for one render. */
  readonly renderInputBytes: number;
  /** One chart archive, packed, and unpacked. */
  readonly chartBytes: number;
  readonly chartUnpackedBytes: number;
  /** What a repository of charts says it has: an index, or a list of tags. */
  readonly chartIndexBytes: number;
  /** Chart archives and indexes kept on disk. */
  readonly chartCacheBytes: number;
  /** Artefacts kept on disk, those in use apart. */
  readonly artefactBytes: number;
}

const mebibyte = 1024 * 1024;

export const defaultLimits: Limits = {
  transferBytes: 256 * mebibyte,
  refsBytes: 32 * mebibyte,
  unpackedBytes: 1024 * mebibyte,
  gitObjects: 200_000,
  blobBytes: 128 * mebibyte,
  folderBytes: 8 * mebibyte,
  manifestBytes: 16 * mebibyte,
  manifestsBytes: 128 * mebibyte,
  objects: 20_000,
  objectBytes: 1.5 * mebibyte,
  connectMs: 10_000,
  stallMs: 30_000,
  pollMs: 15_000,
  fetchMs: 600_000,
  unpackMs: 120_000,
  renderMs: 60_000,
  renderMemoryBytes: 512 * mebibyte,
  renderBytes: 64 * mebibyte,
  renderFiles: 20_000,
  renderInputBytes: 128 * mebibyte,
  chartBytes: 64 * mebibyte,
  chartUnpackedBytes: 128 * mebibyte,
  chartIndexBytes: 64 * mebibyte,
  chartCacheBytes: 512 * mebibyte,
  artefactBytes: 1024 * mebibyte,
};

/** `what` says whose size it is (`file a.yaml`); the message names the limit, so that somebody can raise it. */
export function limitExceeded(what: string, limit: keyof Limits, limits: Limits): OperatorError {
  return new OperatorError(`${what} exceeds the limit ${limit} of ${limits[limit]}`, {
    step: 'source',
    reason: 'LimitExceeded',
    retry: 'interval',
  });
}
