import type { SourceResource } from './application-schema.ts';
import type { HelmOptions, KustomizeOptions, SourceSpec } from './application.ts';
import type { Findings } from './findings.ts';
import { isZero } from './inspect-fields.ts';
import type { JsonValue } from './json.ts';
import { isCommitId, isConstraint } from './revision.ts';

/** Where a source stands in the spec: `spec.source`, or one of `spec.sources`. */
export interface SourcePlace {
  readonly path: string;
  readonly isListed: boolean;
}

/** One source of an Application; what is wrong with it goes to `findings`. */
export function readSource(source: SourceResource, place: SourcePlace, findings: Findings): SourceSpec {
  const { chart = '', ref = '', tagPrefix = '', name = '' } = source;
  const at = (field: string): string => `${place.path}.${field}`;
  inspectRenderers(source, place.path, findings);
  if (ref !== '' && !place.isListed) findings.ignore(at('ref'), 'only sources of spec.sources refer to one another');
  return {
    repoURL: chart === '' ? readRepoURL(source.repoURL, at('repoURL'), findings) : readCharts(source, at, findings),
    path: chart === '' ? readPath(source, place, findings) : '',
    targetRevision: readRevision(source, at('targetRevision'), findings),
    ...{ tagPrefix, chart, ref, name },
    directory: readDirectory(source),
    ...readBlocks(source),
    ...readVerify(source, at('verify'), findings),
  };
}

/** What is only there when it says something. */
function readBlocks({ kustomize, helm, secretRef = '' }: SourceResource): Partial<SourceSpec> {
  return {
    ...(hasValue(kustomize) ? { kustomize: readKustomize(kustomize) } : {}),
    ...(hasValue(helm) ? { helm: readHelm(helm) } : {}),
    ...(secretRef === '' ? {} : { secretRef }),
  };
}

/** A block with only zero values counts as absent. */
function hasValue<T>(block: T | undefined): block is T {
  return block !== undefined && !isZero(block as JsonValue);
}

function inspectRenderers(source: SourceResource, path: string, findings: Findings): void {
  const given = (['helm', 'kustomize', 'directory'] as const).filter((name) => hasValue(source[name]));
  if (given.length > 1) findings.invalid(path, `expected at most one of ${given.join(' and ')}`);
}

type At = (field: string) => string;

