import type { Application } from '../../model/application.ts';
import type { ApplicationKey } from '../../model/installation.ts';
import { objectAt, stringAt } from '../../model/json.ts';
import type { Ref } from '../../model/object.ts';
import type { Ports } from '../ports.ts';

const windowMs = 1_000;
const mostInWindow = 10;

/**
 * Whether a deleted object may be created again out of order: it is not one that a sync prunes, its kind is served, its
 * namespace lives, and it is not one of many that vanish together (then somebody means it, or the ordered plan has to
 * bring them back).
 */
export class Vanishings {
  readonly #ports: Pick<Ports, 'claims' | 'cluster' | 'clock'>;
  readonly #times = new Map<ApplicationKey, readonly number[]>();

  constructor(ports: Pick<Ports, 'claims' | 'cluster' | 'clock'>) {
    this.#ports = ports;
  }

  async mayRecreate(app: Application, ref: Ref): Promise<boolean> {
    const { claims, clock, cluster } = this.#ports;
    if (claims.isDropped(app.key, ref) && prunes(app)) return false;
    const now = clock.monotonic();
    const times = [...(this.#times.get(app.key) ?? []).filter((time) => now - time < windowMs), now];
    this.#times.set(app.key, times);
    if (times.length >= mostInWindow) return false;
    if (cluster.kinds.find(ref).state !== 'served') return false;
    return ref.namespace === '' || (await this.#isActive(ref.namespace));
  }

  async #isActive(namespace: string): Promise<boolean> {
    const target = { apiVersion: 'v1', group: '', kind: 'Namespace', namespace: '', name: namespace };
    const object = await this.#ports.cluster.read(target, { priority: 'urgent' });
    return object !== undefined && stringAt(objectAt(object, 'status'), 'phase') === 'Active';
  }
}

/** What Git has dropped is then gone because we deleted it, or would be deleted at once. */
function prunes({ spec, request }: Application): boolean {
  return spec.automated?.prune === true || request !== undefined;
}
