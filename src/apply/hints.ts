import type { Hidden, Hints } from '../diff/diff.ts';
import { hiddenInAll, rulesFor } from '../diff/diff.ts';
import { OperatorError, OperatorErrors } from '../model/errors.ts';
import type { Application } from '../model/application.ts';
import { jsonEqual, numberAt, objectAt } from '../model/json.ts';
import type { ManagedEntry } from '../model/managed-fields.ts';
import { managedEntriesOf } from '../model/managed-fields.ts';
import type { KubeObject } from '../model/object.ts';
import { describeRef, refOf } from '../model/object.ts';
import type { Jq } from '../model/ports.ts';
import type { AutoscalerSources } from './autoscalers.ts';
import { Autoscalers } from './autoscalers.ts';
import { operatorErrorOf } from './errors.ts';
import { isUntracked } from './ownership.ts';

export interface HintSources extends AutoscalerSources {
  readonly app: Application;
  readonly jq: Jq;
}

/** Asks what has to be known before an object can be compared. The answer throws OperatorError when it is not known. */
export function createHints(sources: HintSources): (desired: KubeObject, live: KubeObject) => Promise<Hints> {
  const autoscalers = new Autoscalers(sources);
  return async (desired, live) => {
    const ignored = await ignoredByJq(desired, live, sources);
    const scaledBy = await scaledByOther(desired, live, autoscalers);
    return { ignored, ...(scaledBy === undefined ? {} : { scaledBy }) };
  };
}

async function ignoredByJq(desired: KubeObject, live: KubeObject, { app, jq }: HintSources): Promise<Hidden> {
  const rules = rulesFor(refOf(desired), app.spec.ignoreDifferences);
  const expressions = rules.flatMap(({ jqPathExpressions }) => jqPathExpressions);
  if (expressions.length === 0) return { desired: [], live: [] };
  const documents = [desired, withoutManagers(live)];
  return hiddenInAll(
    await Promise.all(
      expressions.map(async (expression) => {
        const answer = await jq.pathsIn(expression, documents);
        if (answer.kind === 'invalid') throw unusable(expression, answer.message);
        if (answer.kind === 'failed') throw tooMuch(expression, desired, answer.message);
        const [inDesired = [], inLive = []] = answer.paths;
        return { desired: inDesired, live: inLive };
      }),
    ),
  );
}

/** Most of many an object, and no rule looks at it. */
function withoutManagers(live: KubeObject): KubeObject {
  const rest = Object.entries(live.metadata).filter(([field]) => field !== 'managedFields');
  return { ...live, metadata: { ...Object.fromEntries(rest), name: live.metadata.name } };
}

/** Tells of expressions that can be used on no object, before there is one for them. Throws OperatorError. */
export async function checkExpressions({ spec }: Application, jq: Jq): Promise<void> {
  const expressions = new Set(spec.ignoreDifferences.flatMap(({ jqPathExpressions }) => jqPathExpressions));
  const errors: OperatorError[] = [];
  for (const expression of expressions) {
    const answer = await jq.pathsIn(expression, []);
    if (answer.kind === 'invalid') errors.push(unusable(expression, answer.message));
  }
  const [first, ...rest] = errors;
  if (first !== undefined) throw rest.length === 0 ? first : new OperatorErrors([first, ...rest]);
}

function unusable(expression: string, why: string): OperatorError {
  const message = `spec.ignoreDifferences: jq expression ${expression}: ${why}`;
  return new OperatorError(message, { step: 'spec', reason: 'InvalidSpec', retry: 'never' });
}

function tooMuch(expression: string, object: KubeObject, why: string): OperatorError {
  const ref = refOf(object);
  const message = `${describeRef(ref)}: spec.ignoreDifferences: jq expression ${expression}: ${why}`;
  return new OperatorError(message, { step: 'plan', reason: 'InvalidSpec', retry: 'interval', object: ref });
}

/** Only where the number of replicas differs from Git's, or would go because Git has none, does it matter who sets it. */
async function scaledByOther(
  desired: KubeObject,
  live: KubeObject,
  autoscalers: Autoscalers,
): Promise<string | undefined> {
  const present = numberAt(objectAt(live, 'spec'), 'replicas');
  const wanted = objectAt(desired, 'spec')['replicas'];
  if (present === undefined || jsonEqual(wanted, present)) return undefined;
  if (wanted === undefined && isDefaulted(live)) return undefined;
  try {
    return await autoscalers.of(live);
  } catch (error) {
    throw operatorErrorOf(error, { step: 'preflight', ref: refOf(desired) });
  }
}

/** Nobody has set the number, or only through `scale`: no write of ours removes it. Danger: wiped managedFields say nothing. */
function isDefaulted(live: KubeObject): boolean {
  const setsReplicas = ({ subresource, fields }: ManagedEntry): boolean =>
    subresource === '' && objectAt(fields, 'f:spec')['f:replicas'] !== undefined;
  return !isUntracked(live) && !managedEntriesOf(live).some(setsReplicas);
}
