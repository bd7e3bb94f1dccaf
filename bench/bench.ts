import { readFile, writeFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import type { Verdict } from './check.ts';
import { exitCodeOf, judge } from './check.ts';
import { compare, differencesTable } from './compare.ts';
import type { Figure } from './figures.ts';
import { machine } from './machine.ts';
import { promises } from './promises.ts';
import { sizesFor } from './sizes.ts';
import type { SuiteResult } from './suite.ts';
import { runSuite } from './suite.ts';
import { tableOf } from './table.ts';
import { workloads } from './workloads.ts';

interface Options {
  readonly quick: boolean;
  readonly check: boolean;
  readonly runs?: number;
  readonly only?: readonly string[];
  readonly json?: string;
  readonly against?: string;
}

/** What `--json` writes, as far as it is read again. */
interface Results {
  readonly verdicts: readonly Verdict[];
}

const names = workloads.map(({ name }) => name);

const options = new Command('bench')
  .description('Measures what Evenkeel promises, beside what a bare client needs for the same in the same run.')
  .option('--quick', 'small sizes and one run: minutes, not hours', false)
  .option('--check', 'exit with 1 when a promise falls short', false)
  .option('--runs <number>', 'runs that count, after the warm-up', Number)
  .addOption(new Option('--only <name...>', 'these workloads only').choices(names))
  .option('--json <file>', 'write everything measured to this file')
  .option('--against <file>', 'set the ratios beside those that a former run wrote to this file')
  .parse()
  .opts<Options>();

const former = options.against === undefined ? undefined : resultsIn(await readFile(options.against, 'utf8'));
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const sizes = sizesFor(options);
const chosen = workloads.filter(({ name }) => options.only?.includes(name) ?? true);
const judged = { workloads: chosen.map(({ name }) => name), isFullSize: sizes.name === 'full' };
const verdictsOn = (figures: readonly Figure[]): Verdict[] => judge(figures, promises, judged);
const { figures, failures } = await runSuite(chosen, sizes, { say, measured: write });
const verdicts = verdictsOn(figures);
process.stdout.write(`${tableOf(verdicts)}\n`);
for (const { workload, error } of failures)
  say(`${workload} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
const differences = compare(verdicts, former?.verdicts ?? []);
if (former !== undefined) process.stdout.write(`${differencesTable(differences)}\n`);
const failed = failures.length > 0 || differences.some(({ isClose }) => !isClose);
process.exitCode = exitCodeOf(verdicts, { failed, check: options.check });

async function write({ figures: until }: SuiteResult): Promise<void> {
  if (options.json === undefined) return;
  const results = { ...machine(), sizes, verdicts: verdictsOn(until) };
  await writeFile(options.json, `${JSON.stringify(results, undefined, 2)}\n`);
}

function resultsIn(text: string): Results {
  return JSON.parse(text) as Results;
}
