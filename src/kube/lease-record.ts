import type { ServedKind } from './cluster.ts';
import { microTime } from './micro-time.ts';
import type { JsonObject } from '../model/json.ts';
import { numberAt, objectAt, stringAt } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';

export const leases: Pick<ServedKind, 'apiVersion' | 'resource' | 'namespaced'> = {
  apiVersion: 'coordination.k8s.io/v1',
  resource: 'leases',
  namespaced: true,
};

export interface LeaseTerm {
  readonly holder: string;
  readonly durationMs: number;
  /** Wall time, for people: nobody decides by it. */
  readonly now: number;
}

/** Empty when nobody holds it. */
export function holderOf(lease: KubeObject): string {
  return stringAt(objectAt(lease, 'spec'), 'holderIdentity') ?? '';
}

/** How long its holder asked to be waited for. */
export function durationMsOf(lease: KubeObject): number {
  return (numberAt(objectAt(lease, 'spec'), 'leaseDurationSeconds') ?? 0) * 1000;
}

export function newLease(where: { namespace: string; name: string }, term: LeaseTerm): KubeObject {
  const { name, namespace } = where;
  return { apiVersion: leases.apiVersion, kind: 'Lease', metadata: { name, namespace }, spec: specOf({}, term) };
}

/** The Lease with us as its holder; what we do not know of it stays. */
export function heldBy(lease: KubeObject, term: LeaseTerm): KubeObject {
  return { ...lease, spec: specOf(objectAt(lease, 'spec'), term) };
}

/** The Lease given back: whoever comes next need not wait. */
export function released(lease: KubeObject, now: number): KubeObject {
  const spec = { ...objectAt(lease, 'spec'), holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(now) };
  return { ...lease, spec };
}

function specOf(spec: JsonObject, { holder, durationMs, now }: LeaseTerm): JsonObject {
  const continues = stringAt(spec, 'holderIdentity') === holder;
  const transitions = numberAt(spec, 'leaseTransitions') ?? 0;
  return {
    ...spec,
    holderIdentity: holder,
    leaseDurationSeconds: Math.max(1, Math.ceil(durationMs / 1000)),
    acquireTime: continues ? (spec['acquireTime'] ?? microTime(now)) : microTime(now),
    renewTime: microTime(now),
    leaseTransitions: continues ? transitions : transitions + 1,
  };
}
