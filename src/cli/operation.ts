import type { JsonObject } from '../model/json.ts';

export interface SyncFlags {
  readonly revision: readonly string[];
  readonly prune: boolean;
}

/** `operation` of a manual sync, as the Application has it. */
export function syncOperation({ revision, prune }: SyncFlags): JsonObject {
  const revisions = revision.length > 1 ? { revisions: revision } : { revision: revision[0] ?? '' };
  return { sync: { prune, ...(revision.length === 0 ? {} : revisions) } };
}
