import type { KubeObject } from './object.ts';

/** An object and what belongs to it, as all that was at the time of one look. */
export interface Surroundings {
  readonly object: KubeObject;
  /** What it owns, and what that owns: ReplicaSets, Jobs, Pods. */
  readonly children: readonly KubeObject[];
  /** Events about any of them, and about others. */
  readonly events: readonly KubeObject[];
  /** What containers said last, by `logKey`. */
  readonly lastLines: ReadonlyMap<string, string>;
}

/** A container whose last words are worth reading. */
export interface LogWanted {
  readonly pod: KubeObject;
  readonly container: string;
  /** Of the run before the present one. */
  readonly previous: boolean;
}

export function logKey(podName: string, container: string): string {
  return `${podName}/${container}`;
}

/** One thing that keeps an object from working. */
export interface Cause {
  /** One word, Kubernetes' own where it has one: `ImagePullBackOff`, `OOMKilled`, `Unschedulable`. */
  readonly reason: string;
  /** For people: names container, image, code, and what the other side said. */
  readonly message: string;
}

/** Causes where they are found. */
export interface CauseTree {
  readonly kind: string;
  readonly name: string;
  /** How many Pods have the same causes; this one stands for them. 1 for other kinds. */
  readonly alike: number;
  readonly causes: readonly Cause[];
  /** Only those with a cause, in themselves or below; what most Pods have comes first. */
  readonly children: readonly CauseTree[];
}