/** Messages never repeat the address: it may hold a password. */
function readRepoURL(text: string, path: string, findings: Findings): string {
  if (/^[^/:@\s]+@[^/:\s]+:[^\s?#]+$/.test(text)) return text;
  if (text.startsWith('oci://')) {
    findings.notYet(path, 'an OCI artefact without chart');
    return '';
  }
  const url = URL.parse(text);
  if (url === null || !['https:', 'http:', 'ssh:'].includes(url.protocol)) {
    findings.invalid(path, 'expected an address such as https://git.example.com/team/repository.git');
    return '';
  }
  // The user name of SSH is no secret; a password is.
  if (url.password !== '' || (url.username !== '' && url.protocol !== 'ssh:')) {
    findings.invalid(path, 'expected an address without credentials; put them into a Secret and name it in secretRef');
  }
  if (url.search !== '' || url.hash !== '') findings.invalid(path, 'expected an address without ? and #');
  return text;
}

function inspectBesideChart({ path = '', targetRevision = '', ref = '' }: SourceResource, at: At, findings: Findings) {
  if (path !== '') findings.ignore(at('path'), 'a chart is rendered as a whole');
  if (targetRevision === '') findings.invalid(at('targetRevision'), 'is required with chart');
  if (ref !== '') findings.invalid(at('ref'), 'expected no ref beside chart');
}

/** An index over HTTP(S), or an OCI registry with or without scheme. */
function readCharts(source: SourceResource, at: At, findings: Findings): string {
  const { repoURL } = source;
  inspectBesideChart(source, at, findings);
  const text = /^[a-z]+:\/\//i.test(repoURL) ? repoURL : `oci://${repoURL}`;
  const url = URL.parse(text);
  if (url === null || !['https:', 'http:', 'oci:'].includes(url.protocol) || /\s/.test(repoURL)) {
    findings.invalid(at('repoURL'), 'expected https://… (an index), or a registry such as ghcr.io/org');
    return '';
  }
  if ([url.username, url.password, url.search, url.hash].some((part) => part !== '')) {
    findings.invalid(at('repoURL'), 'expected an address without credentials, ? and #; credentials go into a Secret');
  }
  return text;
}

function readPath(source: SourceResource, { path: place, isListed }: SourcePlace, findings: Findings): string {
  const { path: text = '', ref = '' } = source;
  const path = `${place}.path`;
  if (text === '' && isListed && ref !== '') return '';
  for (const [isWrong, message] of pathRules) if (isWrong(text)) findings.invalid(path, message);
  const segments = segmentsOf(text);
  return segments.length === 0 ? '.' : segments.join('/');
}

function segmentsOf(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '' && segment !== '.');
}

const pathRules: readonly (readonly [isWrong: (path: string) => boolean, message: string])[] = [
  [(path) => path === '', 'is required; `.` is the root of the repository'],
  [(path) => /[\u0000-\u001f\\]/.test(path), 'expected no control characters and no backslash'],
  [(path) => path.startsWith('/'), 'expected a path relative to the root of the repository'],
  [(path) => segmentsOf(path).includes('..'), 'expected a path without ..'],
];

/** Accepts branches, tags, `refs/…`, commits and version constraints; which of them it is, the remote decides. */
function readRevision({ targetRevision: text = '' }: SourceResource, path: string, findings: Findings): string {
  if (text === '') return 'HEAD';
  if (!isConstraint(text) && !isCommitId(text) && !isRefName(text))
    findings.invalid(path, 'expected a branch, a tag, refs/…, a commit or a version constraint');
  return text;
}

/** The rules of git check-ref-format that can hurt. */
function isRefName(text: string): boolean {
  return !/[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|^[-/]|[/.]$|\.lock$/.test(text);
}

function readDirectory({ directory = {} }: SourceResource): SourceSpec['directory'] {
  const { recurse = false, include = '', exclude = '', disableExtensionFilter = false } = directory;
  return { recurse, include, exclude, disableExtensionFilter };
}

/** Without what is accepted and has no effect. */
function known<T extends object>(defaults: T, given: Partial<T>): Partial<T> {
  const names = Object.keys(defaults);
  return Object.fromEntries(Object.entries(given).filter(([name]) => names.includes(name))) as Partial<T>;
}

const noKustomize: KustomizeOptions = {
  namePrefix: '',
  nameSuffix: '',
  namespace: '',
  images: [],
  replicas: [],
  patches: [],
  components: [],
  commonLabels: {},
  commonAnnotations: {},
  kubeVersion: '',
  apiVersions: [],
  ignoreMissingComponents: false,
  labelWithoutSelector: false,
  labelIncludeTemplates: false,
  forceCommonLabels: false,
  forceCommonAnnotations: false,
  commonAnnotationsEnvsubst: false,
};

export function readKustomize(block: NonNullable<SourceResource['kustomize']>): KustomizeOptions {
  const { replicas = [], patches = [], ...others } = block;
  return {
    ...noKustomize,
    ...known(noKustomize, others),
    replicas: replicas.map(({ name = '', count = 0 }) => ({ name, count })),
    patches: patches.map(({ path = '', patch = '', target, options }) => ({
      path,
      patch,
      ...(target === undefined ? {} : { target }),
      ...(options === undefined ? {} : { options }),
    })),
  };
}

const noHelm: HelmOptions = {
  releaseName: '',
  namespace: '',
  kubeVersion: '',
  apiVersions: [],
  valueFiles: [],
  values: '',
  parameters: [],
  fileParameters: [],
  ignoreMissingValueFiles: false,
  skipCrds: false,
  skipTests: false,
  skipSchemaValidation: false,
  passCredentials: false,
};

export function readHelm(block: NonNullable<SourceResource['helm']>): HelmOptions {
  const { parameters = [], fileParameters = [], valuesObject, ...others } = block;
  return {
    ...noHelm,
    ...known(noHelm, others),
    ...(valuesObject === undefined ? {} : { valuesObject: valuesObject as HelmOptions['valuesObject'] & object }),
    parameters: parameters.map(({ name = '', value = '', forceString = false }) => ({ name, value, forceString })),
    fileParameters: fileParameters.map(({ name = '', path = '' }) => ({ name, path })),
  };
}

function readVerify(
  { verify, chart = '' }: SourceResource,
  path: string,
  findings: Findings,
): Pick<SourceSpec, 'verify'> {
  if (verify === undefined) return {};
  const { mode = 'Head', secretRef = '' } = verify;
  if (secretRef === '') findings.invalid(`${path}.secretRef`, 'is required: the Secret with the public keys');
  if (chart !== '') findings.invalid(path, 'expected no verify beside chart: signatures are those of commits and tags');
  return { verify: { mode, secretRef } };
}
