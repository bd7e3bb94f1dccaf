import type { Application } from '../../model/application.ts';
import { shortHash } from '../../model/hash.ts';
import type { JsonValue } from '../../model/json.ts';
import { canonicalJson } from '../../model/json.ts';

/** Whether a user ended the sync of this revision, and nothing has changed since. */
export function isTerminated(app: Application, revision: string): boolean {
  const { terminated } = app.status;
  return terminated?.revision === revision && terminated.spec === hashOf(app);
}

/** Of the spec: any other one begins anew. */
export function hashOf({ spec }: Application): string {
  // A parsed spec is made of JSON values only.
  return shortHash(canonicalJson(spec as unknown as JsonValue));
}
