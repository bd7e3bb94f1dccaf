import type { OperationResource, SpecResource } from './application-schema.ts';
import { applicationSchema } from './application-schema.ts';
import type { Findings } from './findings.ts';
import { inspectFields } from './inspect-fields.ts';
import type { JsonValue } from './json.ts';

export function isSpec(value: JsonValue | undefined, findings: Findings): value is SpecResource & JsonValue {
  return isAsDeclared('spec', value, findings);
}

export function isOperation(value: JsonValue | undefined, findings: Findings): value is OperationResource & JsonValue {
  return isAsDeclared('operation', value, findings);
}

/** Reports everything that the schema says about the field; true when its types are right. */
function isAsDeclared(name: 'spec' | 'operation', value: JsonValue | undefined, findings: Findings): boolean {
  const schema = applicationSchema.properties?.[name] ?? {};
  inspectFields({ schema, path: name, value: value ?? null }, findings);
  return !findings.problems.some((problem) => problem.path.startsWith(name) && problem.error.reason === 'InvalidSpec');
}
