import type { RepositorySecrets, SecretData } from '../../model/ports.ts';
import { sourceError } from '../failures.ts';
import type { ChartRepository } from './charts.ts';

/** What a Secret gives for a repository of charts. */
export interface ChartCredentials {
  readonly basic?: { readonly username: string; readonly password: string };
  readonly bearer?: string;
  /** PEM; only these are trusted then. */
  readonly caBundle?: string;
  readonly client?: { readonly cert: string; readonly key: string };
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
    if (data !== undefined) return readChartCredentials(data, name);
    throw sourceError('AuthenticationFailed', `spec.source.secretRef: there is no Secret ${name}`);
  }
  // Argo CD names registries without a scheme.
  const found = (await secrets.forUrl(url)) ?? (await secrets.forUrl(url.replace(/^oci:\/\//, '')));
  return found === undefined ? {} : readChartCredentials(found.data, `${found.namespace}/${found.name}`);
}

/** Our keys, and Argo CD's where it has others. */
function readChartCredentials(data: SecretData, name: string): ChartCredentials {
  const text = (...keys: string[]) =>
    keys.flatMap((key) => data[key]?.toString('utf8').replace(/\r?\n$/, '') ?? []).find((value) => value !== '');
  const caBundle = text('caBundle');
  if (caBundle?.includes('-----BEGIN CERTIFICATE-----') === false) {
    throw sourceError('AuthenticationFailed', `Secret ${name}: caBundle holds no PEM certificate`);
  }
  const [bearer, basic] = [text('bearerToken')?.trim(), basicOf(text('username'), text('password'))];
  const client = clientOf(text('clientCert', 'tlsClientCertData'), text('clientKey', 'tlsClientCertKey'), name);
  return {
    ...(basic === undefined ? {} : { basic }),
    ...(bearer === undefined ? {} : { bearer }),
    ...(caBundle === undefined ? {} : { caBundle }),
    ...(client === undefined ? {} : { client }),
    ...(text('insecureHTTP', 'insecureOCIForceHttp') === 'true' ? { insecureHTTP: true } : {}),
  };
}

function basicOf(username: string | undefined, password: string | undefined): ChartCredentials['basic'] {
  if (username === undefined && password === undefined) return undefined;
  return { username: (username ?? '').trim(), password: password ?? '' };
}

function clientOf(cert: string | undefined, key: string | undefined, name: string): ChartCredentials['client'] {
  if (cert === undefined && key === undefined) return undefined;
  if (cert !== undefined && key !== undefined) return { cert, key };
  throw sourceError('AuthenticationFailed', `Secret ${name}: clientCert and clientKey must both be there`);
}
