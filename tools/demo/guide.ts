import path from 'node:path';
import { obtain } from '../assets/assets.ts';
import type { Scene } from './scene.ts';

/** What to try while everything goes on running. */
export async function whatToTry({ world, repository }: Scene): Promise<string[]> {
  const { kubectl } = await obtain(['kubectl']);
  return [
    '',
    'Everything goes on running until Ctrl-C. In another terminal:',
    '',
    `  export KUBECONFIG=${world.plane.kubeconfig}`,
    `  export PATH=${path.dirname(kubectl)}:$PATH`,
    '  kubectl get applications -A -o wide',
    '  kubectl scale -n guestbook deployment/web --replicas=9',
    '  kubectl get deployment -n guestbook web',
    "  kubectl get application -n evenkeel guestbook -o jsonpath='{.status.drift[0]}'",
    '  kubectl get events -n evenkeel',
    '',
    'Change what is wanted; the repository is looked at every second:',
    '',
    `  git clone ${repository.url}`,
    '  # edit guestbook/settings.yaml, commit',
    '  git push origin main',
    '',
    `Metrics:         ${world.operator.url}/metrics`,
    `Operator's log:  ${world.operator.child.logFile}`,
  ];
}
