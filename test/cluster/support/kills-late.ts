import type { FaultProxy, ProxyRequest } from '../../../tools/fault-proxy.ts';
import { eventually } from '../../../tools/eventually.ts';
import type { OperatorProcess } from '../../../tools/operator-process.ts';
import { describeWrite, isLasting } from './kills-switch.ts';

/**
 * A leader that stands still (SIGSTOP) at one of its writes, which is held on its way: as when its machine and the network
 * hang while others go on.
 */
export class LateLeader {
  readonly #leader: OperatorProcess;
  readonly #proxy: FaultProxy;
  readonly #held = Promise.withResolvers<ProxyRequest>();
  readonly #released = Promise.withResolvers<boolean>();

  /** Waits for the first write that matches; all others pass. */
  constructor(leader: OperatorProcess, proxy: FaultProxy, write: RegExp) {
    this.#leader = leader;
    this.#proxy = proxy;
    let isHeld = false;
    proxy.beforeForward = (request) => {
      if (isHeld || !isLasting(request) || !write.test(describeWrite(request))) return true;
      isHeld = true;
      leader.child.signal('SIGSTOP');
      this.#held.resolve(request);
      return this.#released.promise;
    };
  }

  async untilFrozen(): Promise<void> {
    await this.#held.promise;
  }

  /** The held write arrives at last. Resolves with the server's answer to it. */
  async release(): Promise<number> {
    const request = await this.#held.promise;
    this.#released.resolve(true);
    return eventually('an answer to the late request', () => request.status);
  }

  /**
   * Resolves with the writes of the leader that had an effect after it was thawed, when it knows that it leads no more.
   * What it was about to send when it stood still may arrive now, as late as the one that is held. It may be cut off on its
   * way by its own sender, who has noticed; whether the server did it then only the objects can tell.
   */
  async thaw(): Promise<string[]> {
    const { authorization } = (await this.#held.promise).headers;
    const from = this.#proxy.requests.length;
    this.#leader.child.signal('SIGCONT');
    await eventually('the former leader to notice', async () => (await this.#leader.metric('evenkeel_leader')) === 0);
    const own = this.#proxy.requests.slice(from).filter(({ headers }) => headers.authorization === authorization);
    const late = own.filter(isLasting);
    await eventually('the end of what comes late', () => late.every(({ isOver }) => isOver));
    return late.filter(({ status }) => status !== undefined && status < 300).map(describeWrite);
  }

  async end(): Promise<void> {
    await this.#leader.child.kill();
  }
}
