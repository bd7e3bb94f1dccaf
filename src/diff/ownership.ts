import type { ApplicationKey } from '../model/installation.ts';
import { arrayAt, isJsonObject, stringAt } from '../model/json.ts';
import { isControlled, isOurEntry, managedEntriesOf } from '../model/managed-fields.ts';
import type { KubeObject, Ref } from '../model/object.ts';
import { describeRef, labelsOf, refOf, uidOf } from '../model/object.ts';
import { OperatorError } from '../model/errors.ts';
import type { OwnershipPolicy } from '../model/ownership.ts';
import type { RecordEntry } from '../model/record.ts';
import type { Owner } from './mark.ts';
import { tracksItself } from './mark.ts';
import { liveTracker, otherManager, titleOf } from './tools.ts';

/** What other Applications say about a ref; none of the answers is ever the Application that asks. */
export interface Claims {
  /** Another Application that desires the ref, or may: it was not rendered and the ref is on its record. */
  claimedBy(ref: Ref): ApplicationKey | undefined;
  /** Another Application that claims the ref and has an object on record for it that it has written. */
  recordedBy(ref: Ref): ApplicationKey | undefined;
}

/** `theirs`: the record proves nothing about this object. */
export type Proof = 'recorded' | 'claimed' | 'theirs';

/**
 * Whether the record makes a live object ours: by its uid, or, for a claim whose uid never reached the record, by an
 * Apply entry of our manager together with a tracking id that names the object and the Application. Labels,
 * annotations and managers alone never do.
 */
export function proofOf(entry: RecordEntry | undefined, live: KubeObject, owner: Owner): Proof {
  if (entry === undefined) return 'theirs';
  if (entry.uid !== '') return entry.uid === uidOf(live) ? 'recorded' : 'theirs';
  const applied = managedEntriesOf(live).some((fields) => isOurEntry(fields, owner.installation.manager));
  return applied && tracksItself(live, owner) ? 'claimed' : 'theirs';
}

/**
 * Why an existing object that is not on our record is not taken; undefined when it may be. A controller's object, one of
 * another Application and one of another installation, whose record nobody here can see, are never taken.
 * Reasons: `Conflicted`, `SharedResource`.
 */
export function adoptionRefusal(
  live: KubeObject,
  owner: Owner,
  claims: Claims,
  policy: OwnershipPolicy,
): OperatorError | undefined {
  const ref = refOf(live);
  const shared = sharedRefusal(ref, claims) ?? markedRefusal(live, owner, claims);
  if (shared !== undefined) return shared;
  const why = isControlled(live)
    ? `a controller owns it (${controllerOf(live)})`
    : (otherInstallation(live, owner) ?? policyRefusal(live, policy));
  if (why === undefined) return undefined;
  return refusal(ref, 'Conflicted', `${describeRef(ref)} exists and is not taken over: ${why}`);
}

function policyRefusal(live: KubeObject, policy: OwnershipPolicy): string | undefined {
  switch (policy.adopt) {
    case 'Never':
      return 'ownership.adopt is Never';
    case 'Always':
      return undefined;
    case 'IfUnowned':
      return foreignTracker(live, policy);
  }
}

/** Of two Applications that desire the same object the one that has it on record writes. */
export function sharedRefusal(ref: Ref, claims: Claims): OperatorError | undefined {
  const other = claims.recordedBy(ref);
  if (other === undefined) return undefined;
  return refusal(ref, 'SharedResource', `${describeRef(ref)} is managed by Application ${other}, which desires it too`);
}

/** A mark counts while the Application that it names claims the object; what a deleted one left behind may be taken. */
function markedRefusal(live: KubeObject, owner: Owner, claims: Claims): OperatorError | undefined {
  const ref = refOf(live);
  const other = claims.claimedBy(ref);
  if (other === undefined || !tracksItself(live, { ...owner, key: other })) return undefined;
  return refusal(
    ref,
    'SharedResource',
    `${describeRef(ref)} carries the mark of Application ${other}, which desires it too`,
  );
}

function refusal(ref: Ref, reason: 'Conflicted' | 'SharedResource', message: string): OperatorError {
  return new OperatorError(message, { step: 'plan', reason, retry: 'interval', object: ref });
}

function controllerOf(live: KubeObject): string {
  const owners = arrayAt(live.metadata, 'ownerReferences');
  const controller = owners.find((owner) => isJsonObject(owner) && owner['controller'] === true);
  return `${stringAt(controller, 'kind') ?? ''} ${stringAt(controller, 'name') ?? ''}`;
}

function foreignTracker(live: KubeObject, policy: OwnershipPolicy): string | undefined {
  const tool = otherManager(live, policy);
  const tracker = tool === undefined ? undefined : liveTracker(tool, live);
  if (tool === undefined || tracker === undefined) return undefined;
  return `${titleOf(tool)} manages it (${tracker.name}: ${tracker.value}), and ownership.migrateFrom does not list ${tool}`;
}

const partOfAnyInstallation = /^(?:([a-z0-9-]+)\.)?evenkeel\.dev\/part-of$/;

function otherInstallation(live: KubeObject, { installation }: Owner): string | undefined {
  for (const name of Object.keys(labelsOf(live))) {
    const match = partOfAnyInstallation.exec(name);
    if (match !== null && name !== installation.partOfLabel)
      return `installation ${match[1] ?? '(unnamed)'} of Evenkeel manages it (label ${name})`;
  }
  return undefined;
}
