import type { Application } from '../model/application.ts';
import type { DesiredObject } from '../model/desired.ts';
import { describeOrigin } from '../model/desired.ts';
import { OperatorError, OperatorErrors } from '../model/errors.ts';
import { stringAt } from '../model/json.ts';
import { kindDefinedBy } from '../model/kind-schema.ts';
import type { LiveAnswer } from '../model/live.ts';
import type { KubeObject, RefKey } from '../model/object.ts';
import { optionOf } from '../model/object-annotations.ts';
import { describeRef, groupKindKey, refKey } from '../model/object.ts';
import type { Change, Plan } from '../model/plan.ts';
import type { RecordEntry } from '../model/record.ts';
import { wasWritten } from '../model/record.ts';
import { checkObject } from './check.ts';
import { guardOf, planHash } from './guard.ts';
import type { Hints, Intention } from './intended.ts';
import { intended } from './intended.ts';
import type { PlanInput } from './plan-input.ts';
import { adoptionRefusal, proofOf, sharedRefusal } from './ownership.ts';
import type { Existing } from './object-policy.ts';
import { heldByPolicy, isExternal, planLeftAlone, planUnseen } from './object-policy.ts';
import { isDefinition } from './protection.ts';
import { planRemoval } from './prune.ts';
import type { Replacing } from './replace.ts';
import { planDifference, replacesWhole } from './replace.ts';
import { inOrder } from './steps.ts';

/**
 * What is to happen to every desired and every recorded object. Pure.
 *
 * Guarantees: a world equal to desired is all `keep`; an object that is not on record is never pruned, whatever it
 * carries; what is unknown is kept. The changes are in the order in which they are carried out.
 * Assumptions: `absent` for a recorded ref was proved by name, not by a label-selected list alone.
 */
export function planChanges(input: PlanInput): Plan {
  const { app, desired, live } = input;
  const wanted = new Map(desired.objects.map((object) => [refKey(object.ref), object]));
  const recorded = new Map(app.record.map((entry) => [refKey(entry.ref), entry]));
  const defined = app.deleting ? new Set<string>() : kindsDefinedBy(input);
  const answerFor = (key: RefKey): LiveAnswer => live.get(key) ?? { state: 'unknown', why: 'it was not looked at' };
  const writes = [...wanted].map(([key, object]) =>
    planObject(input, { object, answer: answerFor(key), entry: recorded.get(key), defined }),
  );
  const removals = [...recorded]
    .filter(([key]) => !wanted.has(key))
    .map(([key, entry]) => planRemoval(input, entry, answerFor(key)));
  const changes = inOrder([...writes, ...removals], input);
  const hash = planHash(changes, app.uid);
  const guard = guardOf(input, changes, hash);
  return {
    revision: desired.revision,
    digest: desired.digest,
    changes,
    hash,
    ...(guard === undefined ? {} : { guard }),
  };
}

interface Wanted {
  readonly object: DesiredObject;
  readonly answer: LiveAnswer;
  readonly entry: RecordEntry | undefined;
  /** Kinds that the same plan creates. */
  readonly defined: ReadonlySet<string>;
}

function planObject(input: PlanInput, wanted: Wanted): Change {
  const { object, answer, entry } = wanted;
  const { ref } = object;
  if (answer.state === 'inSync') return { kind: 'keep', ref, reason: 'inSync', message: '', desired: object };
  if (answer.state === 'unknown') return { kind: 'keep', ref, reason: 'unknown', message: answer.why, desired: object };
  const known = answer.state === 'body' ? answer.object : undefined;
  const outOfReach = answer.state === 'forbidden' ? undefined : planExternal(input, { object, live: known, entry });
  const left = outOfReach ?? leftToWhoHasIt(input, wanted) ?? keptUntilServed(input, wanted);
  if (left !== undefined) return left;
  const error = refusalOf(wanted);
  if (error !== undefined) return { kind: 'refuse', ref, error, desired: object };
  if (known !== undefined) return planExisting(input, { object, live: known, entry, hints: hintsOf(input, object) });
  return { kind: 'undecided', ref, desired: object, question: 'exists', differences: [], adopts: entry === undefined };
}

function hintsOf({ hints }: PlanInput, { ref }: DesiredObject): Hints | undefined {
  return hints?.get(refKey(ref));
}

function leftToWhoHasIt(input: PlanInput, wanted: Wanted): Change | undefined {
  const shared = sharing(input, wanted);
  return shared === undefined ? undefined : leftToAnother(input.app, wanted.object, shared);
}

function refusalOf(wanted: Wanted): OperatorError | undefined {
  return invalidity(wanted.object) ?? notServed(wanted) ?? unreadable(wanted);
}

/** What is not ours is not checked either. undefined: it is ours. */
function planExternal(
  input: PlanInput,
  { object, live, entry }: Pick<Wanted, 'object' | 'entry'> & { readonly live: KubeObject | undefined },
): Change | undefined {
  if (!isExternal(object, input.installation)) return undefined;
  return live === undefined ? planUnseen(object) : planExisting(input, { object, live, entry, hints: undefined });
}

/** A desired object that exists, before it is known whether it is ours. */
interface Present {
  readonly object: DesiredObject;
  readonly live: KubeObject;
  readonly entry: RecordEntry | undefined;
  readonly hints: Hints | undefined;
}

/**
 * What is to happen to a desired object that exists: the planner's answer for a body, and preflight's when a dry-run
 * met an object that no list had shown.
 */
