/** Tools that may have deployed an object before us. */
export type Tool = 'kubectl' | 'helm' | 'argocd' | 'flux';

/** `spec.ownership`: which existing objects are taken, and what is taken from whom. */
export interface OwnershipPolicy {
  readonly adopt: 'IfUnowned' | 'Always' | 'Never';
  /** Tools whose fields become ours and whose trackers go. */
  readonly migrateFrom: readonly Tool[];
  /** Field managers of other names whose fields become ours, too. */
  readonly migrateManagers: readonly string[];
}
