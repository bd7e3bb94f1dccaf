import { applyPlan, correctObject, dependenciesOutside, preflight } from '../../src/apply/apply.ts';
import type { ApplyContext, Correction, CorrectionInput } from '../../src/apply/apply.ts';
import type { Claims } from '../../src/diff/diff.ts';
import { mark, normalise, planChanges } from '../../src/diff/diff.ts';
import type { Cluster } from '../../src/kube/cluster.ts';
import type { Health } from '../../src/model/health.ts';
import type { Application } from '../../src/model/application.ts';
import type { Desired, DesiredObject } from '../../src/model/desired.ts';
import { nothingDesired } from '../../src/model/desired.ts';
import { sha256Hex, shortHash } from '../../src/model/hash.ts';
import { installationNamed } from '../../src/model/installation.ts';
import { canonicalJson } from '../../src/model/json.ts';
import type { KindSchema } from '../../src/model/kind-schema.ts';
import type { LiveAnswer, SuspectWhy } from '../../src/model/live.ts';
import { observe } from '../../src/model/managed-fields.ts';
import type { KubeObject, Ref, Target } from '../../src/model/object.ts';
import { describeRef, refKey, refOf } from '../../src/model/object.ts';
import type { Applied } from '../../src/model/outcome.ts';
import type { Plan } from '../../src/model/plan.ts';
import type { WriteLog } from '../../src/model/ports.ts';
import { turnOfLive } from '../../src/model/turn.ts';
import type { RecordEntry } from '../../src/model/record.ts';

export const installation = installationNamed('');

/** Keeps what the writers announced, so that tests see that every write was. */
export class AnnouncedWrites implements WriteLog {
  readonly answered: { readonly key: string; readonly fp: string }[] = [];
  open = 0;

  found(): void {
    // Nobody has suspected anything.
  }

  begin(ref: Ref): ReturnType<WriteLog['begin']> {
    this.open += 1;
    return {
      answered: (object) => void this.answered.push({ key: refKey(ref), fp: observe(object, installation).fp }),
      gone: () => undefined,
      end: () => void (this.open -= 1),
    };
  }
}

/** One Application under test: its record is kept as `reconcile` would keep it. */
export class Subject {
  readonly cluster: Cluster;
  readonly writes = new AnnouncedWrites();
  readonly signal = new AbortController();
  claims: Claims = { claimedBy: () => undefined, recordedBy: () => undefined };
  superseded = false;
  /** As the watches tell it: what is there is healthy, unless a test says otherwise. */
  healths = new Map<string, Health>();
  readonly health: ApplyContext['health'] = {
    assess: (object) => this.health.now(refOf(object)),
    now: (ref) => this.healths.get(describeRef(ref)) ?? { status: 'Healthy', message: '' },
  };
  /** What objects outside of what is applied have yet to become, as they are described; the others are ready. */
  outside = new Map<string, string>();
  priority: NonNullable<ApplyContext['priority']> = 'normal';
  /** Of the kinds of all objects that have nulls. */
  schema: KindSchema | undefined;
  app: Application;
  readonly #bodies = new Map<string, KubeObject>();

  constructor(cluster: Cluster, app: Application) {
    this.cluster = cluster;
    this.app = app;
  }

  get namespace(): string {
    return this.app.spec.destinationNamespace;
  }

  get context(): ApplyContext {
    const { app, claims, writes, cluster, priority } = this;
    const superseded = (): boolean => this.superseded;
    const { health } = this;
    return { app, claims, writes, cluster, installation, health, signal: this.signal.signal, superseded, priority };
  }

  /** As `source/` hands objects over: normalised, in the destination's namespace, marked. */
  desire(object: KubeObject): DesiredObject {
    const owner = { key: this.app.key, installation };
    const body = mark(normalise(object, this.schema), owner);
    const origin = { file: 'deploy.yaml', document: 1, line: 1 };
    const hash = shortHash(canonicalJson(body));
    const turn = turnOfLive(body, installation);
    return { ref: refOf(body), apiVersion: body.apiVersion, hash, origin, ...turn, body: () => body };
  }

