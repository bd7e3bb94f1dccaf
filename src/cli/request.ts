import type { Command } from 'commander';
import { parseDuration } from '../model/duration.ts';
import { describeRef } from '../model/object.ts';
import type { JsonObject } from '../model/json.ts';
import { encodeJson } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import { knownApplication } from './application.ts';
import type { ClusterFlags } from './command.ts';
import { outputOption } from './command.ts';
import { connectTo } from './connection.ts';
import type { Goal } from './follow.ts';
import { untilDone } from './follow.ts';
import { ask, titleOf } from './operation.ts';
import { table } from './table.ts';
import type { Terminal } from './terminal.ts';

/** Of commands that ask the operator for something. */
export interface RequestFlags extends ClusterFlags {
  readonly wait: boolean;
  readonly timeout: string;
  readonly output: 'text' | 'json';
}

export function withRequestOptions(command: Command): Command {
  return command
    .option('--wait', 'until the operation has ended and the Application is Ready', false)
    .option('--timeout <duration>', 'how long --wait waits: 90s, 10m, 1h', '10m')
    .addOption(outputOption(['text', 'json']));
}

interface Request {
  /** Of the Application; the operation, made from what it is now. */
  readonly operation: (application: KubeObject) => JsonObject;
  readonly goal: Goal;
}

/** Writes the operation; with `--wait` tells what happens until it is over. Rejects when it fails. */
export async function request(
  name: string,
  flags: RequestFlags,
  { operation, goal }: Request,
  terminal: Terminal,
): Promise<void> {
  const timeoutMs = durationOf(flags.timeout);
  const place = { namespace: flags.namespace, name };
  await using connected = await connectTo(flags, terminal);
  const since = await ask(connected, place, operation);
  const tell = (line: string): void => (flags.output === 'json' ? terminal.complain : terminal.out)(`${line}\n`);
  tell(`${titleOf(place)}: asked`);
  if (!flags.wait) {
    if (flags.output === 'json') terminal.out(`${encodeJson({ operation: since['operation'] ?? null })}\n`);
    return;
  }
  const done = await untilDone({ ...place, since, goal, timeoutMs, tell }, { connected, terminal });
  terminal.out(flags.output === 'json' ? asJson(done) : asText(done));
}

function durationOf(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new Error(`--timeout ${text}: expected a duration like 90s, 10m or 1h`);
  return ms;
}

function asJson(object: KubeObject): string {
  const { sync, health, operationState } = knownApplication(object).status;
  return `${JSON.stringify({ sync, health, operation: operationState })}\n`;
}

/** What became of each object. */
function asText(object: KubeObject): string {
  const results = knownApplication(object).status.operationState?.syncResult?.resources ?? [];
  if (results.length === 0) return '';
  return table(
    ['RESULT', 'OBJECT', 'MESSAGE'],
    results.map((result) => [result.status, describeRef(result), result.message.replace(/\s+/g, ' ')]),
  );
}
