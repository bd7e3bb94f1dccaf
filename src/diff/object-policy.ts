import type { DesiredObject } from '../model/desired.ts';
import type { Installation } from '../model/installation.ts';
import type { KubeObject } from '../model/object.ts';
import { hasPolicy } from '../model/object-policy.ts';
import type { Change, ChangeOf, FieldDifference } from '../model/plan.ts';

/** A desired object that is there. */
export interface Existing {
  readonly object: DesiredObject;
  readonly live: KubeObject;
  /** It is not on our record. */
  readonly adopts: boolean;
}

/**
 * What becomes of an existing object that its policy puts out of our reach: what is `external` is never ours, and is let
 * go if it was; what is `create-only` is as it should be once it is there, whoever made it. undefined: nothing is said.
 */
export function planLeftAlone({ object, live, adopts }: Existing, installation: Installation): Change | undefined {
  const { ref } = object;
  const body = object.body();
  if (isExternal(object, installation)) {
    return adopts ? leftAlone(object, live) : { kind: 'release', ref, live, why: 'policy external' };
  }
  if (!hasPolicy(body, 'create-only', installation)) return undefined;
  if (adopts) return leftAlone(object, live);
  return { kind: 'keep', ref, reason: 'inSync', message: '', desired: object, live };
}

function leftAlone(desired: DesiredObject, live: KubeObject): ChangeOf<'keep'> {
  const message = 'its policy leaves it as it is';
  return { kind: 'keep', ref: desired.ref, reason: 'leftAlone', message, desired, live };
}

export function isExternal(object: DesiredObject, installation: Installation): boolean {
  return hasPolicy(object.body(), 'external', installation);
}

/** Whether what differs from Git may be put back, by a sync or as drift. */
export function mayBeUpdated(body: KubeObject, installation: Installation): boolean {
  const held = ['create-only', 'no-update', 'external'] as const;
  return !held.some((policy) => hasPolicy(body, policy, installation));
}

/** What is `external` is not created: whether it is there is looked at, no more. */
export function planUnseen(object: DesiredObject): ChangeOf<'keep'> {
  return { kind: 'keep', ref: object.ref, reason: 'leftAlone', message: '', desired: object };
}

/** `no-update` keeps what would be written as it is; what surely differs is shown. */
export function heldByPolicy(existing: Omit<Existing, 'adopts'>, change: Change, installation: Installation): Change {
  const { object: desired, live } = existing;
  if (change.kind === 'keep' || !hasPolicy(desired.body(), 'no-update', installation)) return change;
  const kept = { kind: 'keep', ref: desired.ref, desired, live } as const;
  if (!isShown(change)) return { ...kept, reason: 'inSync', message: '' };
  return { ...kept, reason: 'heldByPolicy', message: 'differs from Git; its policy no-update keeps it as it is' };
}

/** That the policy itself was written into Git later is no difference; nor is what only the server could tell. */
function isShown(change: Change): boolean {
  if (change.kind === 'undecided') return false;
  const isPolicy = ({ path }: FieldDifference): boolean => /^metadata\.annotations\[[^\]]*\/policy\]$/.test(path);
  return change.kind !== 'update' || !change.differences.every(isPolicy);
}