  async plan(...objects: KubeObject[]): Promise<Plan> {
    const desired = revisionOf(objects.map((object) => this.desire(object)));
    const live = new Map<string, LiveAnswer>();
    const recorded = this.app.record.map(({ ref }) => ({ ...ref, apiVersion: this.#versionOf(ref) }));
    const targets = [...desired.objects.map(({ ref, apiVersion }) => ({ ...ref, apiVersion })), ...recorded];
    for (const target of targets) live.set(refKey(target), await this.#answer(target));
    return planChanges({ app: this.app, installation, desired, live, claims: this.claims });
  }

  /** Plans, tries out, applies and keeps the record. */
  async sync(...objects: KubeObject[]): Promise<Applied> {
    return this.apply(await preflight(await this.plan(...objects), this.context));
  }

  async apply(plan: Plan): Promise<Applied> {
    const named = dependenciesOutside(plan);
    const outside = new Map(named.map((ref) => [refKey(ref), this.outside.get(describeRef(ref))]));
    const applied = await applyPlan(plan, { ...this.context, outside });
    this.#keepRecord(applied);
    return applied;
  }

  /** Looks at one object as the second lane does after an event. */
  async correct(ref: Ref, why: SuspectWhy, how: Partial<CorrectionInput> = {}): Promise<Correction> {
    const body = this.#bodies.get(refKey(ref));
    const recorded = this.entry(ref);
    if (body === undefined) throw new Error(`nothing was applied to ${refKey(ref)}`);
    const live = (await this.read(body)) ?? body;
    const suspect = { why, observation: observe(live, installation) };
    const input = { ref, body, desiredHash: recorded.desired, recorded, suspect, mode: 'repair' as const };
    await this.beforeLook();
    const correction = await correctObject(
      { ...input, mayRecreate: () => Promise.resolve(true), announce: () => Promise.resolve(), ...how },
      this.context,
    );
    if ('entry' in correction) this.record([correction.entry]);
    return correction;
  }

  /** Called when everything that the test itself asks the cluster is done: from here on requests are counted. */
  protected beforeLook(): Promise<void> {
    return Promise.resolve();
  }

  entry(ref: Ref): RecordEntry {
    const found = this.app.record.find((entry) => refKey(entry.ref) === refKey(ref));
    if (found === undefined) throw new Error(`${refKey(ref)} is not on record`);
    return found;
  }

  record(entries: readonly RecordEntry[], gone: readonly Ref[] = []): void {
    const changed = new Set([...entries.map(({ ref }) => ref), ...gone].map(refKey));
    const others = this.app.record.filter(({ ref }) => !changed.has(refKey(ref)));
    this.app = { ...this.app, record: [...others, ...entries] };
  }

  async read(object: KubeObject): Promise<KubeObject | undefined> {
    return this.cluster.read({ ...refOf(object), apiVersion: object.apiVersion }, {});
  }

  #versionOf(ref: Ref): string {
    return this.#bodies.get(refKey(ref))?.apiVersion ?? (ref.group === '' ? 'v1' : `${ref.group}/v1`);
  }

  async #answer(target: Target): Promise<LiveAnswer> {
    const { state } = this.cluster.kinds.find(target, target.apiVersion);
    if (state !== 'served') return { state: 'notServed' };
    const object = await this.cluster.read(target, {});
    return object === undefined ? { state: 'absent' } : { state: 'body', object };
  }

  #keepRecord({ results }: Applied): void {
    const entries = results.flatMap((result) => ('entry' in result ? [result.entry] : []));
    const gone = results.flatMap((result) => (result.kind === 'removed' ? [result.change.ref] : []));
    this.record(entries, gone);
    for (const result of results) {
      if (result.kind === 'applied' && 'desired' in result.change) this.#remember(result.change.desired);
      if (result.kind === 'kept' && result.change.desired !== undefined) this.#remember(result.change.desired);
    }
  }

  #remember(desired: DesiredObject | undefined): void {
    if (desired !== undefined) this.#bodies.set(refKey(desired.ref), desired.body());
  }
}

function revisionOf(objects: readonly DesiredObject[]): Desired {
  const digest = sha256Hex(objects.map(({ hash }) => hash).join());
  return { ...nothingDesired, revision: digest.slice(0, 40), digest, objects };
}
