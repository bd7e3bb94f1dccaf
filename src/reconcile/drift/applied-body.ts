import type { Application } from '../../model/application.ts';
import type { Artefact } from '../../model/desired.ts';
import type { KubeObject } from '../../model/object.ts';
import { refKey } from '../../model/object.ts';
import type { RecordEntry } from '../../model/record.ts';
import { revisionIn, splitRevisions } from '../../model/revision.ts';
import type { Ports } from '../ports.ts';

/**
 * The body that was last applied to an object, told by its hash on record: from the artefact of the last applied
 * revision or the newest one (a sync that failed half-way applied some of it), else rendered again from the recorded
 * commit. undefined: lost; drift is then detected by the plan, not corrected here.
 */
export async function appliedBody(
  app: Application,
  entry: RecordEntry,
  ports: Ports,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  const { applied } = app.status;
  for (const digest of [applied?.digest, ports.newestDigests.get(app.key)]) {
    const artefact = digest === undefined ? undefined : await ports.source.artefacts.open(digest);
    const body = artefact === undefined ? undefined : bodyIn(artefact, entry);
    if (body !== undefined) return body;
  }
  if (applied === undefined) return undefined;
  return bodyIn(await ports.source.load(app, { revisions: splitRevisions(revisionIn(applied)) }, signal), entry);
}

function bodyIn(desired: Artefact, entry: RecordEntry): KubeObject | undefined {
  const key = refKey(entry.ref);
  return desired.objects.find((object) => object.hash === entry.desired && refKey(object.ref) === key)?.body();
}
