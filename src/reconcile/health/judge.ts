import type { KnownApplication } from '../../model/application.ts';
import { describeDuration, rfc3339 } from '../../model/duration.ts';
import type { Health, ObjectHealth } from '../../model/health.ts';
import type { GroupKind } from '../../model/object.ts';
import { groupKindKey } from '../../model/object.ts';
import type { Ports } from '../ports.ts';
import type { Standing } from './progress.ts';
import type { Suffering } from './root-cause.ts';

export interface Judged {
  readonly app: Pick<KnownApplication, 'key' | 'status'>;
  /** 0 = for ever. */
  readonly progressMs: number;
  readonly objects: readonly ObjectHealth[];
}

type JudgePorts = Pick<Ports, 'live' | 'progress' | 'rootCauses' | 'judgeAgain'>;

/**
 * What objects say of themselves, made into the verdict on them: one that makes no progress for too long is Degraded,
 * and one that does not work says why, as far as what it owns tells.
 */
export async function judge(
  { app, progressMs, objects }: Judged,
  ports: JudgePorts,
  signal: AbortSignal,
): Promise<readonly ObjectHealth[]> {
  const generationOf = (ref: ObjectHealth['ref']): number => ports.live.observation(ref)?.generation ?? 0;
  const standings = ports.progress.observe(app, objects, generationOf);
  const suffering = objects.map((object, index) => sufferingOf(object, standings[index], progressMs));
  await ports.rootCauses.look(
    app.key,
    suffering.filter((one) => one !== undefined),
    signal,
  );
  const dues = suffering.map((one) => (one === undefined ? undefined : dueInMs(one, ports, app, progressMs)));
  ports.judgeAgain.set(app.key, Math.min(Number.POSITIVE_INFINITY, ...dues.filter((due) => due !== undefined)));
  return objects.map((object, index) => {
    const one = suffering[index];
    return one === undefined ? object : verdictOn(object, one, ports.rootCauses.textOf(app.key, one), progressMs);
  });
}

/** What waits for an object need not wait for one that makes no progress any more. */
export function judgeWait(ref: ObjectHealth['ref'], health: Health, ageMs: number, progressMs: number): Health {
  const isOverdue = health.status === 'Progressing' && progressMs > 0 && ageMs >= progressMs;
  if (!isOverdue || runsToAnEnd.has(kindOf(ref))) return health;
  return { status: 'Degraded', message: lateWords(progressMs, health.message) };
}

function lateWords(progressMs: number, message: string): string {
  return `no progress for ${describeDuration(progressMs)}: ${message}`;
}

type Sufferer = Suffering & { readonly isOverdue: boolean };

function sufferingOf(object: ObjectHealth, standing: Standing | undefined, progressMs: number): Sufferer | undefined {
  if (standing === undefined) return undefined;
  const isOverdue = object.status === 'Progressing' && progressMs > 0 && standing.ageMs >= progressMs;
  return { ref: object.ref, standing, isOverdue, isDegraded: isOverdue || object.status === 'Degraded' };
}

/** What runs until it is done makes no progress that could be seen: it is late only when something keeps it from running. */
const runsToAnEnd: ReadonlySet<string> = new Set(['/Pod', 'batch/Job', 'batch/CronJob']);

function isLate({ ref, isOverdue }: Sufferer, cause: string): boolean {
  return isOverdue && (cause !== '' || !runsToAnEnd.has(kindOf(ref)));
}

function kindOf({ group, kind }: GroupKind): string {
  return groupKindKey({ group, kind });
}

function verdictOn(object: ObjectHealth, one: Sufferer, cause: string, progressMs: number): ObjectHealth {
  const since = rfc3339(one.standing.since);
  const message = withCause(object.message, cause);
  if (!isLate(one, cause)) return { ...object, message, since };
  return {
    ...object,
    status: 'Degraded',
    message: lateWords(progressMs, message),
    since,
  };
}

/** Some rules have quoted the same words already: `0 of 2 updated; FailedCreate: …exceeded quota: …`. */
function withCause(message: string, cause: string): string {
  const words = cause.slice(cause.indexOf(': ') + 1);
  return cause === '' || message.includes(words) ? message : `${message}: ${cause}`;
}

function dueInMs(
  one: Sufferer,
  { rootCauses }: JudgePorts,
  { key }: Judged['app'],
  progressMs: number,
): number | undefined {
  const look = rootCauses.dueInMs(key, one);
  const deadline = one.isDegraded || progressMs === 0 ? undefined : progressMs - one.standing.ageMs;
  if (look === undefined || deadline === undefined) return look ?? deadline;
  return Math.min(look, deadline);
}
