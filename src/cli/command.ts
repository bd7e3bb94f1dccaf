import { Command, Option } from 'commander';
import type { Terminal } from './terminal.ts';

/** Which cluster, as whom, and where the Application is. */
export interface ClusterFlags {
  readonly namespace: string;
  readonly operatorNamespace: string;
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** A command about one Application of a cluster, with the options that all of them have. */
export function clusterCommand(terminal: Terminal, name: string): Command {
  return new Command(name)
    .argument('<application>', 'its name')
    .option('-n, --namespace <namespace>', 'namespace of the Application', 'evenkeel')
    .option('--operator-namespace <namespace>', 'where Secrets with credentials are labelled', 'evenkeel')
    .option('--kubeconfig <file>', 'KUBECONFIG, else ~/.kube/config')
    .option('--context <name>', 'context of the kubeconfig')
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.complain });
}

/** `-o`, with the formats that the command has; the first one is the default. */
export function outputOption(formats: readonly [string, ...string[]]): Option {
  return new Option('-o, --output <format>', 'how it is printed').choices(formats).default(formats[0]);
}

/** For options that may be given several times. */
export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
