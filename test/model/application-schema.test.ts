import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { applicationSchema } from '../../src/model/application-schema.ts';
import { Findings } from '../../src/model/findings.ts';
import { inspectFields } from '../../src/model/inspect-fields.ts';
import type { JsonValue } from '../../src/model/json.ts';
import type { SchemaNode } from '../../src/model/schema-parts.ts';
import { fateOf } from '../../src/model/schema-parts.ts';
import { generateFromSources } from '../../tools/generate.ts';
import { settle } from '../../tools/generated-file.ts';

interface Found {
  readonly path: string;
  readonly schema: SchemaNode;
}

/** Every field with its path; items of lists as `[]`. */
function* fieldsOf(schema: SchemaNode, path: string): Generator<Found> {
  yield { path, schema };
  if (schema.items !== undefined) yield* fieldsOf(schema.items, `${path}[]`);
  for (const [name, field] of Object.entries(schema.properties ?? {})) yield* fieldsOf(field, `${path}.${name}`);
}

const roots = applicationSchema.properties ?? {};
const asked = [...fieldsOf(roots['spec'] ?? {}, 'spec'), ...fieldsOf(roots['operation'] ?? {}, 'operation')];
const everything = [...asked, ...fieldsOf(roots['status'] ?? {}, 'status')];

const samples = new Map<string, JsonValue>([
  ['string', 'x'],
  ['boolean', true],
  ['integer', 1],
]);

/** A value of the right type that is not zero. */
function sampleOf(schema: SchemaNode): JsonValue {
  if (schema.enum !== undefined) return schema.enum[0] ?? '';
  if (schema.intOrString === true) return 1;
  if (schema.items !== undefined) return [sampleOf(schema.items)];
  return schema.type === 'object' ? sampleObject(schema) : (samples.get(schema.type ?? '') ?? 'x');
}

function sampleObject({ properties, required = [] }: SchemaNode): JsonValue {
  if (properties === undefined) return { x: 'x' };
  const fields = Object.entries(properties).filter(([name], index) => index === 0 || required.includes(name));
  return Object.fromEntries(fields.map(([name, field]) => [name, sampleOf(field)]));
}

describe('every field that is not built', () => {
  const unbuilt = asked.filter(({ schema }) => fateOf(schema).kind !== 'built');
  const reasons = { notYet: 'NotYetSupported', refused: 'Refused' } as const;

  for (const { path, schema } of unbuilt) {
    test(`${path}: ${fateOf(schema).kind}`, () => {
      const findings = new Findings();
      inspectFields({ schema, path, value: sampleOf(schema) }, findings);
      const fate = fateOf(schema);
      if (fate.kind === 'ignored') assert.deepEqual(findings.ignored, [{ path, why: fate.why }]);
      else if (fate.kind !== 'built') assert.equal(findings.problems[0]?.error.reason, reasons[fate.kind]);
    });
  }

  test('there are some of each kind', () => {
    const kinds = new Set(unbuilt.map(({ schema }) => fateOf(schema).kind));
    assert.deepEqual([...kinds].sort(), ['ignored', 'notYet', 'refused']);
  });
});

describe('limits', () => {
  test('every text has a maximum length, every list a maximum of items', () => {
    const endless = everything.filter(({ schema }) => {
      const limits = new Map<string, unknown>(Object.entries(schema));
      if (schema.type === 'array') return !limits.has('maxItems');
      return schema.type === 'string' && schema.enum === undefined && !limits.has('maxLength');
    });
    assert.deepEqual(
      endless.map(({ path }) => path),
      [],
    );
  });

  test('every enumeration and text of the spec says what it is', () => {
    const silent = asked.filter(({ path, schema }) => !path.endsWith('[]') && (schema.description ?? '') === '');
    assert.deepEqual(
      silent.map(({ path }) => path),
      [],
    );
  });
});

/** Fields of Argo CD's Application, so that none of them is dropped in silence. */
const argoFields = `
project source.repoURL source.path source.targetRevision source.tagPrefix source.chart source.ref source.name
source.helm.valueFiles source.helm.parameters[].forceString source.helm.fileParameters[].path source.helm.values
source.helm.valuesObject source.helm.releaseName source.helm.namespace source.helm.kubeVersion source.helm.apiVersions
source.helm.ignoreMissingValueFiles source.helm.skipCrds source.helm.skipTests source.helm.skipSchemaValidation
source.helm.passCredentials source.helm.version source.kustomize.version source.kustomize.namePrefix
source.kustomize.nameSuffix source.kustomize.namespace source.kustomize.images source.kustomize.replicas[].count
source.kustomize.patches[].patch source.kustomize.patches[].path source.kustomize.patches[].options
source.kustomize.patches[].target.annotationSelector source.kustomize.components source.kustomize.commonLabels
source.kustomize.commonAnnotations source.kustomize.kubeVersion source.kustomize.apiVersions
source.kustomize.ignoreMissingComponents source.kustomize.labelWithoutSelector
source.kustomize.labelIncludeTemplates source.kustomize.forceCommonLabels source.kustomize.forceCommonAnnotations
source.kustomize.commonAnnotationsEnvsubst source.directory.recurse source.directory.disableExtensionFilter
source.directory.include source.directory.exclude source.directory.jsonnet.extVars source.directory.jsonnet.tlas
source.directory.jsonnet.libs source.plugin.name source.plugin.env source.plugin.parameters sourceHydrator sources
destination.server destination.name destination.namespace syncPolicy.automated.enabled syncPolicy.automated.prune
syncPolicy.automated.selfHeal syncPolicy.automated.allowEmpty syncPolicy.retry.limit
syncPolicy.retry.backoff.duration syncPolicy.retry.backoff.factor syncPolicy.retry.backoff.maxDuration
syncPolicy.retry.refresh syncPolicy.managedNamespaceMetadata.labels syncPolicy.managedNamespaceMetadata.annotations
syncPolicy.syncOptions ignoreDifferences[].group ignoreDifferences[].kind ignoreDifferences[].name
ignoreDifferences[].namespace ignoreDifferences[].jsonPointers ignoreDifferences[].jqPathExpressions
ignoreDifferences[].managedFieldsManagers info[].name info[].value revisionHistoryLimit
`;

const argoOperation = `
sync.revision sync.revisions sync.prune sync.dryRun sync.resources[].group sync.resources[].kind sync.resources[].name
sync.resources[].namespace sync.syncOptions sync.syncStrategy.apply.force sync.syncStrategy.hook.force sync.source
sync.sources sync.manifests sync.autoHealAttemptsCount initiatedBy.username initiatedBy.automated info retry.limit
`;

test("every field of Argo CD's Application is declared", () => {
  const known = new Set(everything.map(({ path }) => path));
  const wanted = [
    ...argoFields
      .trim()
      .split(/\s+/)
      .map((path) => `spec.${path}`),
    ...argoOperation
      .trim()
      .split(/\s+/)
      .map((path) => `operation.${path}`),
  ];
  assert.deepEqual(
    wanted.filter((path) => !known.has(path)),
    [],
  );
});

test('CRDs, dashboards and tables in docs are what their sources say', async () => {
  assert.deepEqual(await settle(generateFromSources(), true), []);
});
