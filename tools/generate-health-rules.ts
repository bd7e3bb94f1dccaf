import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';
import type { WellKnownRule } from '../src/health/rules/rule.ts';
import { verdictFields } from '../src/model/health.ts';
import { repositoryRoot, runGenerator, type GeneratedFile } from './generated-file.ts';

/** Each rule is a file `<api group>/<kind, or any>.yaml` in here. */
const folder = 'src/health/rules';

const fields: readonly string[] = ['kinds', ...Object.keys(verdictFields), 'message'];

/** A rule with the comment that its file begins with. */
export interface RuleFile {
  /** `cert-manager.io/Issuer`: group and name of the file. */
  readonly name: string;
  readonly why: string;
  readonly rule: WellKnownRule;
}

export function readRuleFiles(): RuleFile[] {
  const root = path.join(repositoryRoot, folder);
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yaml'));
  return files.sort().map((file) => {
    const text = readFileSync(path.join(root, file), 'utf8');
    const rule = load(text) as WellKnownRule;
    inspect(rule, file);
    const why = text.split('\n').filter((line) => line.startsWith('# '));
    return { name: file.slice(0, -'.yaml'.length), why: why.map((line) => line.slice(2)).join(' '), rule };
  });
}

function inspect(rule: WellKnownRule, file: string): void {
  const wrong = Object.entries(rule).find(([name, value]) =>
    name === 'kinds' ? !isListOfKinds(value) : !fields.includes(name) || typeof value !== 'string',
  );
  if (wrong !== undefined) throw new Error(`${folder}/${file}: ${wrong[0]} is not as a rule has it`);
  if (!Array.isArray(rule.kinds)) throw new Error(`${folder}/${file}: kinds are missing`);
}

function isListOfKinds(value: unknown): boolean {
  return Array.isArray(value) && value.every((kind) => typeof kind === 'string' && /^[^/ ]*\/[^/ ]+$/.test(kind));
}

const head = `// Generated from ${folder} by tools/generate-health-rules.ts; change the YAML files there.
import type { WellKnownRule } from './rule.ts';

export const wellKnownRules: readonly WellKnownRule[] = `;

export function generateHealthRules(): GeneratedFile[] {
  const rules = readRuleFiles().map(({ rule }) =>
    Object.fromEntries(fields.flatMap((field) => (field in rule ? [[field, rule[field as keyof WellKnownRule]]] : []))),
  );
  return [{ path: `${folder}/rules.generated.ts`, text: `${head}${JSON.stringify(rules, null, 2)};\n` }];
}

if (import.meta.main) await runGenerator(generateHealthRules);
