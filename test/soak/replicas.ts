import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../tools/eventually.ts';
import type { OperatorProcess } from '../../tools/operator-process.ts';
import { freePort } from '../../tools/ports.ts';
import type { World } from '../../tools/world.ts';

const lease = '/apis/coordination.k8s.io/v1/namespaces/evenkeel/leases/evenkeel';
const patience = { within: 120_000, every: 100 };

/** The Lease changes hands because somebody was robbed of it, not because two cores are busy with something else. */
const patientLease = {
  EVENKEEL_LEASE_DURATION: '6s',
  EVENKEEL_LEASE_RENEW_DEADLINE: '5s',
  EVENKEEL_LEASE_RETRY_PERIOD: '500ms',
};

/** One pod of the operator. */
export interface Replica {
  readonly pod: string;
  readonly process: OperatorProcess;
  readonly webhookUrl: string;
  readonly inspectorPort: number;
}

/**
 * Two replicas. The elder one is never ended, only robbed of the Lease, so that its memory can be compared over the whole
 * time; the younger one is killed and stopped whenever it pleases.
 */
export class Replicas implements AsyncDisposable {
  readonly #world: World;
  #elder: Replica | undefined;
  #younger: Replica | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  get elder(): Replica {
    assert.ok(this.#elder, 'the elder replica runs');
    return this.#elder;
  }

  get running(): Replica[] {
    return [this.#elder, this.#younger].filter((replica) => replica !== undefined);
  }

  async start(): Promise<void> {
    this.#elder = await this.#startOne('elder');
    await this.#untilHeldBy(this.#elder);
    this.#younger = await this.#startOne('younger');
  }

  /** The leader stands still until the other one leads, and then finds out. */
  async freezeLeader(forMs: number): Promise<string> {
    const { leader, other } = await this.#roles();
    leader.process.child.signal('SIGSTOP');
    try {
      await this.#untilHeldBy(other);
      await sleep(forMs);
    } finally {
      leader.process.child.signal('SIGCONT');
    }
    return `${leader.pod} stood still until ${other.pod} led, and ${forMs} ms longer`;
  }

  /** SIGKILL, as when a node dies. */
  async killLeader(): Promise<string> {
    const moved = await this.#letYoungerLead();
    const { process } = this.#mustYounger();
    await process.child.kill();
    return `${moved}younger killed as the leader; ${await this.#replaceYounger()}`;
  }

  /** SIGTERM, as when a pod is deleted. */
  async stopLeader(): Promise<string> {
    const moved = await this.#letYoungerLead();
    return `${moved}younger stopped as the leader; ${await this.#endYounger()}`;
  }

  async killFollower(): Promise<string> {
    if ((await this.#holder()) !== this.elder.pod) return 'the younger leads: no follower to kill';
    await this.#mustYounger().process.child.kill();
    this.#younger = await this.#startOne('younger');
    return 'younger killed as a follower';
  }

  async letElderLead(): Promise<void> {
    if ((await this.#holder()) !== this.elder.pod) await this.#endYounger();
    await this.#untilHeldBy(this.elder);
  }

  /** Those that stand still, too. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.running.map(({ process }) => process.child.kill()));
  }

  async #letYoungerLead(): Promise<string> {
    if ((await this.#holder()) === this.#mustYounger().pod) return '';
    return `${await this.freezeLeader(0)}; `;
  }

  async #endYounger(): Promise<string> {
    const { process } = this.#mustYounger();
    const exit = await process.child.stop(60_000);
    assert.deepEqual(exit, { code: 0, signal: null }, 'a clean stop ends well');
    return this.#replaceYounger();
  }

  async #replaceYounger(): Promise<string> {
    const began = performance.now();
    await this.#untilHeldBy(this.elder);
    const tookMs = Math.round(performance.now() - began);
    this.#younger = await this.#startOne('younger');
    return `elder held the Lease after ${tookMs} ms`;
  }

  #mustYounger(): Replica {
    assert.ok(this.#younger, 'the younger replica runs');
    return this.#younger;
  }

  async #roles(): Promise<{ leader: Replica; other: Replica }> {
    const holder = await this.#holder();
    const [elder, younger] = [this.elder, this.#mustYounger()];
    return holder === younger.pod ? { leader: younger, other: elder } : { leader: elder, other: younger };
  }

  async #holder(): Promise<string> {
    const held = (): Promise<string | false> => this.#readHolder().then((holder) => holder !== '' && holder);
    return eventually('the Lease to be held', held, patience);
  }

  async #untilHeldBy({ pod }: Replica): Promise<void> {
    await eventually(`${pod} to hold the Lease`, async () => (await this.#readHolder()) === pod, patience);
  }

  async #readHolder(): Promise<string> {
    const { spec } = (await this.#world.plane.api.must({ path: lease })) as { spec: { holderIdentity?: string } };
    return spec.holderIdentity ?? '';
  }

  async #startOne(pod: string): Promise<Replica> {
    const [webhookPort, inspectorPort] = [await freePort(), await freePort()];
    const environment = {
      ...patientLease,
      EVENKEEL_WEBHOOK_ADDRESS: `127.0.0.1:${webhookPort}`,
      EVENKEEL_GIT_TIMEOUT: '10s',
      NODE_OPTIONS: `--inspect=127.0.0.1:${inspectorPort}`,
    };
    const process = await this.#world.startProcess({ pod, environment });
    return { pod, process, webhookUrl: `http://127.0.0.1:${webhookPort}/webhook`, inspectorPort };
  }
}
