import type { JsonObject, JsonValue } from '../../../model/json.ts';
import { isJsonObject } from '../../../model/json.ts';
import { readYaml } from '../../yaml/yaml.ts';
import { remotenessOf } from './remote.ts';
import { foldedName, itemsIn, textIn, valuesAt } from './fields.ts';

/**
 * Something that a kustomization reads:
 * - `file`: a file and nothing else;
 * - `resource`: a file, or a folder with a kustomization of its own;
 * - `component`: a folder with a kustomization of its own;
 * - `plugin`: as `resource`, and the objects in it configure plugins, which read again.
 */
export interface Reference {
  readonly kind: 'file' | 'resource' | 'component' | 'plugin';
  /** As `patches[2].path`. */
  readonly field: string;
  /** As it is written. */
  readonly entry: string;
}

/** What a kustomization, or the configuration of plugins, says that it reads. */
export interface References {
  readonly all: readonly Reference[];
  /** A field that reads something that cannot be told from here. */
  readonly unknown?: string;
  /** A field that makes kustomize start Helm. */
  readonly charts?: string;
}

const lists: readonly (readonly [field: string, kind: Reference['kind']])[] = [
  ['resources', 'resource'],
  ['bases', 'resource'],
  ['components', 'component'],
  ['crds', 'file'],
  ['configurations', 'file'],
];

const patchLists = ['patches', 'patchesJson6902', 'replacements'];
const generatorLists = ['configMapGenerator', 'secretGenerator'];
const pluginLists = ['generators', 'transformers', 'validators'];
const chartLists = ['helmCharts', 'helmChartInflationGenerator'];

const pathless = [
  'apiVersion',
  'kind',
  'metadata',
  'namePrefix',
  'nameSuffix',
  'namespace',
  'commonLabels',
  'labels',
  'commonAnnotations',
  'images',
  'imageTags',
  'replicas',
  'vars',
  'sortOptions',
  'helmGlobals',
  'generatorOptions',
  'buildMetadata',
];

/** The fields of a kustomization that this knows, as kustomize spells them. */
export const kustomizationFields: readonly string[] = [
  ...pathless,
  ...lists.map(([field]) => field),
  ...patchLists,
  ...generatorLists,
  ...pluginLists,
  ...chartLists,
  'patchesStrategicMerge',
  'openapi',
];

const knownFields = new Set(kustomizationFields.map(foldedName));

/** What a kustomization reads. Pure. */
export function referencesOf(kustomization: JsonObject): References {
  const unknown = Object.keys(kustomization).find((key) => !knownFields.has(foldedName(key)));
  const charts = chartLists.find((field) => itemsIn(kustomization, foldedName(field)).length > 0);
  const all = [
    ...lists.flatMap(([field, kind]) => textReferences(kustomization, field, kind)),
    ...patchLists.flatMap((field) => pathReferences(kustomization, field)),
    ...strategicMergeReferences(kustomization, 'patchesStrategicMerge'),
    ...generatorLists.flatMap((field) => generatorReferences(kustomization, field)),
    ...valuesAt(kustomization, 'openapi').flatMap((found) => fileAt(found, 'path', 'openapi')),
  ];
  const own = {
    all,
    ...(unknown === undefined ? {} : { unknown }),
    ...(charts === undefined ? {} : { charts }),
  };
  return combined([own, ...pluginLists.map((field) => pluginReferences(kustomization, field))]);
}

/** What the plugins that these objects configure read, from the folder of the kustomization that names them. Pure. */
export function pluginConfigurations(documents: readonly JsonValue[], field: string): References {
  return combined(documents.flatMap(flattened).map((document) => configuration(document, field)));
}

function combined(parts: readonly References[]): References {
  const unknown = parts.find((part) => part.unknown !== undefined)?.unknown;
  const charts = parts.find((part) => part.charts !== undefined)?.charts;
  return {
    all: parts.flatMap(({ all }) => all),
    ...(unknown === undefined ? {} : { unknown }),
    ...(charts === undefined ? {} : { charts }),
  };
}

