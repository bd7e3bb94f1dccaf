import type { ApiError } from '../model/api-error.ts';
import type { DesiredObject } from '../model/desired.ts';
import { describeOrigin } from '../model/desired.ts';
import { OperatorError } from '../model/errors.ts';
import type { Installation } from '../model/installation.ts';
import { isControlled } from '../model/managed-fields.ts';
import type { KubeObject, Ref } from '../model/object.ts';
import { annotationsOf, describeRef } from '../model/object.ts';
import { hasPolicy, optionOn } from '../model/object-policy.ts';
import type { Change, FieldDifference } from '../model/plan.ts';
import { immutableCauses, immutableIn } from './immutable.ts';
import type { Claims } from './ownership.ts';
import type { Keeper } from './protection.ts';
import { deletionOf, isDefinition, isProtectedKind, pruningOf } from './protection.ts';

/** An object that is not as Git wants it. */
export interface Differing {
  readonly object: DesiredObject;
  readonly live: KubeObject;
  readonly differences: readonly FieldDifference[];
  /** It is not on our record: ours from now on. */
  readonly adopts: boolean;
}

export interface Replacing extends Keeper {
  readonly claims: Claims;
}

/**
 * How a difference is settled: by an update, as a whole (`Replace=true`), or by deleting and creating anew; refused
 * when only that would help and nothing allows it.
 */
export function planDifference(differing: Differing, rules: Replacing): Change {
  const { object, live, differences, adopts } = differing;
  const fields = immutableIn(live, differences);
  if (fields.length > 0) return replacement(differing, { fields, said: 'cannot be changed' }, rules);
  const body = object.body();
  const isWhole = replacesWhole(body, rules);
  const update = { kind: 'update', ref: object.ref, desired: object, live, differences, adopts } as const;
  if (!isWhole) return update;
  if (forcedBy(body, rules) === undefined || forbidden(differing, rules) !== undefined)
    return { ...update, whole: true };
  return { kind: 'replace', ref: object.ref, desired: object, live, differences, why: 'Replace=true, Force=true' };
}

/** `Replace=true`: of the object, else of the Application. */
export function replacesWhole(body: KubeObject, { app, installation }: Keeper): boolean {
  const own = optionOn(body, 'Replace', installation);
  return own === undefined ? app.spec.syncOptions.replace : own.value === 'true';
}

/** What cannot be changed, as we know it or in the words of the server. */
interface Obstacle {
  readonly fields: readonly string[];
  readonly said: string;
}

/** What comes of a refusal of the server that is about fields that cannot be changed; undefined when it is about others. */
export function replacementFor(error: ApiError, differing: Differing, rules: Replacing): Change | undefined {
  const causes = immutableCauses(error);
  if (causes.length === 0) return undefined;
  // What stands before the last colon is the value, which may be a whole template.
  const said = causes.map(({ message }) => message.slice(message.lastIndexOf(': ') + 1).trim());
  const fields = causes.map(({ field }) => field);
  return replacement(differing, { fields, said: `cannot be changed (${[...new Set(said)].join(', ')})` }, rules);
}

/** The replacement of an object of which fields cannot be changed, or why there is none. */
function replacement(differing: Differing, { fields, said }: Obstacle, rules: Replacing): Change {
  const { object, live, differences } = differing;
  const { ref } = object;
  const obstacle = `${fields.join(', ')} ${said}`;
  const allowed = allowedBy(object.body(), rules);
  const not = forbidden(differing, rules);
  if (allowed !== undefined && not === undefined)
    return { kind: 'replace', ref, desired: object, live, differences, why: `${obstacle}; ${allowed}` };
  const where = `${describeRef(ref)} (${describeOrigin(object.origin)})`;
  const message = `${where}: ${obstacle}. ${not === undefined ? howToAllow : `It is not deleted and created anew: ${not}`}`;
  const error = new OperatorError(message, { step: 'plan', reason: 'ImmutableField', retry: 'interval', object: ref });
  return { kind: 'refuse', ref, error, desired: object };
}

const howToAllow =
  'To have it deleted and created anew give it the annotation evenkeel.dev/policy: recreate-if-immutable, or sync-options: Force=true, or sync by hand with --force';

function allowedBy(body: KubeObject, rules: Replacing): string | undefined {
  return hasPolicy(body, 'recreate-if-immutable', rules.installation)
    ? 'policy recreate-if-immutable'
    : forcedBy(body, rules);
}

/** Of the object, else of a sync that somebody asked for. */
function forcedBy(body: KubeObject, { app, installation }: Keeper): string | undefined {
  const own = optionOn(body, 'Force', installation);
  if (own?.value === 'true') return own.where;
  return app.request?.force === true ? 'the sync was asked for with force' : undefined;
}

/** Why an object is never deleted to be created anew; undefined when it may be. */
function forbidden({ object, live, adopts }: Differing, rules: Replacing): string | undefined {
  const { claims } = rules;
  const { ref } = object;
  if (adopts) return 'it is not on the record of this Application';
  if (isControlled(live)) return 'a controller owns it';
  if (isLasting(ref, rules)) return `${ref.kind} is a protected kind`;
  const claimant = claims.claimedBy(ref);
  if (claimant !== undefined) return `Application ${claimant} claims it`;
  const verdicts = [live, object.body()].flatMap((one) => [pruningOf(one, rules), deletionOf(one, rules)]);
  return verdicts.find(({ permission }) => permission !== 'yes')?.why ?? hasFailed({ object, live }, rules);
}

/** The annotation that a put back object carries: the hash of the manifest that could not replace it. */
const failedAnnotation = 'replacement-failed';

/** The former object, marked so that the manifest with this hash does not replace it again. */
export function replacementFailed(former: KubeObject, hash: string, { prefix }: Installation): KubeObject {
  const annotations = { ...annotationsOf(former), [`${prefix}${failedAnnotation}`]: hash };
  return { ...former, metadata: { ...former.metadata, annotations } };
}

function hasFailed(
  { object, live }: Pick<Differing, 'object' | 'live'>,
  { installation }: Replacing,
): string | undefined {
  const key = `${installation.prefix}${failedAnnotation}`;
  if (annotationsOf(live)[key] !== object.hash) return undefined;
  return `that failed before, and the former object was put back (remove the annotation ${key} to try again)`;
}

/** Namespaces and definitions take along what others put there, whatever the guard protects. */
function isLasting(ref: Ref, { app }: Replacing): boolean {
  const isNamespace = ref.group === '' && ref.kind === 'Namespace';
  return isNamespace || isDefinition(ref) || isProtectedKind(ref, app.spec.guard.protectedKinds);
}
