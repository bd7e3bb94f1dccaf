import type { Reason } from '../../../model/reasons.ts';
import type { Limits } from '../../limits.ts';
import type { TreeEntry } from '../engine.ts';

/** What a reader's thread is asked; paths are absolute. */
export type ReaderRequest =
  | { readonly kind: 'unpack'; readonly folder: string; readonly remote: string; readonly limits: Limits }
  | { readonly kind: 'raw'; readonly folder: string; readonly oid: string }
  | { readonly kind: 'tree'; readonly folder: string; readonly oid: string }
  | { readonly kind: 'blob'; readonly folder: string; readonly oid: string };

export type ReaderValue =
  { readonly entries: TreeEntry[] } | { readonly bytes: Uint8Array } | { readonly objects: number };

export interface ReaderFailure {
  readonly message: string;
  /** Of an error that was expected; absent when the store is damaged. */
  readonly reason?: Reason;
  readonly isNoSpace?: true;
}

export type ReaderReply =
  { readonly id: number; readonly value: ReaderValue } | { readonly id: number; readonly failure: ReaderFailure };

/** The pack that a fetch leaves in its folder. */
export const packFile = 'objects/pack/pack-fetched.pack';
