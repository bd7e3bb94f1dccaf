import type { SecretData } from '../../model/ports.ts';
import { notYetSupported, sourceError } from '../failures.ts';

/** What a Secret gives for a remote. */
export interface Credentials {
  /** `namespace/name` of the Secret, for messages; absent when there is none. */
  readonly from?: string;
  readonly basic?: { readonly username: string; readonly password: string };
  readonly bearerToken?: string;
  /** PEM, in addition to nothing: only these are trusted then. */
  readonly caBundle?: string;
  /** For a server that asks for a certificate; both PEM. */
  readonly client?: { readonly certificate: string; readonly key: string };
  readonly ssh?: { readonly privateKey: string; readonly knownHosts: string };
}

/** Argo CD's names for the same. */
const aliases = { clientCert: 'tlsClientCertData', clientKey: 'tlsClientCertKey' } as const;

/** Reads a Secret of a repository, by Evenkeel's key names or Argo CD's. Throws OperatorError. */
export function readCredentials(data: SecretData, name: string): Credentials {
  refuseUnsupported(data, name);
  const text = (key: string): string | undefined => nonEmpty(data[key]?.toString('utf8'));
  const refused = (what: string) => sourceError('AuthenticationFailed', `Secret ${name}: ${what}`);
  const [bearerToken, caBundle] = [text('bearerToken')?.trim(), text('caBundle')];
  if (caBundle !== undefined && !caBundle.includes('-----BEGIN CERTIFICATE-----')) {
    throw refused('caBundle holds no PEM certificate');
  }
  if (bearerToken !== undefined && !/^[\x21-\x7e]+$/.test(bearerToken)) {
    throw refused('bearerToken holds characters that no token has');
  }
  return {
    from: name,
    ...basicOf(text),
    ...(bearerToken === undefined ? {} : { bearerToken }),
    ...(caBundle === undefined ? {} : { caBundle }),
    ...clientOf(text, refused),
    ...sshOf(text),
  };
}

type Text = (key: string) => string | undefined;

function basicOf(text: Text): Pick<Credentials, 'basic'> {
  const [username, password] = [text('username'), text('password')];
  if (username === undefined && password === undefined) return {};
  return { basic: { username: (username ?? '').trimEnd(), password: (password ?? '').replace(/\r?\n$/, '') } };
}

function clientOf(text: Text, refused: (what: string) => Error): Pick<Credentials, 'client'> {
  const certificate = text('clientCert') ?? text(aliases.clientCert);
  const key = text('clientKey') ?? text(aliases.clientKey);
  if (certificate === undefined && key === undefined) return {};
  if (certificate === undefined || key === undefined) throw refused('clientCert and clientKey go together');
  return { client: { certificate, key } };
}

/** ssh refuses a key without a newline at its end. */
function sshOf(text: Text): Pick<Credentials, 'ssh'> {
  const privateKey = text('sshPrivateKey');
  if (privateKey === undefined) return {};
  const clean = `${privateKey.replaceAll('\r\n', '\n').trimEnd()}\n`;
  return { ssh: { privateKey: clean, knownHosts: text('knownHosts') ?? '' } };
}

function refuseUnsupported(data: SecretData, name: string): void {
  const app = Object.keys(data).find((key) => key.startsWith('githubApp'));
  if (app !== undefined) {
    throw notYetSupported(`Secret ${name}: key ${app}: GitHub Apps are not supported yet; use a token as password`);
  }
  for (const key of ['insecure', 'insecureIgnoreHostKey']) {
    if (data[key]?.toString('utf8').trim().toLowerCase() !== 'true') continue;
    throw notYetSupported(
      `Secret ${name}: key ${key}: servers are never trusted unseen; put their CA into caBundle or their key into knownHosts`,
    );
  }
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text;
}
