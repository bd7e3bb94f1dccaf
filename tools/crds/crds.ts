import { applicationSchema } from '../../src/model/application-schema.ts';
import { inventorySchema } from '../../src/model/status-schema.ts';
import type { OpenApi } from './open-api.ts';
import { openApiOf } from './open-api.ts';

const group = 'evenkeel.dev';

interface Column {
  readonly name: string;
  readonly type: 'string' | 'date' | 'integer';
  readonly jsonPath: string;
  /** 1: only with `-o wide`. */
  readonly priority?: 1;
}

const condition = (type: string, field: string) => `.status.conditions[?(@.type=="${type}")].${field}`;

const applicationColumns: readonly Column[] = [
  { name: 'Sync', type: 'string', jsonPath: '.status.sync.status' },
  { name: 'Health', type: 'string', jsonPath: '.status.health.status' },
  { name: 'Revision', type: 'string', jsonPath: '.status.sync.revision' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  { name: 'Drifted', type: 'string', jsonPath: condition('Drifted', 'status'), priority: 1 },
  { name: 'Destination', type: 'string', jsonPath: '.spec.destination.namespace', priority: 1 },
  { name: 'Message', type: 'string', jsonPath: condition('Ready', 'message'), priority: 1 },
];

const inventoryColumns: readonly Column[] = [{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }];

export interface Crd {
  readonly plural: string;
  readonly name: string;
  readonly metadata: { readonly name: string };
  readonly spec: OpenApi;
}

/** Status is written by the operator alone and stays small, so what its schema does not know is dropped. */
function applicationSchemas(): OpenApi {
  const { spec, operation, ...others } = applicationSchema.properties ?? {};
  const properties: OpenApi = {};
  for (const [name, field] of Object.entries(others)) properties[name] = openApiOf(field, false);
  for (const [name, field] of Object.entries({ spec, operation })) {
    if (field !== undefined) properties[name] = openApiOf(field, true);
  }
  return { ...openApiOf(applicationSchema, false), properties };
}

/** The CustomResourceDefinitions, without apiVersion and kind. */
export function crds(): Crd[] {
  return [
    crd({
      kind: 'Application',
      plural: 'applications',
      columns: applicationColumns,
      schema: applicationSchemas(),
      status: true,
    }),
    crd({
      kind: 'Inventory',
      plural: 'inventories',
      columns: inventoryColumns,
      schema: openApiOf(inventorySchema, false),
      status: false,
    }),
  ];
}

interface CrdParts {
  readonly kind: string;
  readonly plural: string;
  readonly columns: readonly Column[];
  readonly schema: OpenApi;
  readonly status: boolean;
}

function crd({ kind, plural, columns, schema, status }: CrdParts): Crd {
  const name = `${plural}.${group}`;
  const version = {
    name: 'v1alpha1',
    served: true,
    storage: true,
    schema: { openAPIV3Schema: schema },
    ...(status ? { subresources: { status: {} } } : {}),
    additionalPrinterColumns: columns,
  };
  const names = { kind, listKind: `${kind}List`, plural, singular: kind.toLowerCase(), categories: ['gitops'] };
  return { plural, name, metadata: { name }, spec: { group, names, scope: 'Namespaced', versions: [version] } };
}
