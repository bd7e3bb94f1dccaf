import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { compileHealthChecks, createHealthRules, describeCheckError, isGraver } from '../health/health.ts';
import type { HealthJudge } from '../health/health.ts';
import type { HealthStatus, ObjectHealth } from '../model/health.ts';
import { encodeJson } from '../model/json.ts';
import { describeRef, refOf } from '../model/object.ts';
import { applicationFromFile } from './application.ts';
import type { Terminal } from './terminal.ts';
import { objectsIn } from './objects.ts';
import { table } from './table.ts';

interface HealthFlags {
  readonly filename: string;
  readonly application?: string;
  readonly output: 'table' | 'json';
  readonly failOn?: keyof typeof thresholds;
}

/** What `--fail-on` takes, and the mildest status that it means. */
const thresholds = {
  progressing: 'Progressing',
  missing: 'Missing',
  degraded: 'Degraded',
  unknown: 'Unknown',
} as const;

/** `health -f FILE|-`: what the operator would say of live objects, without a cluster. */
export function healthCommand(terminal: Terminal): Command {
  const statuses = Object.keys(thresholds);
  return new Command('health')
    .description('Print the health of live objects from a file, as the operator judges it; needs no cluster.')
    .requiredOption('-f, --filename <file>', 'YAML or JSON as kubectl get prints it; - is the standard input')
    .option('-a, --application <file>', 'Application whose healthChecks come first')
    .addOption(new Option('-o, --output <format>', 'table, or a JSON object per line').choices(['table', 'json']))
    .addOption(new Option('--fail-on <status>', 'exit with 1 when an object is so or worse').choices(statuses))
    .setOptionValue('output', 'table')
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.complain })
    .action((flags: HealthFlags) => printHealth(flags, terminal));
}

async function printHealth(flags: HealthFlags, terminal: Terminal): Promise<void> {
  const file = resolve(terminal.folder, flags.filename);
  const text = flags.filename === '-' ? await terminal.input() : await readFile(file, 'utf8');
  const rules = await rulesFor(flags, terminal);
  const healths = objectsIn(text, flags.filename).map((object) => ({ ref: refOf(object), ...rules.assess(object) }));
  terminal.out(flags.output === 'json' ? healths.map(line).join('') : table(head, healths.map(row)));
  if (flags.failOn !== undefined) refuse(healths, thresholds[flags.failOn]);
}

async function rulesFor({ application }: HealthFlags, { folder }: Terminal): Promise<HealthJudge> {
  const rules = createHealthRules();
  if (application === undefined) return rules;
  const { spec } = await applicationFromFile(resolve(folder, application));
  const { rules: own, errors } = compileHealthChecks(spec.healthChecks, 'spec.healthChecks');
  if (errors.length > 0) throw new Error(`${application}: ${errors.map(describeCheckError).join('; ')}`);
  rules.setClusterRules(own);
  return rules;
}

const head = ['OBJECT', 'HEALTH', 'MESSAGE'];

function row({ ref, status, message }: ObjectHealth): string[] {
  return [describeRef(ref), status, message.replace(/\s+/g, ' ')];
}

function line({ ref, status, message }: ObjectHealth): string {
  return `${encodeJson({ ...ref, status, message })}\n`;
}

function refuse(healths: readonly ObjectHealth[], threshold: HealthStatus): void {
  const grave = healths.filter(({ status }) => !isGraver(threshold, status));
  if (grave.length === 0) return;
  const names = grave.map(({ ref, status }) => `${describeRef(ref)} is ${status}`);
  throw new Error(names.join('; '));
}
