import type { FaultProxy, ProxyRequest } from '../../../tools/fault-proxy.ts';
import { describeWrite, isLasting } from './kills-switch.ts';
import { pairIn, secondOf, type Pair } from './moves-pairs.ts';

interface Gap {
  readonly pair: Pair;
  /** The request that is not to arrive; undefined: all do. */
  readonly before: string | undefined;
  /** What was sent since the count began. */
  readonly sent: string[];
  /** Resolves to true when the second Application may end the run that it is busy with. */
  readonly turn: PromiseWithResolvers<boolean>;
  isBusy: boolean;
  isCounting: boolean;
}

/**
 * Lets each pair come to a gap of its own, which is before one of the requests about it, so that one death of the operator
 * is a death in many gaps.
 *
 * Guarantees: neither the request behind the gap nor any write about the pair that is sent after it reaches the API
 * server; from the kill on nothing of the dead process does.
 */
export class Gaps {
  readonly #proxy: FaultProxy;
  readonly #gaps = new Map<string, Gap>();
  #death = Promise.withResolvers<boolean>();
  #isDying = false;

  constructor(proxy: FaultProxy) {
    this.#proxy = proxy;
    proxy.beforeForward = (request) => this.#before(request);
  }

  /** From now on a refresh of the second Application does not come to its end. */
  set(pair: Pair, before: string | undefined): void {
    const turn = Promise.withResolvers<boolean>();
    this.#gaps.set(pair.name, { pair, before, sent: [], turn, isBusy: false, isCounting: false });
  }

  isSecondBusy(pair: Pair): boolean {
    return this.#of(pair).isBusy;
  }

  count(pair: Pair): void {
    this.#of(pair).isCounting = true;
  }

  letSecondGoOn(pair: Pair): void {
    this.#of(pair).turn.resolve(true);
  }

  hasCome(pair: Pair): boolean {
    const { sent, before } = this.#of(pair);
    return before !== undefined && sent.includes(before);
  }

  /** `PATCH configmaps/*-config (dry run), 1st`: the pair's name left out, so that pairs compare. */
  sent(pair: Pair): readonly string[] {
    return this.#of(pair).sent;
  }

  /** All gaps end. */
  async strike(kill: () => Promise<unknown>): Promise<void> {
    this.#isDying = true;
    await kill();
    this.#death.resolve(false);
    for (const { turn } of this.#gaps.values()) turn.resolve(false);
    this.#proxy.drop();
    this.#gaps.clear();
    this.#death = Promise.withResolvers();
    this.#isDying = false;
  }

  #of({ name }: Pair): Gap {
    const gap = this.#gaps.get(name);
    if (gap === undefined) throw new Error(`no gap is set for ${name}`);
    return gap;
  }

  #before(request: ProxyRequest): Promise<boolean> | boolean {
    if (this.#isDying) return false;
    const gap = this.#gaps.get(pairIn(request.path) ?? '');
    if (gap === undefined) return true;
    if (endsRefresh(request, secondOf(gap.pair))) {
      gap.isBusy = true;
      return gap.turn.promise;
    }
    if (!gap.isCounting) return true;
    const wasThere = this.hasCome(gap.pair);
    const text = inOrder(describe(request, gap.pair), gap.sent);
    gap.sent.push(text);
    const isHeld = text === gap.before || (wasThere && isLasting(request));
    return isHeld ? this.#death.promise : true;
  }
}

function endsRefresh({ method, path }: ProxyRequest, application: string): boolean {
  return method === 'PATCH' && new RegExp(`/applications/${application}(\\?|$)`).test(path);
}

function describe(request: ProxyRequest, { name }: Pair): string {
  const text = describeWrite(request).replaceAll(name, '*');
  return request.path.includes('dryRun=') ? `${text} (dry run)` : text;
}

function inOrder(text: string, sent: readonly string[]): string {
  return `${text}, no. ${sent.filter((earlier) => earlier.startsWith(`${text}, no. `)).length + 1}`;
}
