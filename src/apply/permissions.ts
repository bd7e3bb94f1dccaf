import type { Action } from '../kube/cluster.ts';
import { objectAt, stringAt } from '../model/json.ts';
import type { OperatorError } from '../model/errors.ts';
import type { Ref, RefKey } from '../model/object.ts';
import { refKey } from '../model/object.ts';
import type { Change, Plan } from '../model/plan.ts';
import type { ApplyContext } from './context.ts';
import type { Provided } from './definitions.ts';
import { objectError } from './errors.ts';
import { inParallel } from './in-parallel.ts';

/** What a plan may not do, by object: asked of the server's authorizers before anything is written. */
export async function lackingPermissions(
  plan: Plan,
  provided: Provided,
  context: ApplyContext,
): Promise<ReadonlyMap<RefKey, OperatorError>> {
  const needs = plan.changes.flatMap((change) => actionsOf(change, plan, provided, context));
  const distinct = new Map(needs.map(({ action }) => [textOf(action), action]));
  const answers = await inParallel([...distinct], async ([text, action]) => ({
    text,
    isAllowed: await context.cluster.mayDo(action),
  }));
  const denied = new Set(answers.filter(({ isAllowed }) => !isAllowed).map(({ text }) => text));
  const asker = context.asker ?? "the operator's ServiceAccount";
  const lacking = needs.filter(({ action }) => denied.has(textOf(action)));
  // Of several permissions that one object lacks the first is named: who grants a kind grants its verbs together.
  return new Map(
    lacking.toReversed().map(({ change, action }) => [refKey(change.ref), refusal(change, action, asker)]),
  );
}

interface Need {
  readonly change: Change;
  readonly action: Action;
}

function actionsOf(change: Change, plan: Plan, provided: Provided, { cluster }: ApplyContext): Need[] {
  const needed = verbsOf(change, plan);
  if (needed.length === 0) return [];
  const { ref } = change;
  const found = cluster.kinds.find(ref, 'desired' in change ? change.desired.apiVersion : undefined);
  const resource = found.state === 'served' ? found.kind.resource : pluralIn(provided, ref);
  if (resource === undefined) return [];
  return needed.map((verb) => ({ change, action: { verb, group: ref.group, resource, namespace: ref.namespace } }));
}

/** Server-Side Apply of an object that is not there needs both verbs. Deletions that the guard holds back are not tried. */
function verbsOf(change: Change, { guard }: Plan): readonly Action['verb'][] {
  if ((change.kind === 'prune' || change.kind === 'replace') && guard !== undefined) return [];
  if (change.kind === 'update' && change.whole === true) return ['update', 'patch'];
  if (change.kind === 'undecided' && change.question === 'equal') return ['patch'];
  return verbs[change.kind];
}

const verbs: Readonly<Record<Change['kind'], readonly Action['verb'][]>> = {
  create: ['patch', 'create'],
  undecided: ['patch', 'create'],
  update: ['patch'],
  replace: ['delete', 'create', 'patch'],
  release: ['patch'],
  prune: ['delete'],
  forget: [],
  keep: [],
  refuse: [],
};

function pluralIn(provided: Provided, ref: Ref): string | undefined {
  return stringAt(objectAt(provided.definition(ref)?.['spec'], 'names'), 'plural');
}

function refusal(change: Change, { verb, group, resource, namespace }: Action, asker: string): OperatorError {
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const message = `${asker} cannot ${verb} resource "${resource}" in API group "${group}" ${where}: grant the permission`;
  const origin = 'desired' in change ? change.desired.origin : undefined;
  const doing = { step: 'preflight' as const, ref: change.ref, ...(origin === undefined ? {} : { origin }) };
  return objectError(doing, { message, reason: 'Forbidden', retry: 'interval' });
}

function textOf({ verb, group, resource, namespace }: Action): string {
  return `${verb} ${group} ${resource} ${namespace}`;
}