export function planExisting(
  { app, installation, claims }: Pick<PlanInput, 'app' | 'installation' | 'claims'>,
  { object, live, entry, hints }: Present,
): Change {
  const { ref } = object;
  const owner = { key: app.key, installation };
  if (stringAt(live.metadata, 'deletionTimestamp') !== undefined) {
    const message = 'it is being deleted; it is created again when that has ended';
    return { kind: 'keep', ref, reason: 'terminating', message, desired: object, live };
  }
  const adopts = proofOf(entry, live, owner) === 'theirs';
  const left = planLeftAlone({ object, live, adopts }, installation);
  if (left !== undefined) return left;
  const intention = intended({ desired: object.body(), live, hints, adopts }, { app, installation });
  const taking = adopts ? adoptionRefusal(live, owner, claims, app.spec.ownership) : undefined;
  if (taking?.reason === 'SharedResource') return leftToAnother(app, object, taking);
  const error = taking ?? intention.refusal;
  if (error !== undefined) return { kind: 'refuse', ref, error, desired: object };
  const change = changeFor({ object, live, adopts }, intention, { app, installation, claims });
  return heldByPolicy({ object, live }, change, installation);
}

/** Of two that desire an object one writes it; whether that spoils everything else of the other is its own choice. */
function leftToAnother({ spec }: Application, desired: DesiredObject, error: OperatorError): Change {
  const { ref } = desired;
  if (spec.syncOptions.failOnSharedResource) return { kind: 'refuse', ref, error, desired };
  return { kind: 'keep', ref, reason: 'shared', message: error.message, desired };
}

function changeFor(
  { object: desired, live, adopts }: Existing,
  { comparison: { verdict, differences, doubts, lost }, yielded: left }: Intention,
  rules: Replacing,
): Change {
  const { ref } = desired;
  const yielded = left.length === 0 ? {} : { yielded: left };
  switch (verdict) {
    case 'equal':
      return { kind: 'keep', ref, reason: 'inSync', message: '', desired, live, ...yielded };
    case 'doubtful':
      return { kind: 'undecided', ref, desired, live, question: 'equal', differences: doubts, adopts, ...yielded };
    case 'different':
      return { ...planDifference({ object: desired, live, differences, adopts }, rules), ...yielded };
    case 'ownershipLost':
      return {
        kind: 'update',
        ref,
        desired,
        live,
        differences: lost,
        adopts,
        ...yielded,
        ...(replacesWhole(desired.body(), rules) ? { whole: true } : {}),
      };
  }
}

function invalidity(object: DesiredObject): OperatorError | undefined {
  const [first, ...others] = checkObject(object.body(), object.origin);
  if (first === undefined || others.length === 0) return first;
  return new OperatorErrors([first, ...others]);
}

/** What we have written is ours to write, whoever else desires it. */
function sharing({ claims }: PlanInput, { object, entry }: Wanted): OperatorError | undefined {
  return entry === undefined || !wasWritten(entry) ? sharedRefusal(object.ref, claims) : undefined;
}

/** Neither the cluster serves the kind, nor does the same plan define it. */
function isMissing({ object, answer, defined }: Wanted): boolean {
  return answer.state === 'notServed' && !defined.has(groupKindKey(object.ref));
}

function awaitsKind({ app, installation }: PlanInput, object: DesiredObject): boolean {
  const own = optionOf(object.body(), 'SkipDryRunOnMissingResource', installation);
  return own === undefined ? app.spec.syncOptions.skipDryRunOnMissingResource : own === 'true';
}

function keptUntilServed(input: PlanInput, wanted: Wanted): Change | undefined {
  const { object: desired } = wanted;
  const { ref, apiVersion } = desired;
  if (!isMissing(wanted) || !awaitsKind(input, desired)) return undefined;
  const message = `the cluster does not serve ${ref.kind} in ${apiVersion}; it is applied when it does`;
  return { kind: 'keep', ref, reason: 'kindMissing', message, desired, missing: true };
}

function notServed(wanted: Wanted): OperatorError | undefined {
  if (!isMissing(wanted)) return undefined;
  const { ref, apiVersion, origin } = wanted.object;
  const message = `${describeOrigin(origin)}: ${describeRef(ref)}: the cluster does not serve ${ref.kind} in ${apiVersion}, and no CustomResourceDefinition for it is in the source: install it, or correct apiVersion and kind`;
  return new OperatorError(message, { step: 'plan', reason: 'KindNotServed', retry: 'interval', object: ref });
}

/** What may not be read cannot be compared: the dry-run of the others is all that is still sent. */
function unreadable({ object: { ref, origin }, answer }: Wanted): OperatorError | undefined {
  if (answer.state !== 'forbidden') return undefined;
  const message = `${describeRef(ref)} (${describeOrigin(origin)}): ${answer.why}: grant the permission to whom it names`;
  return new OperatorError(message, { step: 'plan', reason: 'Forbidden', retry: 'interval', object: ref });
}

/** Kinds of which the definition is desired; bodies are read only when a kind is not served. */
function kindsDefinedBy({ desired, live }: PlanInput): ReadonlySet<string> {
  if (![...live.values()].some(({ state }) => state === 'notServed')) return new Set();
  return new Set(
    desired.objects.filter(({ ref }) => isDefinition(ref)).map((object) => groupKindKey(kindDefinedBy(object.body()))),
  );
}
