import type { ObjectEvent } from '../../src/kube/cluster.ts';
import { createHealthRules } from '../../src/health/health.ts';
import { createLive } from '../../src/live/live.ts';
import type { ApplicationStatus } from '../../src/model/application.ts';
import type { JsonObject } from '../../src/model/json.ts';
import { arrayAt, objectAt } from '../../src/model/json.ts';
import type { KubeObject, Ref } from '../../src/model/object.ts';
import type { ParsedApplication } from '../../src/model/parse-application.ts';
import { parseApplication } from '../../src/model/parse-application.ts';
import { isInventoryOf } from '../../src/model/inventory.ts';
import type { RecordEntry } from '../../src/model/record.ts';
import type { Reconciling } from '../../src/reconcile/reconcile.ts';
import { startReconciling } from '../../src/reconcile/reconcile.ts';
import { FakeCluster } from '../fakes/cluster.ts';
import type { FakeRequest } from '../fakes/cluster.ts';
import { ManualClock } from '../fakes/clock.ts';
import { maskLogLine } from '../../src/telemetry/telemetry.ts';
import type { Recorder } from '../telemetry/recorder.ts';
import { record } from '../telemetry/recorder.ts';
import { installation, Repository, StubSource } from './repository.ts';

export const namespace = 'apps';

export interface ApplicationParts {
  readonly spec?: JsonObject;
  readonly metadata?: JsonObject;
  readonly operation?: JsonObject;
}

const automated = { syncPolicy: { automated: { prune: true, selfHeal: true } } };

export function applicationObject(
  name: string,
  { spec = automated, metadata, ...more }: ApplicationParts = {},
): KubeObject {
  const source = { repoURL: 'https://git.example.com/shop.git', path: name };
  return {
    apiVersion: 'evenkeel.dev/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace, ...metadata },
    spec: { project: 'default', source, destination: { namespace: 'shop' }, ...spec },
    ...more,
  };
}

export function applicationRef(name: string): Ref {
  return { group: 'evenkeel.dev', kind: 'Application', namespace, name };
}

export function configMap(name: string, data: JsonObject = { k: '1' }, metadata: JsonObject = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'shop', ...metadata }, data };
}

export function configMapRef(name: string): Ref {
  return { group: '', kind: 'ConfigMap', namespace: 'shop', name };
}

const reads: ReadonlySet<string> = new Set(['get', 'list', 'watch']);

/** A write to a managed object, not to an Application, an Inventory or as a dry run. */
export function isManagedWrite({ verb, ref, dryRun }: FakeRequest): boolean {
  return dryRun !== true && !reads.has(verb) && ref.group !== 'evenkeel.dev';
}

export function isStatusWrite({ verb, ref, subresource }: FakeRequest): boolean {
  return verb === 'patch' && ref.kind === 'Application' && subresource === 'status';
}

/** The reconcile folder at work on a cluster and a repository in memory; time stands still until it is moved. */
export class Stage implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly cluster = new FakeCluster(this.clock);
  readonly repository = new Repository();
  readonly recorder: Recorder = record();
  readonly events: ObjectEvent[] = [];
  source = new StubSource(this.repository);
  /** Of the next start. */
  logLines = true;
  #reconciling: Reconciling | undefined;

  constructor() {
    for (const name of [namespace, 'shop'])
      this.cluster.seed({ apiVersion: 'v1', kind: 'Namespace', metadata: { name }, status: { phase: 'Active' } });
  }

  async start(): Promise<void> {
    const { clock, cluster } = this;
    this.source = new StubSource(this.repository);
    const health = createHealthRules(installation.partOfLabel);
    const ports = {
      health,
      jq: { pathsIn: () => Promise.resolve({ kind: 'paths' as const, paths: [] }) },
      cluster,
      clock,
      installation,
      source: this.source,
      live: createLive({ cluster, installation, clock, health }),
      events: { emit: (event: ObjectEvent) => void this.events.push(event) },
      telemetry: this.recorder.telemetry,
      random: () => 0.5,
      namespaces: [],
      workers: 2,
      causes: { logLines: this.logLines, maskLine: maskLogLine },
    };
    this.#reconciling = await startReconciling(ports, new AbortController().signal);
  }

  async stop(): Promise<void> {
    await this.#reconciling?.[Symbol.asyncDispose]();
    this.#reconciling = undefined;
    this.clock.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Until nothing goes on any more without time passing. */
  async quiet(): Promise<void> {
    let seen = -1;
    for (let still = 0; still < 32; still += 1) {
      if (this.cluster.requests.length !== seen) still = 0;
      seen = this.cluster.requests.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
    await this.quiet();
  }

  apply(name: string, parts: ApplicationParts = {}): void {
    this.cluster.seed(applicationObject(name, parts));
  }

  /** Changes the Application as a user does. */
  edit(name: string, change: (application: KubeObject) => KubeObject): void {
    this.cluster.edit(applicationRef(name), change);
  }

  /** Another spec, as `apply` makes it. */
  respec(name: string, spec: JsonObject): void {
    this.edit(name, (application) => ({ ...application, spec: objectAt(applicationObject(name, { spec }), 'spec') }));
  }

  ask(name: string, sync: JsonObject): void {
    this.edit(name, (application) => ({ ...application, operation: { sync } }));
  }

  annotate(name: string, annotations: JsonObject): void {
    this.edit(name, (application) => {
      const before = objectAt(application.metadata, 'annotations');
      return { ...application, metadata: { ...application.metadata, annotations: { ...before, ...annotations } } };
    });
  }

  application(name: string): KubeObject {
    const object = this.cluster.peek(applicationRef(name));
    if (object === undefined) throw new Error(`there is no Application ${name}`);
    return object;
  }

  parsed(name: string): ParsedApplication {
    const inventories = this.cluster.all().filter((object) => isInventoryOf(object) === name);
    return parseApplication(this.application(name), inventories, installation);
  }

  status(name: string): ApplicationStatus {
    return this.parsed(name).app.status;
  }

  record(name: string): readonly RecordEntry[] {
    return this.parsed(name).app.record ?? [];
  }

  condition(name: string, type: string): { status: string; reason: string; message: string } | undefined {
    return this.status(name).conditions?.find((condition) => condition.type === type);
  }

  /** Of a condition; empty when it does not hold. */
  message(name: string, type: string): string {
    return this.condition(name, type)?.message ?? '';
  }

  /** `Ready` in one line. */
  ready(name: string): string {
    const { status = '', reason = '' } = this.condition(name, 'Ready') ?? {};
    return `${status} ${reason}`;
  }

  /** Requests since the mark that match; the mark is where `requests` stood. */
  since(mark: number, matches: (request: FakeRequest) => boolean): string[] {
    return this.cluster.requests
      .slice(mark)
      .filter(matches)
      .map(({ verb, ref }) => `${verb} ${ref.kind} ${ref.name}`);
  }

  get mark(): number {
    return this.cluster.requests.length;
  }

  /** Names of the ConfigMaps that Git put there and that are there. */
  maps(): string[] {
    const names = this.cluster
      .all()
      .filter(({ kind }) => kind === 'ConfigMap')
      .map(({ metadata }) => metadata.name);
    return names.sort();
  }

  finalizers(name: string): readonly unknown[] {
    return arrayAt(this.application(name).metadata, 'finalizers');
  }
}
