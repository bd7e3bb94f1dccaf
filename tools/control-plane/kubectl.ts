import { spawn, spawnSync } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';

export interface Kubectl {
  readonly binary: string;
  readonly kubeconfig: string;
  /** Takes the place of the home folder: kubectl caches discovery there. */
  readonly home: string;
}

/** Runs kubectl and returns what it printed; throws with its words when it fails. */
export async function runKubectl(kubectl: Kubectl, args: readonly string[], stdin?: string): Promise<string> {
  const child = spawn(kubectl.binary, args, {
    env: { ...process.env, KUBECONFIG: kubectl.kubeconfig, HOME: kubectl.home },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const exit = once(child, 'exit');
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin ?? '');
  const [out, complaint] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  if (child.exitCode !== 0) throw new Error(`kubectl ${args.join(' ')}: ${complaint.trim()}`);
  return out;
}

/**
 * Runs one command after the other while this process stands still, and returns what each printed; throws with kubectl's
 * words when one fails. What else runs in this process sees only what all of them together have done.
 */
export function runKubectlAtOnce(kubectl: Kubectl, commands: readonly KubectlCommand[]): string[] {
  const env = { ...process.env, KUBECONFIG: kubectl.kubeconfig, HOME: kubectl.home };
  return commands.map(({ args, stdin = '' }) => {
    const { status, stdout, stderr } = spawnSync(kubectl.binary, args, { env, input: stdin, encoding: 'utf8' });
    if (status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr.trim()}`);
    return stdout;
  });
}

export interface KubectlCommand {
  readonly args: readonly string[];
  readonly stdin?: string;
}
