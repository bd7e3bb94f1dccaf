import type { KubeObject, Ref } from '../model/object.ts';
import { describeRef } from '../model/object.ts';
import type { Yielded } from '../model/differences.ts';
import type { Change, ChangeOf, FieldDifference, Plan } from '../model/plan.ts';
import { plain } from './path.ts';

/** Longer values are cut: a plan is read by people. */
const widest = 60;

/** What comes of a change, in the order and the words of the summary. */
const effects = {
  create: 'to create',
  update: 'to update',
  replace: 'to delete and create anew',
  delete: 'to delete',
  release: 'to let go',
  forget: 'gone already',
  refuse: 'refused',
  keep: 'kept',
  unchanged: 'unchanged',
} as const;

type Effect = keyof typeof effects;

/** What carrying out a plan would do to the cluster. */
const acts: ReadonlySet<Effect> = new Set(['create', 'update', 'replace', 'delete', 'release']);

/** One change as people read it. Values of Secrets are masked in its differences, and only there. */
export interface Reading {
  readonly effect: Effect;
  readonly note?: string;
  readonly differences?: readonly FieldDifference[];
  /** The object as it is; absent: there is none, or nothing happens to it. */
  readonly before?: KubeObject;
  /** As Git wants it. */
  readonly after?: () => KubeObject;
}

/** How each kind of change reads. */
const readings: { readonly [K in Change['kind']]: (change: ChangeOf<K>) => Reading } = {
  create: ({ desired }) => ({ effect: 'create', after: () => desired.body() }),
  update: ({ desired, live, differences, adopts, warnings = [] }) => ({
    ...{ effect: 'update', differences, before: live, after: () => desired.body() },
    note: [...(adopts ? ['takes over what exists'] : []), ...warnings].join('; '),
  }),
  undecided: ({ question, desired, live, differences }) => ({
    ...{ effect: live === undefined ? 'create' : 'update', differences, after: () => desired.body() },
    ...(live === undefined ? {} : { before: live }),
    note: question === 'exists' ? 'if it is not there' : 'if it differs',
  }),
  replace: ({ desired, live, differences, why }) => ({
    ...{ effect: 'replace', note: why, differences, before: live, after: () => desired.body() },
  }),
  prune: ({ live }) => ({ effect: 'delete', before: live }),
  release: ({ why }) => ({ effect: 'release', note: why }),
  forget: () => ({ effect: 'forget' }),
  keep: ({ reason, message }) =>
    reason === 'inSync' ? { effect: 'unchanged' } : { effect: 'keep', note: `${reason}: ${message}` },
  refuse: ({ error }) => ({ effect: 'refuse', note: `${error.reason}: ${error.message}` }),
};

export function read<K extends Change['kind']>(kind: K, change: ChangeOf<K>): Reading {
  return readings[kind](change);
}

/** One object of a printed plan. */
export interface PlanRow {
  readonly effect: Effect;
  readonly ref: Ref;
  /** Why, or on what condition; often empty. */
  readonly note: string;
  readonly differences: readonly FieldDifference[];
  /** Fields of Git that stay as their owners have them. */
  readonly yielded: readonly Yielded[];
}

/** A row for every object that does not simply stay as Git has it, in the order of the plan. */
export function planRows({ changes }: Pick<Plan, 'changes'>): readonly PlanRow[] {
  return changes.flatMap((change) => {
    const { effect, note = '', differences = [] } = read(change.kind, change);
    const yielded = ('yielded' in change ? change.yielded : undefined) ?? [];
    const isPlain = effect === 'unchanged' && yielded.length === 0;
    return isPlain ? [] : [{ effect, ref: change.ref, note, differences, yielded }];
  });
}

/** How many objects each effect has; effects without objects are left out. */
export function countEffects({ changes }: Pick<Plan, 'changes'>): Readonly<Record<string, number>> {
  const found = changes.map((change) => read(change.kind, change).effect);
  const counts = Object.keys(effects).map((effect) => [effect, found.filter((one) => one === effect).length] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

/** `3 to create, 1 to update, 2 to delete (guarded), 40 unchanged`. */
export function summaryOf(plan: Pick<Plan, 'changes' | 'guard'>): string {
  const counts = countEffects(plan);
  const parts = Object.entries(effects).flatMap(([effect, words]) => {
    const held = effect === 'delete' && plan.guard !== undefined ? ' (guarded)' : '';
    return counts[effect] === undefined ? [] : [`${counts[effect]} ${words}${held}`];
  });
  return parts.join(', ') || 'no objects';
}

/** Whether carrying the plan out would change something in the cluster. */
export function isActive({ changes }: Pick<Plan, 'changes'>): boolean {
  return changes.some((change) => acts.has(read(change.kind, change).effect));
}

/** `spec.replicas: 5 → 3`. */
export function describeField({ path, desired, live, who, migrated, reclaimed }: FieldDifference): string {
  const from = live === undefined ? '(absent)' : cut(plain(live));
  const isReleased = who.length > 0 && migrated !== true && reclaimed !== true;
  const to = desired === undefined ? (isReleased ? '(released)' : '(removed)') : cut(plain(desired));
  return `${path}: ${from} → ${to}`;
}

/** `kubectl/Update scale`. */
export function describeOwners({ who }: FieldDifference): string {
  return who
    .map(({ manager, operation, subresource }) => `${manager}/${operation} ${subresource}`.trimEnd())
    .join(', ');
}

function cut(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > widest ? `${line.slice(0, widest - 1)}…` : line;
}

/** `Deployment.apps shop/web`, as a name for files: `Deployment.apps/shop/web`. */
export function fileNameOf(ref: Ref): string {
  return describeRef(ref).replace(' ', '/');
}
