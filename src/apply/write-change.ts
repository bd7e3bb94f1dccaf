import type { Intention } from '../diff/diff.ts';
import { describeTakeover, takesOver as isTakenOver, planExisting } from '../diff/diff.ts';
import { stringAt } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import { refKey, uidOf } from '../model/object.ts';
import type { ChangeResult, Override } from '../model/outcome.ts';
import type { Change, ChangeOf, FieldDifference } from '../model/plan.ts';
import type { ApplyContext } from './context.ts';
import { requestOptions } from './context.ts';
import type { Complaint, Doing } from './errors.ts';
import { objectError, operatorErrorOf } from './errors.ts';
import { hintsOn, intend } from './intend.ts';
import { overridesIn } from './overridden.ts';
import { replaceObject } from './replace.ts';
import { entryOf, isFieldConflict, isStale, writeObject } from './write.ts';
import { writeWhole } from './write-whole.ts';

/** A change that is decided: it writes. */
export type Decided = InPlace | ChangeOf<'replace'>;

type InPlace = ChangeOf<'create'> | ChangeOf<'update'>;

export function isDecided(change: Change): change is Decided {
  return change.kind === 'create' || change.kind === 'update' || change.kind === 'replace';
}

/** How often an object is looked at anew because somebody wrote it between our look and our write. */
const looks = 5;

const contested: Complaint = {
  message: 'it is written by somebody else all the time; the operator tries again',
  reason: 'SyncFailed',
  retry: 'backoff',
};

const changedMeanwhile: Complaint = {
  message: 'it changed meanwhile and would have to be deleted and created anew; the operator plans anew',
  reason: 'SyncFailed',
  retry: 'backoff',
};

const terminating: Complaint = {
  message: 'it is being deleted; it is applied again when that has ended',
  reason: 'Terminating',
  retry: 'backoff',
};

export interface ChangeWritten {
  readonly result: ChangeResult;
  readonly overrides: readonly Override[];
}

/**
 * Carries out one creation or update. An object that is not as it was planned with (written, created or recreated
 * meanwhile) is read and planned anew. Never throws for what the server says: that is a `failed` result.
 */
export async function writeChange(change: Decided, context: ApplyContext): Promise<ChangeWritten> {
  if (change.kind === 'replace') return { result: await replaceObject(change, context), overrides: [] };
  return writeLooking(change, context);
}

async function writeLooking(change: InPlace, context: ApplyContext): Promise<ChangeWritten> {
  try {
    let next = change;
    for (let look = 0; look < looks; look++) {
      const written = await attempt(next, context);
      if (written !== 'stale') return saying(written, messagesOf(change, next, context));
      const anew = await lookAgain(next, context);
      if (anew.kind !== 'create' && anew.kind !== 'update') return { result: anew, overrides: [] };
      next = anew;
    }
    throw objectError(doing(change), contested);
  } catch (error) {
    return { result: { kind: 'failed', change, error: operatorErrorOf(error, doing(change)) }, overrides: [] };
  }
}

/** What is taken over is told as it was planned: a look after a migration that went through does not see it any more. */
function saying({ result, overrides }: ChangeWritten, messages: readonly (string | undefined)[]): ChangeWritten {
  const said = messages.filter((message) => message !== undefined).join('; ');
  if (result.kind !== 'applied' || said === '') return { result, overrides };
  return { result: { ...result, message: said }, overrides };
}

/** `stale`: the object is not the one that the change was planned with. */
async function attempt(change: InPlace, context: ApplyContext): Promise<ChangeWritten | 'stale'> {
  const { ref, desired } = change;
  const live = change.kind === 'update' ? change.live : undefined;
  const { body, whole, reclaims } = await toSend(change, context);
  try {
    const how = { force: live !== undefined, takesOver: takesOver(change), reclaims };
    const order = { ref, body, desired: desired.hash, live, ...how };
    const { object, entry } = await (whole && live !== undefined
      ? writeWhole({ ...order, live }, context)
      : writeObject(order, context));
    if (stringAt(object.metadata, 'deletionTimestamp') !== undefined) throw objectError(doing(change), terminating);
    const result = { kind: 'applied' as const, change, object, entry };
    return { result, overrides: overridesIn(ref, body, object, context) };
  } catch (error) {
    if (isStale(error) || isFieldConflict(error)) return 'stale';
    throw error;
  }
}

