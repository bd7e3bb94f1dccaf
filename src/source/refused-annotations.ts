import type { Origin } from '../model/desired.ts';
import { describeOrigin } from '../model/desired.ts';
import type { OperatorError } from '../model/errors.ts';
import type { JsonObject } from '../model/json.ts';
import { stringAt } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import { annotationsOf, describeRef, refOf } from '../model/object.ts';
import { policyNames, unknownPolicies } from '../model/object-policy.ts';
import { notYetSupported, renderError } from './failures.ts';

/** What may be written in an annotation; undefined = nothing is built for it yet. */
type Accepts = (value: string) => boolean;

const argoPrefix = 'argocd.argoproj.io/';

const off: Accepts = (value) => value.trim() === '' || value.trim() === 'false';

/** Options that this version honours, or that change nothing in how it works anyway. */
const syncOptions: ReadonlySet<string> = new Set([
  'Prune=false',
  'Prune=true',
  'Prune=confirm',
  'Delete=false',
  'Delete=true',
  'Delete=confirm',
  'PruneLast=false',
  'PruneLast=true',
  'Replace=true',
  'Replace=false',
  'Force=true',
  'Force=false',
  'SkipDryRunOnMissingResource=false',
  'SkipDryRunOnMissingResource=true',
  'Validate=true',
  'Validate=false',
  'ServerSideApply=true',
  'ServerSideApply=false',
  'ApplyOutOfSyncOnly=true',
  'ClientSideApplyMigration=true',
]);

const known: Accepts = (value) =>
  value
    .split(',')
    .map((option) => option.trim())
    .every((option) => option === '' || syncOptions.has(option));

/** Annotations in both spellings (`evenkeel.dev/…`, `argocd.argoproj.io/…`) that a later issue gives a meaning. */
const both: Readonly<Record<string, Accepts>> = {
  'sync-options': known,
  'compare-options': (value) => off(value) || value.trim() === 'IgnoreExtraneous',
};

const helm: Readonly<Record<string, Accepts>> = {
  'helm.sh/resource-policy': (value) => value.trim() === 'keep' || value.trim() === '',
};

const table: ReadonlyMap<string, Accepts> = new Map([
  ...Object.entries(both).flatMap(([name, accepts]) => [
    [`evenkeel.dev/${name}`, accepts] as const,
    [`${argoPrefix}${name}`, accepts] as const,
  ]),
  ...Object.entries(helm),
]);

/**
 * Refuses what a later version gives a meaning: applying such an object as if the annotation were not there would be
 * another deployment than the one that was asked for; and what means nothing. undefined when there is nothing to refuse.
 */
export function refusedAnnotation(object: KubeObject, origin: Origin): OperatorError | undefined {
  const annotations = annotationsOf(object);
  for (const name of Object.keys(annotations).sort()) {
    const value = stringAt(annotations, name) ?? '';
    const accepts = table.get(name);
    if (accepts === undefined || accepts(value) || isReplaced(name, annotations)) continue;
    return notYetSupported(
      `${describeOrigin(origin)}: ${describeRef(refOf(object))}: annotation ${name}: "${value}" is not supported yet; nothing is applied as if it were not there`,
    );
  }
  return unknownPolicy(object, origin);
}

/** A policy that is misspelt would leave an object without the protection that somebody meant to give it. */
function unknownPolicy(object: KubeObject, origin: Origin): OperatorError | undefined {
  const [unknown] = unknownPolicies(object);
  if (unknown === undefined) return undefined;
  const where = `${describeOrigin(origin)}: ${describeRef(refOf(object))}: annotation ${unknown.key}`;
  return renderError('InvalidObject', `${where}: expected ${policyNames.join(', ')}, got "${unknown.word}"`);
}

/** Our spelling, when present, replaces Argo CD's. */
function isReplaced(name: string, annotations: JsonObject): boolean {
  return name.startsWith(argoPrefix) && annotations[`evenkeel.dev/${name.slice(argoPrefix.length)}`] !== undefined;
}
