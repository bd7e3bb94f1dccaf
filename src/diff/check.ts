import type { Origin } from '../model/desired.ts';
import { describeOrigin } from '../model/desired.ts';
import { OperatorError } from '../model/errors.ts';
import { encodeJson } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import { describeRef, groupKindKey, groupOf, refOf } from '../model/object.ts';
import { duplicatesIn } from './check-lists.ts';
import { mistypedIn } from './check-values.ts';
import { misnamedIn } from './check-names.ts';
import type { Flaw } from './flaw.ts';

/** A request may not be larger; etcd refuses less, and says so itself. */
const maxBytes = 3 * 1024 * 1024;

/**
 * What the API server would refuse in words that name no file, or as an error of its own: found without asking it.
 * Unknown fields and other wrong types are left to its dry-run.
 *
 * Guarantees: an object that the server accepts has no error here. Every error is `InvalidObject`, for the next
 * revision to repair, and names the path; the origin first when it is given.
 */
export function checkObject(object: KubeObject, origin?: Origin): OperatorError[] {
  const kind = groupKindKey({ group: groupOf(object.apiVersion), kind: object.kind });
  const flaws = [
    ...misnamedIn(object, kind),
    ...mistypedIn(object, kind),
    ...duplicatesIn(object, kind),
    ...oversize(object),
  ];
  return flawErrors(flaws, object, origin);
}

/** Every flaw of one object as an error. */
export function flawErrors(flaws: readonly Flaw[], object: KubeObject, origin?: Origin): OperatorError[] {
  const ref = refOf(object);
  const subject = `${origin === undefined ? '' : `${describeOrigin(origin)}: `}${describeRef(ref)}`;
  return flaws.map(({ path, problem }) => {
    const message = `${subject}: ${path === '' ? '' : `${path}: `}${problem}`;
    return new OperatorError(message, { step: 'plan', reason: 'InvalidObject', retry: 'interval', object: ref });
  });
}

function oversize(object: KubeObject): Flaw[] {
  const size = Buffer.byteLength(encodeJson(object));
  return size <= maxBytes
    ? []
    : [{ path: '', problem: `it has ${size} bytes as JSON; the API server takes at most ${maxBytes}` }];
}
