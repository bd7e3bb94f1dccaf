import { accessCases } from './git-access.ts';
import { fetchingCases } from './git-fetching.ts';
import { revisionCases } from './git-revisions.ts';
import type { GitCase } from './git-world.ts';

/** What every Git engine owes, by what it is about; docs/git.md has the table. */
export const gitCases: Readonly<Record<string, readonly GitCase[]>> = {
  Revisions: revisionCases,
  'Transfer and local copies': fetchingCases,
  Access: accessCases,
};
