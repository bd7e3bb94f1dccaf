import type { DefinitionVerdict } from '../diff/diff.ts';
import { checkAgainstSchema, judgeDefinition } from '../diff/diff.ts';
import { ApiError } from '../model/api-error.ts';
import type { OperatorError } from '../model/errors.ts';
import { OperatorErrors } from '../model/errors.ts';
import type { KindSchema } from '../model/kind-schema.ts';
import { kindDefinedBy, schemaIn } from '../model/kind-schema.ts';
import { optionOf } from '../model/object-annotations.ts';
import type { KubeObject, RefKey } from '../model/object.ts';
import { describeRef, refKey, refOf } from '../model/object.ts';
import type { ChangeOf } from '../model/plan.ts';
import type { ApplyContext } from './context.ts';
import { requestOptions } from './context.ts';
import type { Doing } from './errors.ts';
import { objectError, operatorErrorOf } from './errors.ts';

type Update = ChangeOf<'update'>;

/** More instances than these are not looked at: it is said that some may not fit. */
const mostInstances = 500;
const mostNamed = 5;

/**
 * Looks at what the change of a CustomResourceDefinition means for the objects that exist. `written` are the objects that
 * the same plan writes: they will be as Git has them.
 *
 * Returns the change with what people have to know about it. Throws OperatorError (`UnsafeDefinition`) when it would lose
 * objects, or refuse some that exist (unless `Validate=false` says that this is meant).
 */
export async function checkDefinition(
  change: Update,
  written: ReadonlySet<RefKey>,
  context: ApplyContext,
): Promise<Update> {
  try {
    return await check(change, written, context);
  } catch (error) {
    throw operatorErrorOf(error, doing(change));
  }
}

async function check(change: Update, written: ReadonlySet<RefKey>, context: ApplyContext): Promise<Update> {
  const body = change.desired.body();
  const verdict = judgeDefinition(body, change.live);
  const [first, ...others] = verdict.refusals.map(({ path, problem }) => unsafe(change, `${path}: ${problem}`));
  if (first !== undefined) throw others.length === 0 ? first : new OperatorErrors([first, ...others]);
  const narrowed = mayRefuse(body, context) ? verdict.narrowed : [];
  const unknown = [];
  for (const one of narrowed) {
    const found = await misfits({ change, body, version: one.version, written }, context);
    if (found === 'unknown') unknown.push(sayNarrowed(one));
    else if (found.length > 0) throw unsafe(change, sayMisfits(found));
  }
  const warnings = [...verdict.warnings, ...unknown];
  return warnings.length === 0 ? change : { ...change, warnings };
}

function mayRefuse(body: KubeObject, { app, installation }: ApplyContext): boolean {
  const own = optionOf(body, 'Validate', installation);
  return own === undefined ? app.spec.syncOptions.validate : own !== 'false';
}

interface Question {
  readonly change: Update;
  readonly body: KubeObject;
  readonly version: string;
  readonly written: ReadonlySet<RefKey>;
}

/** What is wrong with the objects that exist and was not before, one sentence each; `unknown`: too many, or not for us. */
async function misfits(
  { change, body, version, written }: Question,
  context: ApplyContext,
): Promise<readonly string[] | 'unknown'> {
  const kind = kindDefinedBy(body);
  const apiVersion = `${kind.group}/${version}`;
  const [before, after] = [schemaIn(change.live, apiVersion), schemaIn(body, apiVersion)];
  const found = context.cluster.kinds.find(kind, apiVersion);
  if (before === undefined || after === undefined || found.state === 'gone') return [];
  if (found.state === 'unknown') return 'unknown';
  const wrong: string[] = [];
  let seen = 0;
  try {
    for await (const { items } of context.cluster.list(found.kind, requestOptions(context))) {
      seen += items.length;
      if (seen > mostInstances) return 'unknown';
      const others = items.filter((item) => !written.has(refKey(refOf(item))));
      wrong.push(...others.flatMap((item) => newFlaws(item, before, after)));
    }
    return wrong;
  } catch (error) {
    if (error instanceof ApiError && error.kind === 'forbidden') return 'unknown';
    throw error;
  }
}

function newFlaws(item: KubeObject, before: KindSchema, after: KindSchema): string[] {
  const known = new Set(checkAgainstSchema(item, before).map(({ path, problem }) => `${path}: ${problem}`));
  const [first] = checkAgainstSchema(item, after)
    .map(({ path, problem }) => `${path}: ${problem}`)
    .filter((flaw) => !known.has(flaw));
  return first === undefined ? [] : [`${describeRef(refOf(item))}: ${first}`];
}

function sayMisfits(found: readonly string[]): string {
  const more = found.length > mostNamed ? ` and ${found.length - mostNamed} more` : '';
  const named = found.slice(0, mostNamed).join('; ');
  return `the new definition refuses objects that exist and that this sync does not change: ${named}${more}. Change them first, or set sync-options: Validate=false on the definition if this is meant`;
}

function sayNarrowed({ version, where }: DefinitionVerdict['narrowed'][number]): string {
  const places = where.slice(0, mostNamed).map(({ path, problem }) => `${path === '' ? 'it' : path} ${problem}`);
  return `the schema of version ${version} allows less than before (${places.join(', ')}); whether all objects that exist fit it was not checked`;
}

function unsafe(change: Update, message: string): OperatorError {
  return objectError(doing(change), { message, reason: 'UnsafeDefinition', retry: 'interval' });
}

function doing({ ref, desired }: Update): Doing {
  return { step: 'preflight', ref, origin: desired.origin };
}
