import type { FaultProxy, ProxyRequest } from '../../../tools/fault-proxy.ts';
import type { World } from '../../../tools/world.ts';

export type Side = 'before' | 'after';

/** `before`: the API server never hears of the n-th write; `after`: it has done it, and the operator never hears so. */
export interface KillPoint {
  readonly side: Side;
  /** From 1. */
  readonly write: number;
}

interface Armed {
  readonly point: KillPoint;
  readonly killed: PromiseWithResolvers<string>;
  count: number;
  target?: ProxyRequest;
}

const writes = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/**
 * Kills the operator (SIGKILL) at one of its writes. Those count that change something that outlives the operator: no
 * dry-runs, no renewals of the Lease, no Events. From the kill on nothing of the dead process reaches the API server.
 */
export class KillSwitch {
  readonly #world: World;
  readonly #proxy: FaultProxy;
  #armed: Armed | undefined;
  #isDying = false;

  constructor(world: World) {
    if (world.proxy === undefined) throw new Error('the kill switch sits in the proxy: the world has none');
    this.#world = world;
    this.#proxy = world.proxy;
    world.proxy.beforeForward = (request) => this.#before(request);
    world.proxy.afterResponse = (request) => this.#after(request);
  }

  /** Counts from here. Resolves with the fatal write when the operator is dead; stays pending when it is not reached. */
  arm(point: KillPoint): Promise<string> {
    this.#armed = { point, killed: Promise.withResolvers(), count: 0 };
    return this.#armed.killed.promise;
  }

  /** Returns how many writes were counted. */
  disarm(): number {
    const count = this.#armed?.count ?? 0;
    this.#armed = undefined;
    return count;
  }

  async #before(request: ProxyRequest): Promise<boolean> {
    if (this.#isDying) return false;
    const armed = this.#armed;
    if (armed === undefined || !isCounted(request)) return true;
    armed.count += 1;
    if (armed.count !== armed.point.write) return true;
    armed.target = request;
    if (armed.point.side === 'after') return true;
    await this.#kill(armed, request);
    return false;
  }

  async #after(request: ProxyRequest): Promise<void> {
    const armed = this.#armed;
    if (armed?.target === request && armed.point.side === 'after') await this.#kill(armed, request);
  }

  async #kill(armed: Armed, request: ProxyRequest): Promise<void> {
    this.#isDying = true;
    await this.#world.killOperator();
    this.#proxy.drop();
    this.#isDying = false;
    this.#armed = undefined;
    armed.killed.resolve(describe(request));
  }
}

function isCounted({ method, path }: ProxyRequest): boolean {
  if (!writes.has(method) || path.includes('dryRun=')) return false;
  return !/\/(leases|events)(\/|\?|$)/.test(path);
}

/** `PATCH configmaps/name`, `PATCH applications/name/status` */
function describe({ method, path }: ProxyRequest): string {
  const resource = /^\/(?:api|apis\/[^/]+)\/[^/]+\/(?:namespaces\/[^/]+\/(?=[^?]))?([^?]*)/.exec(path)?.[1];
  return `${method} ${resource ?? path}`;
}
