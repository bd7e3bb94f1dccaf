import type { RepositorySecrets, SecretData } from '../../model/ports.ts';
import { sourceError } from '../failures.ts';
import { readCredentials, type Credentials } from '../git/credentials.ts';
import type { ChartRepository } from './charts.ts';

/** What a Secret gives for a repository of charts. */
export interface ChartCredentials extends Credentials {
  /** The registry speaks HTTP without TLS. */
  readonly insecureHTTP?: true;
}

/** Throws OperatorError AuthenticationFailed, naming the Secret. */
export async function chartCredentials(
  { url, secret }: ChartRepository,
  secrets: Pick<RepositorySecrets, 'named' | 'forUrl'>,
): Promise<ChartCredentials> {
  if (secret !== undefined) {
    const name = `${secret.namespace}/${secret.name}`;
    const data = await secrets.named(secret.namespace, secret.name);
    if (data !== undefined) return ofSecret(data, name);
    throw sourceError('AuthenticationFailed', `spec.source.secretRef: there is no Secret ${name}`);
  }
  // Argo CD names registries without a scheme.
  const found = (await secrets.forUrl(url)) ?? (await secrets.forUrl(url.replace(/^oci:\/\//, '')));
  return found === undefined ? {} : ofSecret(found.data, `${found.namespace}/${found.name}`);
}

function ofSecret(data: SecretData, name: string): ChartCredentials {
  // The second key is Argo CD's.
  const isPlain = ['insecureHTTP', 'insecureOCIForceHttp'].some((key) => data[key]?.toString('utf8').trim() === 'true');
  return { ...readCredentials(data, name), ...(isPlain ? { insecureHTTP: true } : {}) };
}
