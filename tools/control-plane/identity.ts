import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createAuthority, type CertificateAuthority, type Credential } from '../certificates.ts';
import { AUDIT_POLICY } from './audit-log.ts';

export interface Identity {
  readonly authority: CertificateAuthority;
  readonly admin: Credential;
}

/** Writes all keys, certificates and the audit policy that the components read. */
export async function writeIdentity(folder: string): Promise<Identity> {
  const authority = createAuthority('evenkeel-test-ca');
  const serving = authority.issue({
    commonName: 'kube-apiserver',
    hosts: ['localhost', '127.0.0.1', '10.96.0.1', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'],
  });
  const serviceAccount = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const files = {
    'ca.crt': authority.certPem,
    'ca.key': authority.keyPem,
    ...pair('apiserver', serving),
    ...pair('front-proxy-client', authority.issue({ commonName: 'front-proxy-client' })),
    'service-account.key': serviceAccount.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    'service-account.pub': serviceAccount.publicKey.export({ type: 'spki', format: 'pem' }),
    'audit-policy.json': JSON.stringify(AUDIT_POLICY),
  };
  await Promise.all(
    Object.entries(files).map(([name, text]) => writeFile(path.join(folder, name), text, { mode: 0o600 })),
  );
  return { authority, admin: authority.issue({ commonName: 'admin', organizations: ['system:masters'] }) };
}

const pair = (name: string, credential: Credential): Record<string, string> => ({
  [`${name}.crt`]: credential.certPem,
  [`${name}.key`]: credential.keyPem,
});