/** What is sent over what is there; of an object of which something is left to others never the whole. */
async function toSend(
  change: InPlace,
  context: ApplyContext,
): Promise<Pick<Intention, 'body' | 'reclaims'> & { readonly whole: boolean }> {
  const desired = change.desired.body();
  if (change.kind === 'create') return { body: desired, whole: false, reclaims: [] };
  const { body, refusal, reclaims } = await intend({ desired, live: change.live, adopts: change.adopts }, context);
  if (refusal !== undefined) throw refusal;
  return { body, whole: change.whole === true && body === desired, reclaims };
}

/** What the newest look says: a change to carry out, or what became of it without one. */
async function lookAgain(change: InPlace, context: ApplyContext): Promise<InPlace | ChangeResult> {
  const { ref, desired } = change;
  const live = await context.cluster.read({ ...ref, apiVersion: desired.apiVersion }, requestOptions(context));
  if (live === undefined) return { kind: 'create', ref, desired };
  const isSame = change.kind === 'update' && uidOf(live) === uidOf(change.live);
  if (isSame && stringAt(live.metadata, 'deletionTimestamp') === undefined) return { ...change, live };
  return planAnew(change, live, context);
}

async function planAnew(change: InPlace, live: KubeObject, context: ApplyContext): Promise<InPlace | ChangeResult> {
  const entry = context.app.record.find((recorded) => refKey(recorded.ref) === refKey(change.ref));
  const hints = await hintsOn(change.desired.body(), live, context);
  const anew = planExisting(context, { object: change.desired, live, entry, hints });
  switch (anew.kind) {
    case 'create':
    case 'update':
      return anew;
    case 'undecided':
      return { ...anew, kind: 'update', live };
    case 'refuse':
      return { kind: 'failed', change, error: anew.error };
    case 'keep':
      return keptAnew(change, anew, { live, context });
    case 'replace':
      throw objectError(doing(change), changedMeanwhile);
    case 'prune':
    case 'release':
    case 'forget':
      throw new Error(`an existing desired object was planned as ${anew.kind}`);
  }
}

/** What other tools own becomes ours when we take the object, and when Git drops a field that they share. */
function takesOver(change: InPlace): boolean {
  return change.kind === 'update' && (change.adopts || isTakenOver(change.differences));
}

function rulesOf({ app, installation }: ApplyContext): Parameters<typeof describeTakeover>[1] {
  return { policy: app.spec.ownership, installation };
}

function keptAnew(
  change: InPlace,
  anew: ChangeOf<'keep'>,
  { live, context }: { readonly live: KubeObject; readonly context: ApplyContext },
): ChangeResult {
  if (anew.reason === 'terminating') throw objectError(doing(change), terminating);
  if (anew.reason !== 'inSync') return { kind: 'kept', change: anew };
  const entry = entryOf({ ref: change.ref, desired: change.desired.hash }, live, context);
  return { kind: 'kept', change: anew, entry };
}

function isDropped({ desired, base }: FieldDifference): boolean {
  return desired === undefined && base !== undefined;
}

/** Fields that Git dropped and that stay, because somebody else owns them, too. */
function releasedTo(change: InPlace): string | undefined {
  if (change.kind === 'create') return undefined;
  const kept = change.differences.filter(
    (difference) => isDropped(difference) && difference.migrated !== true && difference.who.length > 0,
  );
  if (kept.length === 0) return undefined;
  return kept.map(({ path, who }) => `${path} is kept by ${who.map(({ manager }) => manager).join(', ')}`).join('; ');
}

/** Fields that Git never had and that go, because of who added them. */
function reclaimedFrom(change: InPlace): string | undefined {
  if (change.kind === 'create') return undefined;
  const added = change.differences.filter(({ reclaimed }) => reclaimed === true);
  if (added.length === 0) return undefined;
  return `removed what others had added: ${added.map((one) => `${one.path} (${managersOf(one)})`).join(', ')}`;
}

function managersOf({ who }: FieldDifference): string {
  return who.map(({ manager }) => manager).join(', ');
}

function messagesOf(planned: InPlace, done: InPlace, context: ApplyContext): readonly (string | undefined)[] {
  const takeover = describeTakeover(planned, rulesOf(context));
  return [takeover, releasedTo(done), reclaimedFrom(planned), ...warningsOf(planned)];
}

function warningsOf(change: InPlace): readonly string[] {
  return change.kind === 'update' ? (change.warnings ?? []) : [];
}

function doing({ ref, desired }: InPlace): Doing {
  return { step: 'apply', ref, origin: desired.origin };
}
