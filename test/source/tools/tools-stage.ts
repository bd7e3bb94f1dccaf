import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { listPids, livesIn } from '../../../src/source/tools/process-table.ts';
import { startTools, type HelperToolsOptions } from '../../../src/source/tools/helper.ts';
import type { ToolRun, Tools } from '../../../src/source/tools/tools.ts';
import { createTemporaryFolder } from '../../../tools/temporary-folder.ts';
import { realClock } from '../../fakes/clock.ts';

const mebibyte = 1024 * 1024;
export const generous = { timeMs: 120_000, memoryBytes: 1024 * mebibyte, outputBytes: 64 * mebibyte };

/** Tools in a folder of their own; scripts stand in for programs. */
export interface ToolsStage extends AsyncDisposable {
  readonly tools: Tools;
  readonly scratch: string;
  /** Where programs run. */
  readonly cwd: string;
  /** A run of kustomize, whose program is this script. */
  script(text: string, change?: Partial<ToolRun>): Promise<ToolRun>;
  /** Processes of the stage that are alive: their HOME lies in its scratch folder. */
  survivors(): Promise<number[]>;
}

export async function createToolsStage(change: Partial<HelperToolsOptions> = {}): Promise<ToolsStage> {
  const folder = await createTemporaryFolder('tools-test');
  const scratch = path.join(folder.path, 'scratch');
  const cwd = path.join(folder.path, 'cwd');
  const runner = path.join(folder.path, 'runner');
  await mkdir(cwd);
  // The program is the same for all; which script it becomes is its argument.
  await writeFile(runner, '#!/bin/sh\nscript=$1; shift; . "$script"\n');
  await chmod(runner, 0o755);
  const tools = startTools({
    clock: realClock,
    maxRenders: 4,
    path: process.env['PATH'] ?? '',
    scratch,
    programs: { kustomize: runner },
    ...change,
  });
  let scripts = 0;
  return {
    tools,
    scratch,
    cwd,
    async script(text, runChange = {}) {
      const file = path.join(folder.path, `script-${scripts++}`);
      await writeFile(file, text);
      return { tool: 'kustomize', cwd, limits: generous, ...runChange, args: [file, ...(runChange.args ?? [])] };
    },
    survivors: () => aliveIn(scratch),
    async [Symbol.asyncDispose]() {
      await tools[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

export async function aliveIn(scratch: string): Promise<number[]> {
  const pids = listPids().filter((pid) => livesIn(pid, scratch));
  const alive = await Promise.all(pids.map(isAlive));
  return pids.filter((_, index) => alive[index]);
}

/** In a container without an init process an orphan stays a zombie, which is dead all the same. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
  return !stat.slice(stat.lastIndexOf(')')).startsWith(') Z');
}
