import type { JsonObject, JsonValue } from '../../../model/json.ts';
import { arrayAt, isJsonObject, stringAt } from '../../../model/json.ts';
import { renderError } from '../../failures.ts';
import { join } from '../../tree.ts';
import { readYaml, YamlSyntaxError } from '../../yaml/yaml.ts';

export interface Dependency {
  readonly name: string;
  /** A version or a constraint. */
  readonly version: string;
  readonly repository: string;
  /** As it is written: the lock's digest is over all of it. */
  readonly written: JsonObject;
}

/** What Chart.yaml, and the files beside it, say of a chart. */
export interface ChartMetadata {
  readonly name: string;
  readonly version: string;
  readonly apiVersion: string;
  /** Empty: any. */
  readonly kubeVersion: string;
  readonly dependencies: readonly Dependency[];
  readonly lock?: { readonly file: string; readonly digest: string; readonly dependencies: readonly Dependency[] };
}

/** `place` is the chart's folder, for messages. Throws OperatorError DecodeFailed, RenderFailed. */
export function readMetadata(place: string, files: ReadonlyMap<string, Uint8Array>): ChartMetadata {
  const chart = readMapping(place, 'Chart.yaml', files);
  if (chart === undefined) throw renderError('PathNotFound', `${place}: has no Chart.yaml`);
  // Of the first version of charts; Helm reads it whatever the version says.
  const requirements = readMapping(place, 'requirements.yaml', files);
  const text = (key: string): string => stringAt(chart, key) ?? '';
  const lock = readLock(
    place,
    text('apiVersion') === 'v1' ? ['requirements.lock', 'Chart.lock'] : ['Chart.lock', 'requirements.lock'],
    files,
  );
  return {
    name: text('name'),
    version: text('version'),
    apiVersion: text('apiVersion'),
    kubeVersion: text('kubeVersion'),
    dependencies: dependenciesIn(requirements ?? chart),
    ...(lock === undefined ? {} : { lock }),
  };
}

function readLock(
  place: string,
  names: readonly string[],
  files: ReadonlyMap<string, Uint8Array>,
): ChartMetadata['lock'] {
  for (const file of names) {
    const lock = readMapping(place, file, files);
    if (lock !== undefined) return { file, digest: stringAt(lock, 'digest') ?? '', dependencies: dependenciesIn(lock) };
  }
  return undefined;
}

function dependenciesIn(mapping: JsonObject): Dependency[] {
  return arrayAt(mapping, 'dependencies')
    .filter(isJsonObject)
    .map((written) => ({
      name: textAt(written, 'name'),
      version: textAt(written, 'version'),
      repository: textAt(written, 'repository'),
      written,
    }));
}

/** A version such as `1` or `1.2` is a number to YAML. */
function textAt(value: JsonObject, key: string): string {
  const found: JsonValue = value[key] ?? '';
  return typeof found === 'object' ? '' : String(found);
}

function readMapping(place: string, name: string, files: ReadonlyMap<string, Uint8Array>): JsonObject | undefined {
  const bytes = files.get(name);
  if (bytes === undefined) return undefined;
  const file = join(place, name);
  try {
    const value = readYaml(Buffer.from(bytes).toString('utf8'))[0]?.value ?? {};
    if (isJsonObject(value)) return value;
  } catch (error) {
    if (!(error instanceof YamlSyntaxError)) throw error;
    throw renderError('DecodeFailed', `${file}:document ${error.document}:line ${error.line}: ${error.message}`, error);
  }
  throw renderError('DecodeFailed', `${file}: is no mapping`);
}
