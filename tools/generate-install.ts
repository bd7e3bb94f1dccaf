import { runGenerator, type GeneratedFile } from './generated-file.ts';
import { chartFolder, runHelm } from './helm.ts';

const namespace = 'evenkeel';

const head = `# Rendered from charts/evenkeel with its default values by tools/generate-install.ts.
# kubectl apply --server-side --filename deploy/install.yaml
apiVersion: v1
kind: Namespace
metadata:
  name: ${namespace}
  labels:
    pod-security.kubernetes.io/enforce: restricted
`;

/** The chart as plain manifests, for clusters without Helm. */
export async function generateInstall(): Promise<GeneratedFile[]> {
  const rendered = await runHelm(['template', 'evenkeel', chartFolder, '--namespace', namespace]);
  const text = rendered.replaceAll('app.kubernetes.io/managed-by: Helm', 'app.kubernetes.io/managed-by: kubectl');
  return [{ path: 'deploy/install.yaml', text: `${head}${text}` }];
}

if (import.meta.main) await runGenerator(generateInstall);
