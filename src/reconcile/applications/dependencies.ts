import type { HealthJudge } from '../../health/health.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { FollowedObjects } from '../../live/live.ts';
import type { Application } from '../../model/application.ts';
import type { ApplicationKey } from '../../model/installation.ts';
import { applicationKey } from '../../model/installation.ts';
import { describeRef } from '../../model/object.ts';
import type { Source } from '../../source/source.ts';
import type { Applications } from './applications.ts';
import { conditionOf } from '../status/conditions.ts';
import type { CompiledDependencies, DependencyCondition } from './dependency-conditions.ts';
import { compileDependencies, invalidSpec } from './dependency-conditions.ts';

export interface DependenciesPorts {
  readonly applications: Pick<Applications, 'known' | 'keys'>;
  readonly cluster: Pick<Cluster, 'kinds' | 'reflect'>;
  readonly health: Pick<HealthJudge, 'assess'>;
  readonly source: Pick<Source, 'newestRevision'>;
}

/** What one Application waits for, as it was compiled last. */
interface Declared extends CompiledDependencies {
  /** As JSON: reading an Application anew makes equal dependencies of other objects. */
  readonly written: string;
}

const nothing: Declared = { written: '[]', conditions: [], error: undefined };

/**
 * `spec.dependsOn` of all Applications: nothing of an Application is written before what it depends on is ready.
 *
 * Guarantees: asks nothing by a timer; `wake` gets an Application as soon as what it waits for may have become ready,
 * and those of a cycle when it is closed and when it is opened. Objects of other kinds are watched one by one, as long
 * as an Application names them.
 */
export class Dependencies implements Disposable {
  readonly #ports: DependenciesPorts;
  readonly #wake: (key: ApplicationKey) => void;
  readonly #objects: FollowedObjects;
  readonly #declared = new Map<ApplicationKey, Declared>();
  /** Revision of the newest run that ended with a comparison. */
  readonly #compared = new Map<ApplicationKey, string>();
  /** What was said last to those that have to wait. */
  readonly #waiting = new Map<ApplicationKey, string>();
  #inCycle: ReadonlySet<ApplicationKey> = new Set();

  constructor(ports: DependenciesPorts, wake: (key: ApplicationKey) => void) {
    this.#ports = ports;
    this.#wake = wake;
    this.#objects = new FollowedObjects(ports.cluster, () => this.#reconsider());
  }

  /** An Application is new, changed or gone. */
  changed(key: ApplicationKey): void {
    const parsed = this.#ports.applications.known(key);
    if (parsed === undefined) this.#compared.delete(key);
    if (parsed === undefined || parsed.kind === 'valid') this.#declare(key, parsed?.app);
    this.#reconsider();
  }

  /** A run of the Application compared it at this revision, and its status says so. */
  compared(key: ApplicationKey, revision: string): void {
    if (this.#compared.get(key) === revision) return;
    this.#compared.set(key, revision);
    this.#reconsider();
  }

  /** What has to become ready before anything of it is written; undefined: nothing. Throws InvalidSpec. */
  waitsFor(app: Application): string | undefined {
    const { conditions, error } = this.#declared.get(app.key) ?? nothing;
    if (error !== undefined) throw error;
    const cycle = this.#cycleFrom(app.key);
    if (cycle !== undefined) throw invalidSpec(`spec.dependsOn: a cycle: ${cycle.join(' → ')}`);
    const message = this.#messageOf(conditions);
    if (message === undefined) this.#waiting.delete(app.key);
    else this.#waiting.set(app.key, message);
    return message;
  }

  [Symbol.dispose](): void {
    this.#objects[Symbol.dispose]();
  }

  #declare(key: ApplicationKey, app: Application | undefined): void {
    const dependsOn = app?.deleting === false ? app.spec.dependsOn : [];
    const written = JSON.stringify(dependsOn);
    if ((this.#declared.get(key) ?? nothing).written === written) return;
    if (app === undefined || dependsOn.length === 0) this.#declared.delete(key);
    else this.#declared.set(key, { written, ...compileDependencies(dependsOn, app.namespace) });
    this.#waiting.delete(key);
    const { conditions } = this.#declared.get(key) ?? nothing;
    this.#objects.follow(
      key,
      conditions.filter(isByObject).map(({ target }) => target),
    );
    this.#findCycles();
  }

  #findCycles(): void {
    const before = this.#inCycle;
    this.#inCycle = new Set([...this.#declared.keys()].filter((key) => this.#cycleFrom(key) !== undefined));
    for (const key of before.symmetricDifference(this.#inCycle)) this.#wake(key);
  }

  /** The way back to where it begins; undefined when there is none. */
  #cycleFrom(start: ApplicationKey): readonly ApplicationKey[] | undefined {
    const seen = new Set<ApplicationKey>();
    const walk = (path: readonly ApplicationKey[]): readonly ApplicationKey[] | undefined => {
      const { conditions } = this.#declared.get(path.at(-1) ?? '') ?? nothing;
      for (const next of conditions.filter(isOnApplication).map(keyOf)) {
        if (next === start) return [...path, next];
        if (seen.has(next)) continue;
        seen.add(next);
        const found = walk([...path, next]);
        if (found !== undefined) return found;
      }
      return undefined;
    };
    return walk([start]);
  }

  /** Wakes those for which it stands otherwise than they were told. */
  #reconsider(): void {
    for (const [key, message] of [...this.#waiting]) {
      const { conditions } = this.#declared.get(key) ?? nothing;
      if (this.#messageOf(conditions) !== message) this.#wake(key);
    }
  }

  #messageOf(conditions: readonly DependencyCondition[]): string | undefined {
    const open = conditions.map((condition) => this.#open(condition)).filter((text) => text !== undefined);
    return open.length === 0 ? undefined : `waits for ${open.join('; ')}`;
  }

  /** What is not as it has to be; undefined when it is. */
  #open(condition: DependencyCondition): string | undefined {
    if (!isByObject(condition)) return this.#openApplication(keyOf(condition));
    const { target, assess } = condition;
    const name = describeRef(target);
    const found = this.#objects.find(target);
    if (found.state === 'unknown') return `${name}: ${found.why}`;
    if (found.state === 'absent') return `${name}: it is not there`;
    const { status, message } = assess?.(found.object) ?? this.#ports.health.assess(found.object);
    return status === 'Healthy' ? undefined : `${name}: ${status}${message === '' ? '' : `: ${message}`}`;
  }

  /** Ready, as of its newest spec and of the newest revision that is known of its source. */
  #openApplication(key: ApplicationKey): string | undefined {
    const app = this.#ports.applications.known(key)?.app;
    const name = `Application ${key}`;
    if (app === undefined) return `${name}: it is not there`;
    const ready = conditionOf(app.status.conditions, 'Ready');
    if (ready?.status !== 'True' || ready.observedGeneration !== app.generation)
      return `${name}: ${ready?.reason ?? 'not looked at yet'}`;
    const newest = this.#ports.source.newestRevision(key);
    return newest === undefined || newest === this.#compared.get(key)
      ? undefined
      : `${name}: it has yet to be compared with ${newest.slice(0, 12)}`;
  }
}

/** Judged by what the object itself says, and not by how it is known here. */
function isByObject(condition: DependencyCondition): boolean {
  return condition.assess !== undefined || !isOnApplication(condition);
}

function isOnApplication({ target }: DependencyCondition): boolean {
  return target.kind === 'Application' && target.group === 'evenkeel.dev';
}

function keyOf({ target }: DependencyCondition): ApplicationKey {
  return applicationKey(target.namespace, target.name);
}
