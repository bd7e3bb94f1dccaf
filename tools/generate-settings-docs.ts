import { flagOf, settings } from '../src/config.ts';
import { runGenerator, type GeneratedFile } from './generated-file.ts';

const head = `# Settings

Generated from src/config.ts by tools/generate-settings-docs.ts.

Every setting is an environment variable and a flag of the operator; the flag wins. A wrong value ends the operator at
its start with a line for each. The chart's values set the ones that a cluster usually needs.

| variable | flag | default | meaning |
| --- | --- | --- | --- |
`;

export function generateSettingsDocs(): GeneratedFile[] {
  const rows = Object.entries(settings).map(([name, { variable, fallback, meaning }]) => {
    const shown = fallback === '' ? '(empty)' : `\`${fallback}\``;
    return `| \`${variable}\` | \`${flagOf(name)}\` | ${shown} | ${meaning} |\n`;
  });
  return [{ path: 'docs/settings.md', text: head + rows.join('') }];
}

if (import.meta.main) await runGenerator(generateSettingsDocs);
