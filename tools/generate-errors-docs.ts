import { reasons } from '../src/model/reasons.ts';
import { runGenerator, type GeneratedFile } from './generated-file.ts';

const head = `# Reasons

Generated from src/model/reasons.ts by tools/generate-errors-docs.ts.

Every condition, event, failed operation and log line of the operator carries one of these reasons. Its message names
the object, the field, or the file with document and line that it is about.

| reason | what it means | what to do |
| --- | --- | --- |
`;

export function generateErrorsDocs(): GeneratedFile[] {
  const rows = Object.entries(reasons).map(([name, { cause, remedy }]) => `| \`${name}\` | ${cause} | ${remedy} |\n`);
  return [{ path: 'docs/errors.md', text: head + rows.join('') }];
}

if (import.meta.main) await runGenerator(generateErrorsDocs);
