import type { Application, ApplicationStatus, HistoryEntry, Hold } from '../../model/application.ts';
import type { Desired } from '../../model/desired.ts';
import { nothingDesired } from '../../model/desired.ts';
import { OperatorError } from '../../model/errors.ts';
import { joinRevisions } from '../../model/revision.ts';
import { asWritten } from './as-written.ts';
import type { Ports } from '../ports.ts';

/** Goes to another revision than the newest one and stays there, or wants to. */
export function isHeld({ hold, request }: Application): boolean {
  return hold !== undefined || request?.rollback !== undefined;
}

/**
 * What the held revision wants: the objects as they were applied then, while they are cached; else rendered again, and
 * taken when they are the same or the user accepts the others. Throws OperatorError.
 */
export async function loadHeld(app: Application, ports: Ports, signal: AbortSignal): Promise<Desired> {
  const { hold } = app;
  if (hold === undefined) throw unknownEntry(app);
  const found = (await openHeld(app, hold, ports)) ?? (await renderHeld(app, hold, ports, signal));
  const ahead = await aheadOf(app, found, ports, signal);
  return { ...found, ...(ahead === undefined ? {} : { ahead }) };
}

function unknownEntry({ request, status: { history = [] } }: Application): OperatorError {
  const ids = history.map(({ id }) => id).join(', ');
  const message = `operation.rollback.id: status.history has no entry ${request?.rollback?.id ?? ''}; it has ${ids === '' ? 'none' : ids}`;
  return new OperatorError(message, { step: 'spec', reason: 'InvalidSpec', retry: 'never' });
}

async function openHeld(app: Application, hold: Hold, ports: Ports): Promise<Desired | undefined> {
  const { digest } = hold;
  if (digest === undefined || ports.asks.of(app).refresh === 'hard') return undefined;
  const artefact = await ports.source.artefacts.open(digest);
  if (artefact === undefined) return undefined;
  const { sourceType, sourceTypes = sourceType === undefined ? [] : [sourceType] } = app.status;
  const revision = joinRevisions(hold.revisions);
  return { ...nothingDesired, revision, ...artefact, sourceTypes, ...originOf(app.status, digest) };
}

function originOf({ history = [] }: ApplicationStatus, digest: string): Pick<Desired, 'chartVersions' | 'about'> {
  const {
    chartVersions = [],
    author,
    committedAt,
    subject,
  }: Partial<HistoryEntry> = history.findLast((entry) => entry.digest === digest) ?? {};
  if (author === undefined || committedAt === undefined || subject === undefined) return { chartVersions };
  return { chartVersions, about: { author, date: committedAt, subject } };
}

async function renderHeld(app: Application, hold: Hold, ports: Ports, signal: AbortSignal): Promise<Desired> {
  const [named, wanted] = [hold.revisions.length, app.spec.sources.length];
  if (named !== wanted) {
    const message = `metadata.annotations[evenkeel.dev/hold]: names ${named} revisions for ${wanted} sources; separate them by commas`;
    throw new OperatorError(message, { step: 'spec', reason: 'InvalidSpec', retry: 'never' });
  }
  const { refresh } = ports.asks.of(app);
  const ask = { revisions: hold.revisions, ...(refresh === undefined ? {} : { refresh }) };
  const desired = await ports.source.load(app, ask, signal);
  const accepted = [undefined, desired.digest];
  if (accepted.includes(hold.digest) || app.request?.rollback?.acceptDigest === desired.digest) return desired;
  throw digestDiffers(hold, desired);
}

function digestDiffers({ digest = '', asked }: Hold, found: Desired): OperatorError {
  const message = `revision ${asked} was applied as digest ${digest} and is rendered to ${found.digest} now; nothing is written. To accept that, roll back with acceptDigest ${found.digest}`;
  return new OperatorError(message, { step: 'render', reason: 'DigestDiffers', retry: 'never' });
}

/** The newest revision, when it is not what is held; one that cannot be rendered counts as another one. */
async function aheadOf(
  app: Application,
  held: Desired,
  ports: Ports,
  signal: AbortSignal,
): Promise<string | undefined> {
  const newest = await newestOf(app, ports, signal);
  if (newest !== undefined) return newest.digest === held.digest ? undefined : newest.revision;
  const revision = ports.source.newestRevision(app.key);
  return revision === held.revision ? undefined : revision;
}

/** What would be applied without a hold; undefined when it cannot be rendered at present. */
export async function newestOf(app: Application, ports: Ports, signal: AbortSignal): Promise<Desired | undefined> {
  try {
    return await ports.source.load(asWritten(app), {}, signal);
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return undefined;
  }
}
