import type { Ref } from '../model/object.ts';

const form = /^([A-Za-z][A-Za-z0-9]*)(?:\.([A-Za-z0-9.-]+))?\/(?:([^/]+)\/)?([^/]+)$/;

/**
 * The objects that a user names: `Kind/name`, `Kind/namespace/name`, `Kind.group/namespace/name`; what is left out may be
 * anything. Throws an Error when the text is none.
 */
export function namedObject(text: string): (ref: Ref) => boolean {
  const match = form.exec(text);
  if (match === null) throw new Error(`${text}: expected Kind/name or Kind.group/namespace/name`);
  const [, kind, group, namespace, name] = match;
  return (ref) =>
    ref.kind === kind &&
    ref.name === name &&
    (group === undefined || ref.group === group) &&
    (namespace === undefined || ref.namespace === namespace);
}
