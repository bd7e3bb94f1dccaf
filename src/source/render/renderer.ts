import type { Application, SourceSpec } from '../../model/application.ts';
import type { JsonValue } from '../../model/json.ts';
import type { ClusterFacts } from '../../model/ports.ts';
import type { WrittenObject } from '../decode.ts';
import type { Charts } from '../charts/charts.ts';
import type { Limits } from '../limits.ts';
import type { Tools } from '../tools/tools.ts';
import type { Tree } from '../tree.ts';
import type { Workspaces } from '../workspace.ts';

/** What every renderer works with; made once. */
export interface RenderTools {
  readonly tools: Tools;
  readonly workspaces: Workspaces;
  readonly charts: Charts;
  readonly limits: Limits;
  /** As they are now; an error (not yet known) passes through. */
  readonly cluster: () => ClusterFacts;
  /** Bases and resources that kustomize would fetch from a network. */
  readonly allowRemoteBases: boolean;
}

/** One source of one Application, ready to be looked into. */
export interface RenderJob {
  readonly app: Application;
  /** Overrides of files merged, variables substituted. */
  readonly source: SourceSpec;
  /** The commit (or the chart) that `source` means. */
  readonly tree: Tree;
  /** Trees of the sources that have a `ref`, by that name. */
  readonly refs: ReadonlyMap<string, Tree>;
}

/** What a render depends on, known before any tool is started. */
export interface RenderPlan {
  /**
   * Equal identities, equal output: the sorted (path, id) of what is read, options, versions of tools, facts of the cluster
   * that are used. Only JSON.
   */
  readonly identity: JsonValue;
  /** Why what is read cannot be known, so that the commit is part of the identity. */
  readonly unknown?: string;
  /** Throws OperatorError. */
  run(signal: AbortSignal): Promise<Written>;
}

export interface Written {
  readonly objects: readonly WrittenObject[];
  /** Documents with neither apiVersion nor kind. */
  readonly skippedDocuments: number;
}

/** Reads of a tree what it has to, decides, and starts nothing. Throws OperatorError. */
export type PlanRender = (job: RenderJob, tools: RenderTools) => Promise<RenderPlan>;
