import type { Installation } from './installation.ts';
import { stringAt } from './json.ts';
import type { KubeObject } from './object.ts';
import { annotationsOf } from './object.ts';
import { annotationOf, listedIn } from './object-annotations.ts';

/** What may be done to one object, whatever holds for the others of its Application. */
export type Policy =
  /** Created when it is missing, and left alone from then on. */
  | 'create-only'
  /** Not changed while it is there; what differs is shown. */
  | 'no-update'
  /** Stays when it leaves Git. */
  | 'no-prune'
  /** Deleted and created anew when a field differs that cannot be changed. */
  | 'recreate-if-immutable'
  /** Somebody else's: neither written nor deleted, only looked at. */
  | 'external';

const policies: ReadonlySet<string> = new Set<Policy>([
  'create-only',
  'no-update',
  'no-prune',
  'recreate-if-immutable',
  'external',
]);

type Prefix = Pick<Installation, 'prefix'>;

export function hasPolicy(object: KubeObject, policy: Policy, installation: Prefix): boolean {
  return listedIn(annotationOf(object, 'policy', installation)).includes(policy);
}

/** Words that are no policy, in the annotation of any installation, with its key; nobody knows what was meant by them. */
export function unknownPolicies(object: KubeObject): readonly { readonly key: string; readonly word: string }[] {
  const keys = Object.keys(annotationsOf(object)).filter((key) => /^([a-z0-9-]+\.)?evenkeel\.dev\/policy$/.test(key));
  return keys.flatMap((key) => {
    const value = stringAt(annotationsOf(object), key) ?? '';
    return listedIn({ key, value }).flatMap((word) => (policies.has(word) ? [] : [{ key, word }]));
  });
}

/** For messages. */
export const policyNames: readonly string[] = [...policies];

/** What an object says of one sync option, and where; of an option that is written twice the first one counts. */
export function optionOn(
  object: KubeObject,
  name: 'Prune' | 'Delete' | 'Replace' | 'Force',
  installation: Prefix,
): { readonly value: string; readonly where: string } | undefined {
  const found = annotationOf(object, 'sync-options', installation);
  const option = listedIn(found).find((text) => text.startsWith(`${name}=`));
  if (found === undefined || option === undefined) return undefined;
  return { value: option.slice(name.length + 1), where: `annotation ${found.key}: ${option}` };
}
