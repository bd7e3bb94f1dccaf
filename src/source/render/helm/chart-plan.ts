import { posix } from 'node:path';
import type { JsonValue } from '../../../model/json.ts';
import type { Charts, ChartVersion } from '../../charts/charts.ts';
import { readConstraint } from '../../versions.ts';
import { renderError } from '../../failures.ts';
import { join, Tree, type TreeNode } from '../../tree.ts';
import type { ChartBook, ChartFacts } from './chart-facts.ts';
import type { Dependency } from './chart-metadata.ts';
import { isInStep } from './lock.ts';

/** A chart's folder, and what has to be put into its `charts/`. */
export interface ChartPlan {
  readonly folder: TreeNode;
  readonly facts: ChartFacts;
  /** From repositories, as archives. */
  readonly archives: readonly PlannedArchive[];
  /** From other folders of the same repository. */
  readonly locals: readonly ChartPlan[];
}

export interface PlannedArchive extends Pick<ChartFacts, 'asksCluster' | 'strayReference'> {
  readonly chart: ChartVersion;
  readonly digest: string;
}

export interface ChartPlanner {
  readonly book: ChartBook;
  readonly charts: Charts;
  /** Of the source: archives on other hosts get the credentials, too. */
  readonly passCredentials: boolean;
  readonly signal: AbortSignal;
}

/** More is a mistake. */
const deepest = 10;

/**
 * What a chart's folder lacks, and where that comes from. Like Helm, asks by name only: what lies in `charts/` is used as
 * it is, and nothing is fetched when all is there. Throws OperatorError.
 */
export async function planChart(folder: TreeNode, planner: ChartPlanner, depth = 0): Promise<ChartPlan> {
  const facts = await planner.book.facts(folder);
  const missing = facts.dependencies.filter(({ name }) => !facts.vendored.has(name));
  const failed = (message: string) => renderError('RenderFailed', `${join(folder.path, 'Chart.yaml')}: ${message}`);
  if (depth > deepest) throw failed('depends on charts that depend on charts, without end');
  if (missing.length > 0 && facts.lock !== undefined && !isInStep(facts, facts.lock)) {
    throw failed(
      `its dependencies are not those of ${facts.lock.file}; run "helm dependency update" and commit the result`,
    );
  }
  const archives = new Map<string, PlannedArchive>();
  const locals = new Map<string, ChartPlan>();
  for (const dependency of missing) {
    const where = kindOf(dependency);
    if (where === 'repository') {
      const archive = await planArchive(locked(dependency, facts), planner);
      archives.set(archive.digest, archive);
    } else if (where === 'local') {
      const local = await planLocal(folder, dependency, { planner, depth });
      locals.set(local.folder.path, local);
    } else throw failed(`dependency "${dependency.name}": ${where}`);
  }
  return { folder, facts, archives: [...archives.values()], locals: [...locals.values()] };
}

/** Equal ones, equal charts. */
export function chartIdentity({ folder, facts, archives, locals }: ChartPlan): JsonValue {
  return {
    content: facts.files?.map(([path, oid]) => [path, oid]) ?? folder.oid,
    archives: archives.map(({ digest }) => digest).sort(),
    locals: locals.map(chartIdentity),
  };
}

export function asksCluster({ facts, archives, locals }: ChartPlan): boolean {
  return facts.asksCluster || archives.some((archive) => archive.asksCluster) || locals.some(asksCluster);
}

/** What some schema of values refers to outside of the chart; undefined: nothing. */
export function strayReference({ facts, archives, locals }: ChartPlan): string | undefined {
  const strays = [facts, ...archives].map((one) => one.strayReference);
  return [...strays, ...locals.map(strayReference)].find((stray) => stray !== undefined);
}

/** Where a dependency comes from, or why from nowhere. */
function kindOf({ repository }: Dependency): string {
  if (/^(https?|oci):\/\//.test(repository)) return 'repository';
  if (repository.startsWith('file://')) return 'local';
  if (repository === '') return 'is not in charts/ and names no repository';
  if (/^(@|alias:)/.test(repository)) {
    return `the repository "${repository}" is a name of somebody's own machine; give its address, or commit the chart in charts/`;
  }
  return `the repository "${repository}" is no address`;
}

/** With the exact version where a lock has one. */
function locked(dependency: Dependency, { lock }: ChartFacts): Dependency {
  const { name, repository, version } = dependency;
  const candidates = lock?.dependencies.filter((each) => each.name === name && each.repository === repository) ?? [];
  const satisfies = readConstraint(version);
  return candidates.find((each) => candidates.length === 1 || satisfies?.(each.version) === true) ?? dependency;
}

async function planArchive(
  { name, version, repository: url }: Dependency,
  { book, charts, passCredentials, signal }: ChartPlanner,
): Promise<PlannedArchive> {
  const repository = { url, secret: undefined, ...(passCredentials ? { passCredentials } : {}) };
  const exact = await charts.resolve(repository, name, version === '' ? '*' : version, false);
  const chart = { repository, name, version: exact };
  await using opened = await charts.open(chart, signal);
  const root = await new Tree(opened.reader, await opened.reader.rootTree('')).folderAt('');
  return { ...(await book.facts(root)), chart, digest: opened.digest };
}

async function planLocal(
  folder: TreeNode,
  { name, version, repository }: Dependency,
  { planner, depth }: { readonly planner: ChartPlanner; readonly depth: number },
): Promise<ChartPlan> {
  const place = join(folder.path, 'Chart.yaml');
  const failed = (message: string) => renderError('RenderFailed', `${place}: dependency "${name}": ${message}`);
  const written = repository.slice('file://'.length);
  const path = posix.join(folder.path, written);
  if (posix.isAbsolute(written) || path === '..' || path.startsWith('../'))
    throw failed(`"${repository}" is outside the repository`);
  const found = await folder.tree.find(path);
  if (found?.kind !== 'folder') throw failed(`there is no folder "${path}"`);
  const plan = await planChart({ ...found, path }, planner, depth + 1);
  const isWanted = readConstraint(version);
  if (isWanted === undefined) throw failed(`"${version}" is no version and no constraint`);
  if (!isWanted(plan.facts.version))
    throw failed(`"${path}" has version ${plan.facts.version}, which is not ${version}`);
  return plan;
}
