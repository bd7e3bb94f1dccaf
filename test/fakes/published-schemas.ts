import type { JsonObject } from '../../src/model/json.ts';
import type { KindSchema } from '../../src/model/kind-schema.ts';
import { kindDefinedBy, schemaIn } from '../../src/model/kind-schema.ts';
import type { GroupKind, KubeObject } from '../../src/model/object.ts';
import { groupKindKey } from '../../src/model/object.ts';

const texts: JsonObject = { type: 'object', additionalProperties: { type: 'string' } };

/** As the server has it, with a fraction of the fields. */
const definitions: JsonObject = {
  'meta.ObjectMeta': {
    type: 'object',
    properties: { name: { type: 'string' }, namespace: { type: 'string' }, labels: texts, annotations: texts },
  },
  'core.ConfigMap': {
    type: 'object',
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { allOf: [{ $ref: '#/components/schemas/meta.ObjectMeta' }], default: {} },
      data: texts,
      immutable: { type: 'boolean' },
    },
  },
};

/** Of ConfigMaps, and of what the CustomResourceDefinitions among these objects define. */
export function publishedSchema(
  kind: GroupKind,
  apiVersion: string,
  objects: readonly KubeObject[],
): KindSchema | undefined {
  if (groupKindKey(kind) === '/ConfigMap') return { schema: definitions['core.ConfigMap'] as JsonObject, definitions };
  const definition = objects.find(
    (object) =>
      object.kind === 'CustomResourceDefinition' && groupKindKey(kindDefinedBy(object)) === groupKindKey(kind),
  );
  return definition === undefined ? undefined : schemaIn(definition, apiVersion);
}
