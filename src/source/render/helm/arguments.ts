import type { Application, HelmOptions } from '../../../model/application.ts';
import { encodeJson } from '../../../model/json.ts';
import { renderError } from '../../failures.ts';

/** What a template may ask of the cluster, where it matters; absent: what Helm itself says. */
export interface Capabilities {
  readonly kubeVersion?: string;
  readonly apiVersions?: readonly string[];
}

/** The name of the release: the Application's, unless `releaseName` says another. Throws OperatorError InvalidSpec. */
export function releaseNameOf(app: Application, options: HelmOptions): string {
  const name = options.releaseName === '' ? app.name : options.releaseName;
  if (name.length <= 53 && /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(name)) return name;
  throw renderError(
    'InvalidSpec',
    `"${name}" can be no Helm release: at most 53 lower-case letters, digits, dots and hyphens; set spec.source.helm.releaseName`,
  );
}

/** `values` or `valuesObject` as the text of a file; undefined: neither. */
export function valuesText({ values, valuesObject }: HelmOptions): string | undefined {
  if (valuesObject !== undefined) return encodeJson(valuesObject);
  return values === '' ? undefined : values;
}

/** `v1.30.2-gke.100` → `1.30.2`, as Argo CD hands it on. Throws OperatorError InvalidSpec. */
export function plainKubeVersion(text: string): string {
  const found = /^\s*v?((?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))+)/.exec(text)?.[1];
  if (found !== undefined) return found;
  throw renderError('InvalidSpec', `spec.source.helm.kubeVersion: "${text}" is no version of Kubernetes`);
}

/** Of several parameters with one name the last counts, and those that force text come after the others. */
export function parameterArguments({ parameters }: HelmOptions): string[] {
  const [plain, text] = [new Map<string, string>(), new Map<string, string>()];
  for (const { name, value, forceString } of parameters) (forceString ? text : plain).set(name, value);
  return [
    ...[...plain].flatMap(([name, value]) => ['--set', `${name}=${escapeCommas(value)}`]),
    ...[...text].flatMap(([name, value]) => ['--set-string', `${name}=${escapeCommas(value)}`]),
  ];
}

/** To Helm a comma begins the next parameter; in `{a,b}` it parts a list, and one that is escaped stays as it is. */
function escapeCommas(value: string): string {
  return value.startsWith('{') && value.endsWith('}') ? value : value.replace(/(?<!\\),/g, '\\,');
}

export function capabilityArguments({ kubeVersion, apiVersions = [] }: Capabilities): string[] {
  return [
    ...(kubeVersion === undefined ? [] : ['--kube-version', kubeVersion]),
    ...apiVersions.flatMap((version) => ['--api-versions', version]),
  ];
}

export function flagArguments({ skipCrds, skipTests, skipSchemaValidation }: HelmOptions): string[] {
  return [
    ...(skipCrds ? [] : ['--include-crds']),
    ...(skipTests ? ['--skip-tests'] : []),
    ...(skipSchemaValidation ? ['--skip-schema-validation'] : []),
  ];
}
