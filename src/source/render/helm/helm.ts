import type { HelmOptions } from '../../../model/application.ts';
import { sha256Hex } from '../../../model/hash.ts';
import type { JsonValue } from '../../../model/json.ts';
import { readHelm } from '../../../model/parse-source.ts';
import { renderError } from '../../failures.ts';
import type { PlanRender, RenderJob, RenderPlan, RenderTools } from '../renderer.ts';
import { plainKubeVersion, releaseNameOf, valuesText, type Capabilities } from './arguments.ts';
import { ChartBook, mentionsCapabilities } from './chart-facts.ts';
import { asksCluster, chartIdentity, planChart, strayReference } from './chart-plan.ts';
import { runTemplate, type Template } from './template.ts';
import { findParameterFile, findValueFiles, type NamedFile } from './value-files.ts';

/** What an absent `source.helm` means. */
const noOptions = readHelm({});

/**
 * Plans and runs `helm template` of the chart in a source's path, with the options of `source.helm`.
 *
 * Guarantees: only the chart, what it depends on and the files that options name are put on disk; dependencies that are
 * missing are fetched by us, so that Helm needs neither network nor credentials; the cluster's facts are part of the
 * identity only for charts that ask for them; planning again what has not changed reads no file.
 */
export function createHelmPlanner(): PlanRender {
  const books = new WeakMap<RenderTools, ChartBook>();
  return async (job, tools) => {
    const book = books.get(tools) ?? new ChartBook(tools.limits);
    books.set(tools, book);
    return await plan(job, tools, book);
  };
}

async function plan(job: RenderJob, tools: RenderTools, book: ChartBook): Promise<RenderPlan> {
  const template = await templateOf(job, tools, book);
  const version = await tools.tools.version('helm');
  if (version === undefined) throw renderError('ToolUnavailable', 'Helm is not installed');
  return {
    identity: identityOf(template, version),
    run: async (signal) => await runTemplate(template, tools, signal),
  };
}

async function templateOf(
  { app, source, tree, refs }: RenderJob,
  tools: RenderTools,
  book: ChartBook,
): Promise<Template> {
  const options = source.helm ?? noOptions;
  const folder = await tree.folderAt(source.path);
  const { passCredentials, ignoreMissingValueFiles } = options;
  const signal = new AbortController().signal;
  const chart = await planChart(folder, { book, charts: tools.charts, passCredentials, signal });
  const stray = options.skipSchemaValidation ? undefined : strayReference(chart);
  if (stray !== undefined) throw renderError('InvalidObject', stray);
  const places = { tree, folder: folder.path, refs };
  const valueFiles = await findValueFiles(options.valueFiles, places, ignoreMissingValueFiles);
  const parameterFiles = new Map<string, NamedFile>();
  for (const { name, path } of options.fileParameters) {
    checkFileParameter(name);
    parameterFiles.set(name, await findParameterFile(path, places));
  }
  const isUsed = asksCluster(chart) || (await optionsAsk(options, [...valueFiles, ...parameterFiles.values()], book));
  return {
    folder: source.path,
    release: releaseNameOf(app, options),
    namespace: options.namespace === '' ? app.spec.destinationNamespace : options.namespace,
    options,
    chart,
    valueFiles,
    parameterFiles,
    capabilities: capabilitiesOf(options, isUsed, tools),
  };
}

/** Helm would read `a=/etc/passwd,b` as two parameters, the first with a file of this machine. */
function checkFileParameter(name: string): void {
  if (/^[^,=\r\n]+$/.test(name)) return;
  throw renderError(
    'InvalidSpec',
    `spec.source.helm.fileParameters: "${name}" can be no name: it is empty or has a comma or "="`,
  );
}

/** Values become templates where a chart uses `tpl`. */
async function optionsAsk(options: HelmOptions, files: readonly NamedFile[], book: ChartBook): Promise<boolean> {
  const written = [valuesText(options) ?? '', ...options.parameters.map(({ value }) => value)];
  if (written.some((text) => mentionsCapabilities(Buffer.from(text)))) return true;
  for (const { node } of files) if (await book.asks(node)) return true;
  return false;
}

/** What the options say counts always; what the cluster says, where something asks for it. */
function capabilitiesOf(options: HelmOptions, isUsed: boolean, tools: RenderTools): Capabilities {
  const given = {
    ...(options.kubeVersion === '' ? {} : { kubeVersion: options.kubeVersion }),
    ...(options.apiVersions.length === 0 ? {} : { apiVersions: options.apiVersions }),
  };
  const { kubeVersion, apiVersions }: Capabilities = isUsed ? { ...tools.cluster(), ...given } : given;
  return {
    ...(kubeVersion === undefined ? {} : { kubeVersion: plainKubeVersion(kubeVersion) }),
    ...(apiVersions === undefined ? {} : { apiVersions }),
  };
}

function identityOf(template: Template, version: string): JsonValue {
  const { release, namespace, options, chart, valueFiles, parameterFiles, capabilities } = template;
  const { skipCrds, skipTests, skipSchemaValidation, parameters } = options;
  const inline = valuesText(options);
  return {
    renderer: 'helm',
    version,
    folder: template.folder,
    release,
    namespace,
    chart: chartIdentity(chart),
    valueFiles: valueFiles.map(({ node }) => node.oid),
    values: inline === undefined ? null : sha256Hex(inline),
    parameters: parameters.map(({ name, value, forceString }) => [name, value, forceString]),
    fileParameters: [...parameterFiles].map(([name, { node }]) => [name, node.oid]),
    flags: [skipCrds, skipTests, skipSchemaValidation],
    kubeVersion: capabilities.kubeVersion ?? null,
    apiVersions: capabilities.apiVersions ?? null,
  };
}
