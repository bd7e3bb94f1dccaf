import { annotationOn } from './application-annotations.ts';
import type { Application, HistoryEntry, Hold, KnownApplication, SyncRequest } from './application.ts';
import { readShownSources } from './history-source.ts';
import type { Installation } from './installation.ts';
import { revisionIn, splitRevisions } from './revision.ts';

type Known = Pick<KnownApplication, 'annotations' | 'status'>;

/**
 * The revision that stands in place of the newest one: that of a rollback, else that of the annotation `hold`. A request
 * that names revisions or sources of its own goes there.
 */
export function holdNow(request: SyncRequest | undefined, known: Known, installation: Installation): Hold | undefined {
  if (request?.rollback !== undefined) return rollbackTo(request.rollback, request, known);
  const goesElsewhere =
    request?.source !== undefined || request?.revisions.some((revision) => revision !== '') === true;
  return goesElsewhere ? undefined : annotatedHold(known, installation);
}

function rollbackTo(
  { id }: { readonly id: number },
  { initiatedBy }: SyncRequest,
  { status }: Known,
): Hold | undefined {
  const entry = status.history?.find((one) => one.id === id);
  if (entry === undefined) return undefined;
  const by = initiatedBy.username === '' ? '' : ` by ${initiatedBy.username}`;
  return { ...fromHistory(entry), reason: `rolled back to history entry ${id}${by}` };
}

/** What the history knows is applied as it was then; anything else is rendered with the spec's source. */
function annotatedHold({ annotations, status }: Known, installation: Installation): Hold | undefined {
  const asked = annotationOn(annotations, 'hold', installation) ?? '';
  if (asked === '') return undefined;
  const hold = keptHold(asked, status) ?? recordedHold(asked, status);
  const away = rolledBack(annotations, installation);
  if (away?.to !== asked) return hold;
  return {
    ...hold,
    from: away.digest,
    reason: `rolled back by itself from objects (digest ${away.digest}) that turned Degraded`,
  };
}

function keptHold(asked: string, { hold }: KnownApplication['status']): Hold | undefined {
  if (hold?.asked !== asked) return undefined;
  const source = hold.exact ? readShownSources(hold) : undefined;
  return {
    asked,
    revisions: splitRevisions(revisionIn(hold)),
    reason: hold.reason,
    ...(hold.exact ? { digest: hold.digest } : {}),
    ...(source === undefined ? {} : { source }),
  };
}

function recordedHold(asked: string, { history = [] }: KnownApplication['status']): Hold {
  const entry = history.findLast((one) => revisionIn(one) === asked);
  const reason = 'the annotation hold names it';
  return entry === undefined ? { asked, revisions: splitRevisions(asked), reason } : { ...fromHistory(entry), reason };
}

function fromHistory(entry: HistoryEntry): Omit<Hold, 'reason'> {
  const revision = revisionIn(entry);
  const source = readShownSources(entry);
  return {
    asked: revision,
    revisions: splitRevisions(revision),
    digest: entry.digest,
    ...(source === undefined ? {} : { source }),
  };
}

/** What the operator has rolled back by itself, as one annotation keeps it: it does so once for the same objects. */
export interface RolledBack {
  /** Of what did not work. */
  readonly digest: string;
  /** The revision that was gone back to. */
  readonly to: string;
}

export function rolledBack(
  annotations: Application['annotations'],
  installation: Installation,
): RolledBack | undefined {
  const [digest = '', to = ''] = (annotationOn(annotations, 'rolled-back-from', installation) ?? '').split('@');
  return digest === '' || to === '' ? undefined : { digest, to };
}

export function writeRolledBack({ digest, to }: RolledBack): string {
  return `${digest}@${to}`;
}
