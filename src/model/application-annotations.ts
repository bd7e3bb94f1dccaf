import type { Findings } from './findings.ts';
import type { Installation } from './installation.ts';

/** Annotations by which a user speaks to the operator on an Application. */
export type ApplicationAnnotation =
  | 'refresh'
  | 'sync'
  | 'approve'
  | 'hold'
  | 'rolled-back-from'
  | 'deletion-approved'
  | 'skip-reconcile'
  | 'delete-protected'
  | 'client-side-apply-migration-manager';

type Annotations = Readonly<Record<string, string>>;

/** Those that Argo CD has too, under its own prefix. */
const alsoOfArgo: readonly ApplicationAnnotation[] = [
  'refresh',
  'deletion-approved',
  'skip-reconcile',
  'client-side-apply-migration-manager',
];

const argo = 'argocd.argoproj.io/';

/** Every key under which an annotation may stand, the one that wins first. */
export function spellingsOf(name: ApplicationAnnotation, installation: Installation): string[] {
  const ours = new Set([`${installation.prefix}${name}`, `evenkeel.dev/${name}`]);
  return alsoOfArgo.includes(name) ? [...ours, `${argo}${name}`] : [...ours];
}

/** The value of an annotation; ours, when present, replaces Argo CD's. */
export function annotationOn(
  annotations: Annotations,
  name: ApplicationAnnotation,
  installation: Installation,
): string | undefined {
  const key = spellingsOf(name, installation).find((spelling) => Object.hasOwn(annotations, spelling));
  return key === undefined ? undefined : annotations[key];
}

/** True for `true` in the spellings that Argo CD reads. */
export function isTrue(value: string | undefined): boolean {
  return value !== undefined && /^(1|t|true)$/i.test(value);
}

/** How far the clock of who approves may be ahead. */
const skewMs = 300_000;

/**
 * True when a person has confirmed deletions since `since` (RFC 3339). One that lies in the future would approve what
 * nobody has seen yet, and counts for nothing.
 */
export function approvesDeletion(
  annotations: Annotations,
  { since, now }: { readonly since: string; readonly now: number },
  installation: Installation,
): boolean {
  const text = annotationOn(annotations, 'deletion-approved', installation) ?? '';
  if (!/^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(text)) return false;
  const at = Date.parse(text);
  return at >= Date.parse(since) && at <= now + skewMs;
}

/** Reports annotations of an Application that have no effect or none yet. */
export function inspectAnnotations(annotations: Annotations, findings: Findings): void {
  const at = (key: string): string => `metadata.annotations[${key}]`;
  const compareOptions = `${argo}compare-options`;
  if ((annotations[compareOptions] ?? '') === '') return;
  findings.ignore(at(compareOptions), 'objects are always compared with what the API server makes of them');
}
