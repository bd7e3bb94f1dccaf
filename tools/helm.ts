import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { obtain } from './assets/assets.ts';
import { repositoryRoot } from './generated-file.ts';

export const chartFolder = path.join(repositoryRoot, 'charts', 'evenkeel');

export interface HelmOptions {
  /** Path of a kubeconfig, for what talks to a cluster. */
  readonly kubeconfig?: string;
}

const run = promisify(execFile);

/** Runs the pinned Helm with a home of its own and returns what it printed; throws with its words when it fails. */
export async function runHelm(args: readonly string[], { kubeconfig }: HelmOptions = {}): Promise<string> {
  const { helm } = await obtain(['helm']);
  const home = await mkdtemp(path.join(tmpdir(), 'evenkeel-helm-'));
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    ...(kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig }),
  };
  try {
    const { stdout } = await run(helm, args, { env, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
