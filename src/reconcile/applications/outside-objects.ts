import type { HealthJudge } from '../../health/health.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { FollowedObjects } from '../../live/live.ts';
import type { ApplicationKey } from '../../model/installation.ts';
import type { Ref, RefKey } from '../../model/object.ts';
import { describeRef, refKey } from '../../model/object.ts';

interface OutsideObjectsPorts {
  readonly cluster: Pick<Cluster, 'kinds' | 'reflect'>;
  readonly health: Pick<HealthJudge, 'assess'>;
}

/** What some objects have yet to become; undefined: nothing. */
type Standing = ReadonlyMap<RefKey, string | undefined>;

interface Seen {
  readonly awaited: readonly Ref[];
  readonly standing: Standing;
}

/**
 * Objects outside an Application that objects of it name in `depends-on`: each is watched by its name as long as
 * something waits for it.
 *
 * Guarantees: asks nothing by a timer; `wake` gets an Application as soon as one stands otherwise than its last run saw.
 */
export class OutsideObjects implements Disposable {
  readonly #ports: OutsideObjectsPorts;
  readonly #wake: (key: ApplicationKey) => void;
  readonly #objects: FollowedObjects;
  readonly #seen = new Map<ApplicationKey, Seen>();

  constructor(ports: OutsideObjectsPorts, wake: (key: ApplicationKey) => void) {
    this.#ports = ports;
    this.#wake = wake;
    this.#objects = new FollowedObjects(ports.cluster, (followers) => this.#reconsider(followers));
  }

  /** How they stand. They replace what was watched for the Application, but only those that are not ready. */
  async look(key: ApplicationKey, refs: readonly Ref[], signal: AbortSignal): Promise<Standing> {
    this.#objects.follow(key, refs);
    await this.#objects.lookedUp(refs, signal);
    const standing = new Map(refs.map((ref) => [refKey(ref), this.#open(ref)]));
    const awaited = refs.filter((ref) => standing.get(refKey(ref)) !== undefined);
    this.#objects.follow(key, awaited);
    this.#seen.set(key, { awaited, standing });
    return standing;
  }

  forget(key: ApplicationKey): void {
    this.#objects.follow(key, []);
    this.#seen.delete(key);
  }

  [Symbol.dispose](): void {
    this.#objects[Symbol.dispose]();
  }

  #reconsider(followers: ReadonlySet<ApplicationKey>): void {
    for (const key of followers) {
      const { awaited = [], standing } = this.#seen.get(key) ?? {};
      if (awaited.some((ref) => this.#open(ref) !== standing?.get(refKey(ref)))) this.#wake(key);
    }
  }

  #open(ref: Ref): string | undefined {
    const found = this.#objects.find(ref);
    if (found.state === 'unknown') return `${describeRef(ref)}: ${found.why}`;
    if (found.state === 'absent') return `${describeRef(ref)}, which is not in the cluster`;
    const { status, message } = this.#ports.health.assess(found.object);
    if (status === 'Healthy' || status === 'Suspended') return undefined;
    return `${describeRef(ref)}, which is ${status}${message === '' ? '' : `: ${message}`}`;
  }
}
