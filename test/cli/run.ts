import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { runCli } from '../../src/cli/cli.ts';
import { obtain } from '../../tools/assets/assets.ts';

export interface Run {
  readonly code: number;
  readonly out: string;
  readonly complaints: string;
}

export interface Place {
  readonly folder: string;
  readonly kubeconfig?: string;
}

/** Runs a command in a folder, with the tools on its PATH. */
export async function runIn({ folder, kubeconfig }: Place, args: readonly string[]): Promise<Run> {
  const { helm, kustomize } = await obtain(['helm', 'kustomize']);
  const said = { out: '', complaints: '' };
  const code = await runCli(args, {
    clock: systemClock,
    random: () => 0.5,
    version: 'test',
    environment: {
      PATH: [path.dirname(helm), path.dirname(kustomize), process.env['PATH'] ?? ''].join(':'),
      KUBECONFIG: kubeconfig,
    },
    home: folder,
    folder,
    input: () => Promise.resolve(''),
    out: (text) => (said.out += text),
    complain: (text) => (said.complaints += text),
    signal: new AbortController().signal,
  });
  return { code, ...said };
}

export async function writeFiles(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), content);
  }
}

/** A working tree of the repository of a journey, in a folder, with these files. */
export async function workingTree(
  folder: string,
  name: string,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const placed = Object.entries(files).map(([file, content]) => [`${name}/app/${file}`, content] as const);
  await writeFiles(folder, { [`${name}/.git/HEAD`]: 'ref: refs/heads/main\n', ...Object.fromEntries(placed) });
  return path.join(folder, name);
}
