import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { Desired } from '../model/desired.ts';
import { applicationFromFile, applicationOf, rootOf } from './application.ts';
import type { Terminal } from './terminal.ts';
import { connectTo, surroundingsOf, type Connected } from './connection.ts';
import { printObjects, type Format } from './print.ts';
import { loadOnce, offline } from './source.ts';

interface RenderFlags {
  readonly application?: string;
  readonly local?: string;
  readonly name?: string;
  readonly namespace: string;
  readonly destinationNamespace: string;
  readonly operatorNamespace: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly kubeVersion: string;
  readonly apiVersions: readonly string[];
  readonly allowRemoteBases: boolean;
  readonly output: Format;
}

const formats: readonly Format[] = ['yaml', 'json', 'name'];

/** `render PATH|APPLICATION`: what would be applied. */
export function renderCommand(terminal: Terminal): Command {
  return new Command('render')
    .description('Print what would be applied: of a local folder, or of an Application in the cluster.')
    .argument('<path|application>', 'a folder (uncommitted changes included), or the name of an Application')
    .option('-f, --application <file>', 'Application that says how the folder is rendered')
    .option('--local <folder>', "folder that stands for the Application's repository")
    .option('--name <name>', 'name of the Application that a folder is rendered for; the name of the folder')
    .option('-n, --namespace <namespace>', 'namespace of the Application', 'evenkeel')
    .option('--destination-namespace <namespace>', 'namespace of objects that name none', 'default')
    .option('--operator-namespace <namespace>', 'where Secrets with credentials are labelled', 'evenkeel')
    .option('--kubeconfig <file>', 'the cluster of an Application; KUBECONFIG, else ~/.kube/config')
    .option('--context <name>', 'context of the kubeconfig')
    .option('--kube-version <version>', 'what charts see of the cluster, for a folder', 'v1.36.0')
    .option('--api-versions <versions...>', 'API versions that charts see, for a folder', [])
    .option('--allow-remote-bases', 'let kustomize fetch bases from a network', false)
    .addOption(new Option('-o, --output <format>', 'how objects are printed').choices(formats).default('yaml'))
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.complain })
    .action((what: string, flags: RenderFlags) => render(what, flags, terminal));
}

async function render(what: string, flags: RenderFlags, terminal: Terminal): Promise<void> {
  const folder = resolve(terminal.folder, what);
  if (what.includes('/') && !existsSync(folder)) throw new Error(`${what}: there is no such folder`);
  const desired = existsSync(folder)
    ? await renderFolder(folder, flags, terminal)
    : await renderApplication(what, flags, terminal);
  for (const sentence of desired.repeated) terminal.complain(`warning: ${sentence}\n`);
  if (desired.skippedDocuments > 0)
    terminal.complain(`warning: ${desired.skippedDocuments} documents without apiVersion and kind are left out\n`);
  terminal.out(printObjects(desired, flags.output));
}

async function renderFolder(folder: string, flags: RenderFlags, terminal: Terminal): Promise<Desired> {
  const { root, path } = rootOf(folder);
  const app =
    flags.application === undefined
      ? applicationOf({ folder, path, ...flags })
      : await applicationFromFile(resolve(terminal.folder, flags.application));
  const { allowRemoteBases } = flags;
  return await loadOnce(app, { ...offline(flags), local: root, allowRemoteBases }, terminal);
}

async function renderApplication(name: string, flags: RenderFlags, terminal: Terminal): Promise<Desired> {
  await using connected: Connected = await connectTo(flags, terminal);
  const app = await connected.application(flags.namespace, name);
  return await loadOnce(app, surroundingsOf(connected, flags, terminal), terminal);
}
