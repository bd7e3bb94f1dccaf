import type { FaultProxy, ProxyRequest } from '../../../tools/fault-proxy.ts';

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
  readonly writes: string[];
  target?: ProxyRequest;
}

const writes = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/**
 * Kills the operator (SIGKILL) at one of its writes. Those count that change something that outlives the operator: no
 * dry-runs, no renewals of the Lease, no Events. From the kill on nothing of the dead process reaches the API server.
 */
export class KillSwitch {
  readonly #kill: () => Promise<unknown>;
  readonly #proxy: FaultProxy;
  #armed: Armed | undefined;
  #isDying = false;

  constructor(proxy: FaultProxy, kill: () => Promise<unknown>) {
    this.#proxy = proxy;
    this.#kill = kill;
    proxy.beforeForward = (request) => this.#before(request);
    proxy.afterResponse = (request) => this.#after(request);
  }

  /** Counts from here. Resolves with the fatal write when the operator is dead; stays pending when it is not reached. */
  arm(point: KillPoint): Promise<string> {
    this.#armed = { point, killed: Promise.withResolvers(), writes: [] };
    return this.#armed.killed.promise;
  }

  /** Returns the writes that were counted. */
  disarm(): readonly string[] {
    const writes = this.#armed?.writes ?? [];
    this.#armed = undefined;
    return writes;
  }

  async #before(request: ProxyRequest): Promise<boolean> {
    if (this.#isDying) return false;
    const armed = this.#armed;
    if (armed === undefined || !isLasting(request)) return true;
    armed.writes.push(describeWrite(request));
    if (armed.writes.length !== armed.point.write) return true;
    armed.target = request;
    if (armed.point.side === 'after') return true;
    await this.#strike(armed, request);
    return false;
  }

  async #after(request: ProxyRequest): Promise<void> {
    const armed = this.#armed;
    if (armed?.target === request && armed.point.side === 'after') await this.#strike(armed, request);
  }

  async #strike(armed: Armed, request: ProxyRequest): Promise<void> {
    this.#isDying = true;
    await this.#kill();
    this.#proxy.drop();
    this.#isDying = false;
    this.#armed = undefined;
    armed.killed.resolve(describeWrite(request));
  }
}

/** Whether it changes something that outlives the operator. */
export function isLasting({ method, path }: ProxyRequest): boolean {
  if (!writes.has(method) || path.includes('dryRun=')) return false;
  return !/\/(leases|events)(\/|\?|$)/.test(path);
}

/** `PATCH configmaps/name`, `PATCH applications/name/status` */
export function describeWrite({ method, path }: ProxyRequest): string {
  const resource = /^\/(?:api|apis\/[^/]+)\/[^/]+\/(?:namespaces\/[^/]+\/(?=[^?]))?([^?]*)/.exec(path)?.[1];
  return `${method} ${resource ?? path}`;
}
