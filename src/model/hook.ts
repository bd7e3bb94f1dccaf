import type { Installation } from './installation.ts';
import type { JsonObject } from './json.ts';
import { stringAt } from './json.ts';
import type { FoundAnnotation } from './object-annotations.ts';
import { annotationIn, listedIn } from './object-annotations.ts';

/** When hooks run: around a sync, after one that failed, around the deletion of an Application. */
export type HookPhase = 'PreSync' | 'Sync' | 'PostSync' | 'SyncFail' | 'PreDelete' | 'PostDelete';

export type HookDeletePolicy = 'BeforeHookCreation' | 'HookSucceeded' | 'HookFailed';

/** A time at which a hook runs; Helm's may be for the first sync, or for all others, only. */
export interface HookTime {
  readonly phase: HookPhase;
  readonly only?: Release;
}

export type Release = 'install' | 'upgrade';

/** What makes an object a hook. */
export interface Hook {
  readonly times: readonly HookTime[];
  readonly deletes: readonly HookDeletePolicy[];
  /** The manifest has `generateName`: the name is what names begin with. */
  readonly generated: boolean;
}

/** What a manifest is, by its annotations. */
export type Role =
  | { readonly kind: 'object' }
  /** Never applied: `Skip`, or a hook of Helm's commands `test` and `rollback`. */
  | { readonly kind: 'skip' }
  | { readonly kind: 'hook'; readonly times: readonly HookTime[]; readonly deletes: readonly HookDeletePolicy[] }
  | { readonly kind: 'wrong'; readonly message: string };

const phases: ReadonlySet<string> = new Set<HookPhase>([
  'PreSync',
  'Sync',
  'PostSync',
  'SyncFail',
  'PreDelete',
  'PostDelete',
]);

const deletePolicies: readonly HookDeletePolicy[] = ['BeforeHookCreation', 'HookSucceeded', 'HookFailed'];

const helmTimes: Readonly<Record<string, HookTime>> = {
  'pre-install': { phase: 'PreSync', only: 'install' },
  'pre-upgrade': { phase: 'PreSync', only: 'upgrade' },
  'post-install': { phase: 'PostSync', only: 'install' },
  'post-upgrade': { phase: 'PostSync', only: 'upgrade' },
  'pre-delete': { phase: 'PreDelete' },
  'post-delete': { phase: 'PostDelete' },
};

/** Hooks of Helm's commands `test` and `rollback`, which there are none of here. */
const otherCommands = new Set(['test', 'test-success', 'test-failure', 'pre-rollback', 'post-rollback']);

type Prefix = Pick<Installation, 'prefix'>;

/** The role that annotations give an object: ours, else Argo CD's, else Helm's. */
export function roleOf(annotations: JsonObject, installation: Prefix): Role {
  const found = annotationIn(annotations, 'hook', installation);
  const words = listedIn(found);
  if (found === undefined || words.length === 0) return helmRole(annotations, installation);
  if (words.every((word) => word === 'Skip')) return { kind: 'skip' };
  const unknown = words.find((word) => !isPhase(word));
  if (unknown !== undefined) return wrong(found, unknown, [...phases, 'Skip (alone)']);
  const times = [...new Set(words.filter(isPhase))].map((phase) => ({ phase }));
  return hookAt(times, annotations, installation);
}

function helmRole(annotations: JsonObject, installation: Prefix): Role {
  const found = helmAnnotation(annotations, 'helm.sh/hook');
  const words = listedIn(found).map((word) => word.toLowerCase());
  if (found === undefined || words.length === 0 || words.includes('crd-install')) return { kind: 'object' };
  const unknown = words.find((word) => helmTimes[word] === undefined && !otherCommands.has(word));
  if (unknown !== undefined) return wrong(found, unknown, [...Object.keys(helmTimes), 'crd-install', ...otherCommands]);
  const times = mergedTimes(words.flatMap((word) => helmTimes[word] ?? []));
  return times.length === 0 ? { kind: 'skip' } : hookAt(times, annotations, installation);
}

function hookAt(times: readonly HookTime[], annotations: JsonObject, installation: Prefix): Role {
  const own = annotationIn(annotations, 'hook-delete-policy', installation);
  const found = own ?? helmAnnotation(annotations, 'helm.sh/hook-delete-policy');
  const words = listedIn(found);
  const unknown = words.find((word) => policyOf(word) === undefined);
  if (found !== undefined && unknown !== undefined) return wrong(found, unknown, deletePolicies);
  const deletes = words.map(policyOf).filter((policy) => policy !== undefined);
  return { kind: 'hook', times, deletes: deletes.length === 0 ? ['BeforeHookCreation'] : deletes };
}

/** In Argo CD's spelling, or Helm's. */
function policyOf(word: string): HookDeletePolicy | undefined {
  return deletePolicies.find((policy) => policy === word || kebab(policy) === word.toLowerCase());
}

function kebab(policy: HookDeletePolicy): string {
  return policy.replaceAll(/(?<!^)[A-Z]/g, '-$&').toLowerCase();
}

/** What is for both the first sync and all others is for every one. */
function mergedTimes(times: readonly HookTime[]): HookTime[] {
  const ofPhase = Map.groupBy(times, ({ phase }) => phase);
  return [...ofPhase].map(([phase, same]) => {
    const only = new Set(same.map((time) => time.only));
    const [first] = only;
    return only.size > 1 || first === undefined ? { phase } : { phase, only: first };
  });
}

function helmAnnotation(annotations: JsonObject, key: string): FoundAnnotation | undefined {
  const value = stringAt(annotations, key);
  return value === undefined ? undefined : { key, value };
}

function wrong(
  { key, value }: FoundAnnotation,
  word: string,
  known: readonly string[],
): Extract<Role, { kind: 'wrong' }> {
  const which = word === value.trim() ? '' : ` (in "${value}")`;
  return { kind: 'wrong', message: `annotation ${key}: "${word}"${which} is none of ${known.join(', ')}` };
}

function isPhase(word: string): word is HookPhase {
  return phases.has(word);
}

/**
 * Helm's weight of a hook, where nothing gives it a wave; undefined when it has none. Text that is no integer is NaN.
 */
export function hookWeight(annotations: JsonObject, installation: Prefix): number | undefined {
  if (annotationIn(annotations, 'sync-wave', installation) !== undefined) return undefined;
  const text = stringAt(annotations, 'helm.sh/hook-weight')?.trim();
  if (text === undefined || text === '') return undefined;
  return /^[-+]?\d+$/.test(text) ? Number(text) : Number.NaN;
}
