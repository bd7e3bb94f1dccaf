import type { CelRule, SchemaNode } from '../../src/model/schema-parts.ts';
import { fateOf } from '../../src/model/schema-parts.ts';

/** A node of the structural schema of a CustomResourceDefinition. */
export type OpenApi = Record<string, unknown>;

/**
 * The structural schema for one of our schemas.
 * With `keepUnknown` every object with declared fields keeps the others too, so that the operator sees and refuses
 * them: the API server would drop them silently.
 */
export function openApiOf(schema: SchemaNode, keepUnknown: boolean): OpenApi {
  if (schema.intOrString === true) return { ...described(schema), 'x-kubernetes-int-or-string': true };
  const own = { ...described(schema), ...typed(schema), ...limits(schema), ...rulesOf(schema.rules) };
  if (schema.items !== undefined) return { ...own, items: openApiOf(schema.items, keepUnknown) };
  if (schema.additionalProperties !== undefined) {
    return { ...own, additionalProperties: openApiOf(schema.additionalProperties, keepUnknown) };
  }
  if (schema.open === true) return { ...own, 'x-kubernetes-preserve-unknown-fields': true };
  return schema.properties === undefined ? own : { ...own, ...fieldsOf(schema, keepUnknown) };
}

function fieldsOf(schema: SchemaNode, keepUnknown: boolean): OpenApi {
  const properties = Object.entries(schema.properties ?? {}).map(([name, field]) => [
    name,
    openApiOf(field, keepUnknown),
  ]);
  const required = schema.required ?? [];
  return {
    properties: Object.fromEntries(properties) as OpenApi,
    ...(required.length === 0 ? {} : { required }),
    ...(keepUnknown ? { 'x-kubernetes-preserve-unknown-fields': true } : {}),
  };
}

function described(schema: SchemaNode): OpenApi {
  const fate = fateOf(schema);
  const text = schema.description ?? '';
  if (fate.kind === 'built') return text === '' ? {} : { description: text };
  const said = { notYet: 'Not supported yet', ignored: 'Ignored', refused: 'Refused' }[fate.kind];
  return { description: `${text} ${said}${fate.why === '' ? '' : `: ${fate.why}`}.`.trim() };
}

function typed(schema: SchemaNode): OpenApi {
  if (schema.enum !== undefined) return { type: 'string', enum: schema.enum };
  return schema.type === 'integer' ? { type: 'integer', format: 'int64' } : { type: schema.type };
}

const limitNames = ['format', 'pattern', 'minimum', 'maximum', 'minLength', 'maxLength', 'maxItems', 'maxProperties'];

function limits(schema: SchemaNode): OpenApi {
  const data = new Map<string, unknown>(Object.entries(schema));
  return Object.fromEntries(limitNames.filter((name) => data.has(name)).map((name) => [name, data.get(name)]));
}

function rulesOf(rules: readonly CelRule[] | undefined): OpenApi {
  return rules === undefined ? {} : { 'x-kubernetes-validations': rules };
}