function flattened(document: JsonValue): JsonValue[] {
  if (!textIn(document, 'kind').endsWith('List')) return [document];
  return itemsIn(document, 'items').map(([, item]) => item);
}

/** kustomize refuses every plugin that is not built in: what such a one would read matters only to its message. */
function configuration(document: JsonValue, field: string): References {
  const kind = textIn(document, 'kind');
  if (textIn(document, 'apiversion') !== 'builtin') return { all: [], unknown: `${field} (${kind})` };
  if (kind === 'HelmChartInflationGenerator') return { all: [], charts: `${field} (${kind})` };
  const place = `${field} (${kind})`;
  return {
    all: [
      ...generatorFiles(document, place),
      ...fileAt(document, 'path', place),
      ...fileAt(document, 'targetfilepath', place),
      ...strategicMergeReferences(document, 'paths', place),
      ...pathReferences(document, 'replacements', place),
    ],
  };
}

function textReferences(value: JsonValue, field: string, kind: Reference['kind']): Reference[] {
  return itemsIn(value, foldedName(field)).flatMap(([index, entry]) =>
    typeof entry === 'string' ? [{ kind, field: `${field}[${index}]`, entry }] : [],
  );
}

function pathReferences(value: JsonValue, field: string, place = ''): Reference[] {
  const prefix = place === '' ? '' : `${place}: `;
  return itemsIn(value, foldedName(field)).flatMap(([index, item]) =>
    fileAt(item, 'path', `${prefix}${field}[${index}]`),
  );
}

function fileAt(value: JsonValue, name: string, place: string): Reference[] {
  return valuesAt(value, name).flatMap((entry) =>
    typeof entry === 'string' && entry !== '' ? [{ kind: 'file' as const, field: `${place}.${name}`, entry }] : [],
  );
}

/** An entry is a patch itself or names the file of one. */
function strategicMergeReferences(value: JsonValue, field: string, place = field): Reference[] {
  return itemsIn(value, foldedName(field)).flatMap(([index, entry]) =>
    typeof entry === 'string' && !isInline(entry)
      ? [{ kind: 'file' as const, field: `${place}[${index}]`, entry }]
      : [],
  );
}

/** No path that anybody uses looks like an object. What kustomize might still fetch is never taken for one. */
function isInline(entry: string): boolean {
  return /\n|^\s*\{/.test(entry.trimEnd()) && remotenessOf(entry) === 'local';
}

function generatorReferences(kustomization: JsonObject, field: string): Reference[] {
  return itemsIn(kustomization, foldedName(field)).flatMap(([index, generator]) =>
    generatorFiles(generator, `${field}[${index}]`),
  );
}

/** `files` may name the key: `key=path`. */
function generatorFiles(generator: JsonValue, place: string): Reference[] {
  const keyed = textReferences(generator, 'files', 'file').map(({ entry, ...reference }) => ({
    ...reference,
    entry: entry.slice(entry.indexOf('=') + 1),
  }));
  const all = [...keyed, ...textReferences(generator, 'envs', 'file'), ...fileAt(generator, 'env', '')];
  return all.map((reference) => ({ ...reference, field: `${place}.${reference.field.replace(/^\./, '')}` }));
}

function pluginReferences(kustomization: JsonObject, field: string): References {
  const entries = textReferences(kustomization, field, 'plugin');
  const inline = entries.filter(({ entry }) => isInline(entry));
  return combined([
    { all: entries.filter(({ entry }) => !isInline(entry)) },
    ...inline.map(({ entry, field: place }) => pluginConfigurations(inlineObjects(entry), place)),
  ]);
}

/** What is no YAML, kustomize refuses with a message of its own. */
function inlineObjects(text: string): JsonValue[] {
  try {
    return readYaml(text)
      .map(({ value }) => value)
      .filter(isJsonObject);
  } catch {
    return [];
  }
}
