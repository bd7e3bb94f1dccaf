/** What kustomize would take from elsewhere: by HTTP, or with git. */
export type Remoteness = 'local' | 'remote' | 'refused';

/**
 * Where an entry leads. Wider than kustomize's own test on purpose: an entry that it takes for a path although it looks
 * like an address is rare, and one that it fetches although nobody allowed that must not be.
 * `refused` are addresses of this machine's own files.
 */
export function remotenessOf(entry: string): Remoteness {
  const address = entry.trim().replace(/^(git::)+/i, '');
  if (/^file:/i.test(address)) return 'refused';
  const isRemote = /^(https?|ssh|git):|^[a-z][a-z0-9-]*@[^/:]+[/:]|^github\.com[:/]/i.test(address);
  return isRemote ? 'remote' : 'local';
}
