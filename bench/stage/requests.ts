import type { AuditRequest } from '../../tools/control-plane/control-plane.ts';
import { isOwnBookkeeping, isWrite } from '../../tools/world.ts';

/** Lease renewals go on whatever happens; watches and discovery come per kind, not per object. */
export function isAboutWork({ group, verb, resource }: AuditRequest): boolean {
  return group !== 'coordination.k8s.io' && verb !== 'watch' && resource !== '';
}

export function isDryRun({ uri }: AuditRequest): boolean {
  return uri.includes('dryRun=');
}

/** To something that Git has, not to Applications, Events and the like. */
export function isManagedWrite(request: AuditRequest): boolean {
  return isWrite(request) && !isOwnBookkeeping(request) && !isDryRun(request);
}

/** Of one managed object by its name. */
export function isBodyRead(request: AuditRequest): boolean {
  return request.verb === 'get' && request.resource !== '' && !isOwnBookkeeping(request);
}

/** A list says in the audit log neither whose objects nor how much of them it asks for. */
export function isList({ verb }: AuditRequest): boolean {
  return verb === 'list';
}

export function isStatusWrite({ resource, subresource, verb }: AuditRequest): boolean {
  return resource === 'applications' && subresource === 'status' && (verb === 'patch' || verb === 'update');
}

export function isLeaseUpdate({ group, verb }: AuditRequest): boolean {
  return group === 'coordination.k8s.io' && (verb === 'update' || verb === 'patch' || verb === 'create');
}

/** `patch configmaps ×12, get secrets ×1`, for what a count is made of. */
export function summaryOf(requests: readonly AuditRequest[]): string {
  const kinds = Map.groupBy(requests, (request) => {
    const resource = request.subresource === '' ? request.resource : `${request.resource}/${request.subresource}`;
    return `${isDryRun(request) ? 'dry-run' : request.verb} ${resource === '' ? request.uri : resource}`;
  });
  return [...kinds].map(([kind, { length }]) => `${kind} ×${length}`).join(', ');
}
