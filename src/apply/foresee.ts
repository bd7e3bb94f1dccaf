import type { Hints } from '../diff/diff.ts';
import { OperatorError } from '../model/errors.ts';
import type { Application } from '../model/application.ts';
import type { Desired, DesiredObject } from '../model/desired.ts';
import type { LiveAnswer } from '../model/live.ts';
import type { RefKey } from '../model/object.ts';
import { refKey } from '../model/object.ts';
import type { Jq } from '../model/ports.ts';
import type { ApplyContext } from './context.ts';
import { checkExpressions } from './hints.ts';

interface Sight {
  readonly app: Application;
  readonly desired: Desired;
  readonly live: ReadonlyMap<RefKey, LiveAnswer>;
}

interface Foresight {
  readonly hints: ReadonlyMap<RefKey, Hints>;
  readonly live: ReadonlyMap<RefKey, LiveAnswer>;
}

/**
 * What has to be asked before the objects whose bodies were read can be compared. One that cannot be compared at present
 * counts as unknown, so that nothing of it is written.
 * Throws OperatorError (`InvalidSpec`) for an expression that can be used on no object.
 */
export async function foresee({ app, desired, live }: Sight, context: ApplyContext, jq: Jq): Promise<Foresight> {
  const hints = new Map<RefKey, Hints>();
  const answers = new Map(live);
  if (app.deleting) return { hints, live };
  await checkExpressions(app, jq);
  for (const object of desired.objects) {
    const key = refKey(object.ref);
    const answer = live.get(key);
    if (answer?.state !== 'body') continue;
    const found = await hintsOrWhy(object, answer, context);
    if (typeof found === 'string') answers.set(key, { state: 'unknown', why: found });
    else if (found !== undefined) hints.set(key, found);
  }
  return { hints, live: answers };
}

async function hintsOrWhy(
  object: DesiredObject,
  { object: live }: Extract<LiveAnswer, { state: 'body' }>,
  context: ApplyContext,
): Promise<Hints | string | undefined> {
  try {
    return await context.hints?.(object.body(), live);
  } catch (error) {
    if (!(error instanceof OperatorError) || error.step === 'spec') throw error;
    return error.message;
  }
}
