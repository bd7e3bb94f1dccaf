import type { Application, HelmOptions, KustomizeOptions, SourceSpec } from '../../model/application.ts';

/** What a source may refer to as `$ARGOCD_APP_<name>` or `$EVENKEEL_APP_<name>`. */
export interface Variables {
  readonly NAME: string;
  /** The namespace that the objects go to, as in Argo CD; not the Application's own. */
  readonly NAMESPACE: string;
  readonly PROJECT_NAME: string;
  readonly REVISION: string;
  readonly REVISION_SHORT: string;
  readonly REVISION_SHORT_8: string;
  readonly SOURCE_PATH: string;
  readonly SOURCE_REPO_URL: string;
  readonly SOURCE_TARGET_REVISION: string;
}

type VariableName = keyof Variables;

/** `revision` is the commit, or the version of the chart. */
export function variablesOf(app: Application, source: SourceSpec, revision: string): Variables {
  return {
    NAME: app.name,
    NAMESPACE: app.spec.destinationNamespace,
    PROJECT_NAME: app.spec.project,
    REVISION: revision,
    REVISION_SHORT: revision.slice(0, 7),
    REVISION_SHORT_8: revision.slice(0, 8),
    SOURCE_PATH: source.path,
    SOURCE_REPO_URL: source.repoURL,
    SOURCE_TARGET_REVISION: source.targetRevision,
  };
}

/**
 * Replaces `$NAME` and `${NAME}` as Argo CD does (Go's os.Expand): a variable that is not known becomes empty, `$$` is a
 * dollar, and so is one that no name follows; `${}` and a brace without end are dropped.
 */
export function substitute(text: string, variables: Variables): string {
  return expand(text, (name) => valueOf(name, variables) ?? '');
}

/**
 * The source with variables substituted where Argo CD does it: images, commonLabels, commonAnnotations that are flagged;
 * values of Helm parameters, names of value files and of file parameters. `refs` are the names of other sources: a leading
 * `$ref/` is theirs. `used` are the variables that it took, which are part of what is rendered.
 */
export function withVariables(
  source: SourceSpec,
  variables: Variables,
  refs: ReadonlySet<string> = new Set(),
): { readonly source: SourceSpec; readonly used: ReadonlySet<VariableName> } {
  const used = new Set<VariableName>();
  const replace = (text: string): string =>
    expand(text, (name) => {
      const known = variableNamed(name, variables);
      if (known !== undefined) used.add(known);
      return known === undefined ? '' : variables[known];
    });
  const { kustomize, helm } = source;
  const substituted = {
    ...source,
    ...(kustomize === undefined ? {} : { kustomize: inKustomize(kustomize, replace) }),
    ...(helm === undefined ? {} : { helm: inHelm(helm, replace, refs) }),
  };
  return { source: substituted, used };
}

type Replace = (text: string) => string;

function inKustomize(options: KustomizeOptions, replace: Replace): KustomizeOptions {
  const { images, commonLabels, commonAnnotations, commonAnnotationsEnvsubst } = options;
  return {
    ...options,
    images: images.map(replace),
    commonLabels: inValues(commonLabels, replace),
    commonAnnotations: commonAnnotationsEnvsubst ? inValues(commonAnnotations, replace) : commonAnnotations,
  };
}

function inHelm(options: HelmOptions, replace: Replace, refs: ReadonlySet<string>): HelmOptions {
  const inPath = (path: string): string => {
    const [first = '', ...others] = path.split('/');
    const isRef = first.startsWith('$') && refs.has(first.slice(1));
    return isRef ? [first, replace(others.join('/'))].join('/') : replace(path);
  };
  return {
    ...options,
    valueFiles: options.valueFiles.map(inPath),
    parameters: options.parameters.map((parameter) => ({ ...parameter, value: replace(parameter.value) })),
    fileParameters: options.fileParameters.map(({ name, path }) => ({ name, path: inPath(path) })),
  };
}

function inValues(map: Readonly<Record<string, string>>, replace: Replace): Record<string, string> {
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, replace(value)]));
}

const reference =
  /\$(?:\{(?<special>[*#$@!?0-9-])\}|\{(?<braced>[^}]*)\}|(?<open>\{)|(?<mark>[*#$@!?0-9-])|(?<plain>[A-Za-z0-9_]+))/g;

function expand(text: string, value: (name: string) => string): string {
  return text.replace(reference, (_whole, ...parts: unknown[]) => {
    const { special, braced, mark, plain } = parts.at(-1) as Record<string, string | undefined>;
    const name = special ?? braced ?? mark ?? plain ?? '';
    if (name === '$') return '$';
    return name === '' ? '' : value(name);
  });
}

function variableNamed(name: string, variables: Variables): VariableName | undefined {
  const short = /^(?:ARGOCD|EVENKEEL)_APP_(.+)$/.exec(name)?.[1] ?? '';
  return Object.hasOwn(variables, short) ? (short as VariableName) : undefined;
}

function valueOf(name: string, variables: Variables): string | undefined {
  const known = variableNamed(name, variables);
  return known === undefined ? undefined : variables[known];
}
