import type { JsonObject } from '../model/json.ts';
import type { Ref } from '../model/object.ts';

const form = /^([A-Za-z][A-Za-z0-9]*)(?:\.([A-Za-z0-9.-]+))?\/(?:([^/]+)\/)?([^/]+)$/;

/**
 * The objects that a user names: `Kind/name`, `Kind/namespace/name`, `Kind.group/namespace/name`; what is left out may be
 * anything. Throws an Error when the text is none.
 */
export function namedObject(text: string): (ref: Ref) => boolean {
  const { kind, group, namespace, name } = partsOf(text);
  return (ref) =>
    ref.kind === kind &&
    ref.name === name &&
    (group === undefined || ref.group === group) &&
    (namespace === undefined || ref.namespace === namespace);
}

/** An entry of `operation.sync.resources`: without a group the core group is meant. Throws an Error when the text is none. */
export function selectorOf(text: string): JsonObject {
  const { kind, group = '', namespace, name } = partsOf(text);
  return { group, kind, name, ...(namespace === undefined ? {} : { namespace }) };
}

function partsOf(text: string): Pick<Ref, 'kind' | 'name'> & Partial<Ref> {
  const match = form.exec(text);
  if (match === null) throw new Error(`${text}: expected Kind/name or Kind.group/namespace/name`);
  const [, kind = '', group, namespace, name = ''] = match;
  return { kind, name, ...(group === undefined ? {} : { group }), ...(namespace === undefined ? {} : { namespace }) };
}
