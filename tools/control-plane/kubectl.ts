import { spawn } from 'node:child_process';
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
