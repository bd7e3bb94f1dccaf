import type { Reflector, ReflectorListener, ReflectorSpec, ServedKind } from './cluster.ts';
import type { Definitions, DiscoveredKinds } from './kinds.ts';
import type { ServerVersion } from './server-version.ts';
import { groupOf, labelsOf, versionOf } from '../model/object.ts';
import type { KubeObject } from '../model/object.ts';
import type { Clock } from '../model/ports.ts';

const customResourceDefinitions: ServedKind = {
  group: 'apiextensions.k8s.io',
  kind: 'CustomResourceDefinition',
  apiVersion: 'apiextensions.k8s.io/v1',
  resource: 'customresourcedefinitions',
  namespaced: false,
  verbs: ['get', 'list', 'watch'],
};

const apiServices: ServedKind = {
  group: 'apiregistration.k8s.io',
  kind: 'APIService',
  apiVersion: 'apiregistration.k8s.io/v1',
  resource: 'apiservices',
  namespaced: false,
  verbs: ['get', 'list', 'watch'],
};

export interface FollowerParts {
  readonly kinds: DiscoveredKinds;
  /** Read again when the server may be another: after an interruption, and when it changes what it serves itself. */
  readonly version: Pick<ServerVersion, 'refresh'>;
  readonly reflect: (spec: ReflectorSpec) => Reflector;
  readonly clock: Clock;
}

/** So long after the last event of a definition discovery is looked at again until it agrees. */
const settlesWithinMs = 60_000;
const shortestPauseMs = 100;
/** While something is stale its recovery is no event; the tag makes such a look cheap. */
const longestPauseMs = 60_000;
const longestFailurePauseMs = 5_000;

/**
 * Keeps discovery current: looks anew whenever a CustomResourceDefinition or APIService changes.
 *
 * Guarantees: at rest it sends nothing; events that arrive together cost one look; a definition whose route comes
 * later than its event is looked for again, ever more seldom, for a minute.
 */
export class DefinitionFollower implements Definitions {
  readonly #parts: FollowerParts;
  #reflectors: readonly Reflector[] = [];
  /** Names `plural.group`, with the time of their last event; true = it should be listed. */
  readonly #crds = new Map<string, { readonly at: number; readonly exists: boolean }>();
  /** Names `version.group`. */
  readonly #services = new Set<string>();
  #servicesChangedAt = Number.NEGATIVE_INFINITY;
  #hasLooked = false;
  #looking = false;
  #again = false;
  #pauseMs = shortestPauseMs;
  #cancelTimer: (() => void) | undefined;
  #stopped = false;

  constructor(parts: FollowerParts) {
    this.#parts = parts;
  }

  start(): void {
    const { reflect } = this.#parts;
    this.#reflectors = [
      reflect({ kind: customResourceDefinitions, metadataOnly: true, listener: this.#listen(this.#noteCrd) }),
      reflect({ kind: apiServices, metadataOnly: true, listener: this.#listen(this.#noteService) }),
    ];
  }

  get complete(): boolean {
    return this.#reflectors.length > 0 && this.#reflectors.every((reflector) => reflector.complete);
  }

  hasGroup(group: string): boolean {
    for (const [name, { exists }] of this.#crds) if (exists && groupIn(name) === group) return true;
    return this.#services.values().some((name) => groupIn(name) === group);
  }

  hasVersion(apiVersion: string): boolean {
    return this.#services.has(`${versionOf(apiVersion)}.${groupOf(apiVersion)}`);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelTimer?.();
    for (const reflector of this.#reflectors) reflector.stop();
  }

  #listen(note: (object: KubeObject, exists: boolean) => void): ReflectorListener {
    // The first lists are looked at once, when both are complete; later ones tell what changed before they are.
    const look = () => {
      this.#pauseMs = shortestPauseMs;
      if (this.complete) this.#look();
    };
    return {
      synced: () => {
        if (this.#hasLooked) {
          this.#parts.kinds.define(this);
          void this.#parts.version.refresh();
        } else look();
      },
      changed: (object) => {
        note(object, true);
        look();
      },
      deleted: (object) => {
        note(object, false);
        look();
      },
      interrupted: () => undefined,
    };
  }

  readonly #noteCrd = (object: KubeObject, exists: boolean): void => {
    this.#crds.set(object.metadata.name, { at: this.#parts.clock.monotonic(), exists });
  };

  readonly #noteService = (object: KubeObject, exists: boolean): void => {
    const { name } = object.metadata;
    if (exists) this.#services.add(name);
    else this.#services.delete(name);
    // The server makes those of built-in groups and CRDs itself, and serves them itself: they cannot lag behind.
    const ownBackend = labelsOf(object)['kube-aggregator.kubernetes.io/automanaged'] === undefined;
    if (ownBackend) this.#servicesChangedAt = this.#parts.clock.monotonic();
    else if (this.#hasLooked) void this.#parts.version.refresh();
  };

  #look(): void {
    if (this.#stopped) return;
    this.#again = true;
    this.#hasLooked = true;
    if (this.#looking) return;
    this.#looking = true;
    this.#cancelTimer?.();
    void this.#lookUntilCurrent().finally(() => {
      this.#looking = false;
      this.#plan();
    });
  }

  async #lookUntilCurrent(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false;
      await this.#parts.kinds.refresh();
      this.#parts.kinds.define(this);
    }
  }

  #plan(): void {
    if (this.#stopped || !(this.#parts.kinds.unsettled || this.#expectsMore())) return;
    const { clock, kinds } = this.#parts;
    const ms = kinds.failing ? Math.min(Math.max(this.#pauseMs, 1_000), longestFailurePauseMs) : this.#pauseMs;
    this.#cancelTimer = clock.after(ms, () => this.#look());
    this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
  }

  #expectsMore(): boolean {
    const recent = this.#parts.clock.monotonic() - settlesWithinMs;
    if (this.#servicesChangedAt > recent) return true;
    let expects = false;
    for (const [name, { at, exists }] of this.#crds) {
      const listed = this.#parts.kinds.lists(groupIn(name), name.slice(0, name.indexOf('.')));
      if (listed !== exists && at > recent) expects = true;
      if (!exists && !listed) this.#crds.delete(name);
    }
    return expects;
  }
}

/** `widgets.example.com` → `example.com`, `v1.` → the core group. */
function groupIn(name: string): string {
  return name.slice(name.indexOf('.') + 1);
}
