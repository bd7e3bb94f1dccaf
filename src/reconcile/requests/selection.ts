import type { Application, ResourceSelector } from '../../model/application.ts';
import type { Artefact } from '../../model/desired.ts';
import { OperatorError } from '../../model/errors.ts';
import type { Ref } from '../../model/object.ts';

/** True when a sync is about the object: all of them, unless the request names some. */
export function isSelected({ request }: Application, ref: Ref): boolean {
  return request?.resources === undefined || request.resources.some((selector) => selects(selector, ref));
}

/** A misspelt object would be a sync of nothing: throws OperatorError naming what is neither in Git nor on record. */
export function inspectSelection({ request, record }: Application, { objects }: Artefact): void {
  const refs = [...objects, ...record].map(({ ref }) => ref);
  const missing = (request?.resources ?? []).filter((selector) => !refs.some((ref) => selects(selector, ref)));
  if (missing.length === 0) return;
  const names = missing.map(({ group, kind, namespace = '*', name }) =>
    [group === '' ? kind : `${kind}.${group}`, `${namespace}/${name}`].join(' '),
  );
  const message = `operation.sync.resources: ${names.join(', ')}: neither in Git at this revision nor on record`;
  throw new OperatorError(message, { step: 'plan', reason: 'InvalidSpec', retry: 'never' });
}

function selects({ group, kind, name, namespace }: ResourceSelector, ref: Ref): boolean {
  const isNamed = ref.group === group && ref.kind === kind && ref.name === name;
  return isNamed && (namespace === undefined || ref.namespace === namespace);
}
