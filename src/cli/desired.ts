import { spellingsOf } from '../model/application-annotations.ts';
import type { Application } from '../model/application.ts';
import { withHooksToDelete } from '../model/delete-hooks.ts';
import type { Desired, DesiredHook } from '../model/desired.ts';
import { nothingDesired } from '../model/desired.ts';
import { OperatorError } from '../model/errors.ts';
import type { Installation } from '../model/installation.ts';
import { objectAt } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import { revisionIn, splitRevisions } from '../model/revision.ts';
import type { Connected } from './connection.ts';
import { surroundingsOf } from './connection.ts';
import { loadOnce } from './source.ts';
import type { Terminal } from './terminal.ts';

interface Origin {
  readonly local?: string;
  readonly allowRemoteBases: boolean;
}

interface Site {
  readonly connected: Connected;
  readonly terminal: Terminal;
  readonly installation: Installation;
}

/** What a folder holds that stands for the repository is asked for, whatever is held. */
export function withoutHold(object: KubeObject, installation: Installation): KubeObject {
  const held = new Set(spellingsOf('hold', installation));
  const annotations = Object.entries(objectAt(object.metadata, 'annotations')).filter(([name]) => !held.has(name));
  return { ...object, metadata: { ...object.metadata, annotations: Object.fromEntries(annotations) } };
}

/** What a sync would apply: the newest revision, the one that was asked for, or the one that is held. Throws OperatorError. */
export async function desiredOf(app: Application, origin: Origin, site: Site): Promise<Desired> {
  const { connected, terminal, installation } = site;
  const surroundings = { ...surroundingsOf(connected, origin, terminal), installation };
  const load = (revisions: readonly string[]): Promise<Desired> =>
    loadOnce(app, { ...surroundings, revisions }, terminal);
  if (app.deleting) return { ...nothingDesired, hooks: await deleteHooksOf(app, load, terminal) };
  const desired = await load(app.hold?.revisions ?? app.request?.revisions ?? []);
  tellHold(app, desired, terminal);
  return desired;
}

/** Rendered anew; the operator has them from its cache, and deletes nothing while neither can be had. */
async function deleteHooksOf(
  app: Application,
  load: (revisions: readonly string[]) => Promise<Desired>,
  { complain }: Terminal,
): Promise<readonly DesiredHook[]> {
  const applied = withHooksToDelete(app);
  if (applied === undefined) return [];
  try {
    return (await load(splitRevisions(revisionIn(applied)))).hooks;
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    complain(`warning: the delete hooks are not shown, as they cannot be rendered: ${error.message}\n`);
    return [];
  }
}

/** The operator applies what it has kept of the held revision; here it is rendered, which may come to something else. */
function tellHold({ hold }: Application, found: Desired, { complain }: Terminal): void {
  if (hold === undefined) return;
  complain(`held at ${hold.asked} (${hold.reason}): newer revisions are not applied\n`);
  if (hold.digest === undefined || hold.digest === found.digest) return;
  complain(`warning: it was applied as digest ${hold.digest} and is rendered to ${found.digest} now\n`);
}
