import { sha256Hex } from '../../model/hash.ts';
import { notYetSupported, sourceError } from '../failures.ts';

/** What a Secret gives for a remote. */
export interface Credentials {
  readonly basic?: { readonly username: string; readonly password: string };
  /** PEM, in addition to nothing: only these are trusted then. */
  readonly caBundle?: string;
}

/** A repository, as one set of credentials sees it: nobody reads through another's. */
export interface Remote {
  /** Without credentials, query or trailing slash. */
  readonly url: string;
  /** Identity for maps and folders: the address and where the credentials come from, never what they are. */
  readonly id: string;
  readonly secret: { readonly namespace: string; readonly name: string } | undefined;
}

/** Throws OperatorError: InvalidSpec for what is no address, NotYetSupported for SSH. */
export function remoteOf(repoURL: string, secret: Remote['secret']): Remote {
  if (/^(ssh|git\+ssh):\/\//i.test(repoURL) || /^[^/:@\s]+@[^/:\s]+:/.test(repoURL)) {
    throw notYetSupported('spec.source.repoURL: SSH is not supported yet; use https:// with spec.source.secretRef');
  }
  const url = parse(repoURL);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw sourceError('InvalidSpec', `spec.source.repoURL: ${url.protocol}// is not supported; use https://`);
  }
  if (url.username !== '' || url.password !== '') {
    throw sourceError(
      'InvalidSpec',
      'spec.source.repoURL: holds credentials; put them into a Secret that spec.source.secretRef names',
    );
  }
  if (url.search !== '' || url.hash !== '') {
    throw sourceError('InvalidSpec', 'spec.source.repoURL: must have neither query nor fragment');
  }
  const text = url.href.replace(/\/+$/, '');
  const owner = secret === undefined ? '' : `${secret.namespace}/${secret.name}`;
  return { url: text, id: sha256Hex(`${text}\n${owner}`).slice(0, 32), secret };
}

function parse(repoURL: string): URL {
  const url = URL.parse(repoURL);
  if (url !== null) return url;
  throw sourceError('InvalidSpec', 'spec.source.repoURL: is no URL; use https://host/path');
}

const laterKeys = ['bearerToken', 'sshPrivateKey', 'knownHosts', 'clientCert', 'clientKey'];

/** Reads `username`/`password` and `caBundle` of a Secret. Throws OperatorError. */
export function readCredentials(data: Record<string, Buffer>, name: string): Credentials {
  const later = laterKeys.find((key) => data[key] !== undefined);
  if (later !== undefined)
    throw notYetSupported(`Secret ${name}: key ${later} is not supported yet; use username and password`);
  const text = (key: string): string | undefined => data[key]?.toString('utf8');
  const [username, password, caBundle] = [text('username'), text('password'), text('caBundle')];
  if (caBundle !== undefined && !caBundle.includes('-----BEGIN CERTIFICATE-----')) {
    throw sourceError('AuthenticationFailed', `Secret ${name}: caBundle holds no PEM certificate`);
  }
  return {
    ...(username === undefined && password === undefined
      ? {}
      : { basic: { username: (username ?? '').trimEnd(), password: (password ?? '').replace(/\r?\n$/, '') } }),
    ...(caBundle === undefined ? {} : { caBundle }),
  };
}
