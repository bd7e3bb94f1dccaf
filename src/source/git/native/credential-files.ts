import { sourceError } from '../../failures.ts';
import type { Limits } from '../../limits.ts';
import type { SecretFiles } from '../../secret-files.ts';
import type { Credentials } from '../credentials.ts';
import type { Access } from '../engine.ts';
import type { ObjectFormat } from '../list-refs.ts';
import { proxyFor, type ProxySettings } from '../proxy.ts';
import { sshPlaceOf } from '../remote.ts';

/** What a git command needs to reach a remote; good while the files are held. */
export interface Reach extends AsyncDisposable {
  /** Where to go: redirects are followed already. */
  readonly url: string;
  /** What kind of ids the remote has; undefined when it has not been asked. */
  readonly objectFormat?: ObjectFormat;
  readonly env: Readonly<Record<string, string>>;
  readonly config: readonly string[];
  /** Names of private files that git may say in an error. */
  readonly hide: readonly { readonly text: string; readonly by: string }[];
}

interface ReachOptions {
  readonly secretFiles: SecretFiles;
  readonly proxies: ProxySettings;
  readonly limits: Limits;
}

type Files = Record<string, { readonly text: string; readonly isScript?: true }>;

/**
 * Puts credentials where only git looks: files in memory that are named by the environment, never their content.
 * Credentials go to the origin they were given for, and to no other that `url` may be at. Throws OperatorError.
 */
export async function reach(access: Access, url: string, options: ReachOptions): Promise<Reach> {
  return access.remote.transport === 'ssh'
    ? await reachBySsh(access, options)
    : await reachByHttp(access, url, options);
}

async function reachByHttp(access: Access, url: string, options: ReachOptions): Promise<Reach> {
  const { proxies, limits, secretFiles } = options;
  const place = new URL(url);
  const isSameOrigin = place.origin === new URL(access.remote.url).origin;
  const credentials = isSameOrigin ? access.credentials : onlyAuthority(access.credentials);
  const proxy = proxyFor(place, proxies);
  const files = httpFiles(credentials, place, proxy);
  const held = await secretFiles.hold(files);
  const file = (name: string): string => `${held.folder}/${name}`;
  const stallSeconds = Math.max(1, Math.ceil(limits.stallMs / 1000));
  return {
    url,
    env: {
      GIT_CONFIG_GLOBAL: file('config'),
      ...(files['askpass'] === undefined ? {} : { GIT_ASKPASS: file('askpass') }),
    },
    config: [
      'http.followRedirects=false',
      'http.proxyAuthMethod=basic',
      'http.lowSpeedLimit=1',
      `http.lowSpeedTime=${stallSeconds}`,
      ...(files['ca'] === undefined ? [] : [`http.sslCAInfo=${file('ca')}`]),
      ...(files['certificate'] === undefined
        ? []
        : [`http.${place.origin}/.sslCert=${file('certificate')}`, `http.${place.origin}/.sslKey=${file('key')}`]),
    ],
    hide: [{ text: held.folder, by: '(credentials)' }],
    [Symbol.asyncDispose]: () => held[Symbol.asyncDispose](),
  };
}

function onlyAuthority({ caBundle }: Credentials): Credentials {
  return caBundle === undefined ? {} : { caBundle };
}

function httpFiles(credentials: Credentials, place: URL, proxy: URL | undefined): Files {
  const { basic, bearerToken, caBundle, client } = credentials;
  return {
    config: { text: configText(bearerToken, place, proxy) },
    ...(basic === undefined || bearerToken !== undefined
      ? {}
      : {
          askpass: { text: askpassText(place), isScript: true },
          username: { text: basic.username },
          password: { text: basic.password },
        }),
    ...(caBundle === undefined ? {} : { ca: { text: caBundle } }),
    ...(client === undefined ? {} : { certificate: { text: client.certificate }, key: { text: client.key } }),
  };
}

/** The proxy stands here because its address may hold a password. */
function configText(bearerToken: string | undefined, place: URL, proxy: URL | undefined): string {
  const header = bearerToken === undefined ? '' : `Authorization: Bearer ${bearerToken}`;
  const lines = [
    '[http]',
    `\tproxy = ${quoted(proxy?.href ?? '')}`,
    ...(header === '' ? [] : [`[http ${quoted(`${place.origin}/`)}]`, `\textraHeader = ${quoted(header)}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/**
 * Answers for one host only: git-lfs asks for others, too, and quotes otherwise than git. A URL's host has no character that
 * a shell or a pattern knows.
 */
function askpassText({ protocol, host }: URL): string {
  const patterns = (what: string, at: string): string =>
    ["'", '\\"', '/'].map((end) => `"${what} for "[\\'\\"]"${at}${end}"*`).join(' | ');
  return `#!/bin/sh
folder=\${0%/*}
case "$1" in
${patterns('Username', `${protocol}//${host}`)}) cat "$folder/username" ;;
${patterns('Password', `${protocol}//"*"@${host}`)}) cat "$folder/password" ;;
*) exit 1 ;;
esac
`;
}

async function reachBySsh({ remote, credentials }: Access, { secretFiles, limits }: ReachOptions): Promise<Reach> {
  const { ssh, from } = credentials;
  const { host, port } = sshPlaceOf(remote.url);
  const where = from === undefined ? 'a Secret that spec.source.secretRef names' : `the Secret ${from}`;
  const refused = (what: string) => sourceError('AuthenticationFailed', `${remote.url}: ${what}`);
  if (ssh === undefined) throw refused(`SSH needs a private key: put it into sshPrivateKey of ${where}`);
  if (ssh.knownHosts.trim() === '') {
    const scan = port === 22 ? host : `-p ${port} ${host}`;
    const advice = `put what "ssh-keyscan ${scan}" prints into knownHosts of ${where}, once you have compared its fingerprint`;
    throw refused(`the server's key is not known, and no server is trusted unseen: ${advice}`);
  }
  const held = await secretFiles.hold({
    key: { text: ssh.privateKey },
    known: { text: `${ssh.knownHosts.trimEnd()}\n` },
  });
  return {
    url: remote.url,
    env: { GIT_SSH_COMMAND: sshCommand(held.folder, limits) },
    config: [],
    hide: [{ text: held.folder, by: '(credentials)' }],
    [Symbol.asyncDispose]: () => held[Symbol.asyncDispose](),
  };
}

function sshCommand(folder: string, limits: Limits): string {
  const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000));
  const options = [
    'BatchMode=yes',
    'ClearAllForwardings=yes',
    `ConnectTimeout=${seconds(limits.connectMs)}`,
    'GlobalKnownHostsFile=/dev/null',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    'PreferredAuthentications=publickey',
    'ServerAliveCountMax=2',
    `ServerAliveInterval=${seconds(limits.stallMs / 2)}`,
    'StrictHostKeyChecking=yes',
    'UpdateHostKeys=no',
    `UserKnownHostsFile="${folder}/known"`,
  ];
  const words = ['ssh', '-F', '/dev/null', '-i', `${folder}/key`, ...options.flatMap((option) => ['-o', option])];
  return words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
}
