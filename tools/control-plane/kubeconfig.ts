import type { Credential } from '../certificates.ts';

export interface KubeconfigParts {
  readonly server: string;
  readonly caPem: string;
  readonly user: Credential | { readonly token: string };
}

/** The text of a kubeconfig with one context; JSON, which every reader of kubeconfigs takes as YAML. */
export function kubeconfigOf({ server, caPem, user }: KubeconfigParts): string {
  const credentials =
    'token' in user
      ? { token: user.token }
      : { 'client-certificate-data': base64(user.certPem), 'client-key-data': base64(user.keyPem) };
  return JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'default',
      clusters: [{ name: 'default', cluster: { server, 'certificate-authority-data': base64(caPem) } }],
      users: [{ name: 'default', user: credentials }],
      contexts: [{ name: 'default', context: { cluster: 'default', user: 'default', namespace: 'default' } }],
    },
    null,
    2,
  );
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
