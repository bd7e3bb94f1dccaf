import { readFile, stat } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import path from 'node:path';
import type { Clock } from '../model/ports.ts';

/** How to reach a server and who we are there. */
export interface Credentials {
  /** `https://host:port`, with a path when it stands behind a proxy that wants one. */
  readonly server: string;
  /** Namespace of the context or the pod; `default` when none is told. */
  readonly namespace: string;
  /** What the kubeconfig calls the user of the context. */
  readonly user?: string;
  readonly tls: TlsIdentity;
  /** Value of the Authorization header; undefined when the certificate says who we are. Throws when it cannot be had. */
  authorization(): Promise<string | undefined>;
  /** After a 401: reads anew. True when the header has changed, so that another try makes sense. */
  renew(): Promise<boolean>;
}

export interface TlsIdentity {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  /** False only when the kubeconfig says `insecure-skip-tls-verify`. */
  readonly rejectUnauthorized?: boolean;
}

export type CredentialSource =
  | {
      readonly kind: 'serviceAccount';
      /** KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT. */
      readonly host: string;
      readonly port: string;
      /** Where `token`, `ca.crt` and `namespace` are mounted. */
      readonly folder: string;
    }
  /** `file` may be several, as in KUBECONFIG; the first one's current context counts. */
  | { readonly kind: 'kubeconfig'; readonly file: string; readonly context?: string };

/** A header is asked for anew at most so often: ServiceAccount tokens are replaced long before they expire. */
const freshForMs = 60_000;

/** Throws when files are missing or the kubeconfig is not usable; the message says which and why. */
export async function loadCredentials(source: CredentialSource, clock: Clock): Promise<Credentials> {
  return source.kind === 'serviceAccount' ? loadServiceAccount(source, clock) : loadKubeconfig(source, clock);
}

async function loadServiceAccount(
  source: Extract<CredentialSource, { kind: 'serviceAccount' }>,
  clock: Clock,
): Promise<Credentials> {
  const { folder } = source;
  const host = isIPv6(source.host) ? `[${source.host}]` : source.host;
  const ca = await readFile(path.join(folder, 'ca.crt'));
  const namespace = await readFile(path.join(folder, 'namespace'), 'utf8').catch(() => 'default');
  const header = await tokenFile(path.join(folder, 'token'), clock);
  return { server: `https://${host}:${source.port}`, namespace: namespace.trim(), tls: { ca }, ...header };
}

type Header = Pick<Credentials, 'authorization' | 'renew'>;

/** Follows a token file: looks at its time at most once a minute, and reads it only when that moved. */
async function tokenFile(file: string, clock: Clock): Promise<Header> {
  let token = '';
  let modifiedAt = Number.NaN;
  const read = async (): Promise<string> => {
    const { mtimeMs } = await stat(file);
    if (mtimeMs !== modifiedAt) token = (await readFile(file, 'utf8')).trim();
    modifiedAt = mtimeMs;
    if (token === '') throw new Error(`the token file ${file} is empty`);
    return `Bearer ${token}`;
  };
  return cached(read, clock);
}

/** Concurrent callers share one look; a failed look keeps the last header, which may still be good. */
async function cached(read: () => Promise<string | undefined>, clock: Clock): Promise<Header> {
  let header = await read();
  let readAt = clock.monotonic();
  let running: Promise<void> | undefined;
  const look = (): Promise<void> => {
    running ??= read()
      .then((next) => {
        header = next;
      })
      .catch(() => undefined)
      .finally(() => {
        readAt = clock.monotonic();
        running = undefined;
      });
    return running;
  };
  return {
    async authorization() {
      if (clock.monotonic() - readAt >= freshForMs) await look();
      return header;
    },
    async renew() {
      const before = header;
      await look();
      return header !== before;
    },
  };
}

/**
 * Reads a kubeconfig as kubectl does: certificates, tokens, passwords, exec plugins.
 * The library is loaded here only: it costs 80 MB of memory, which an operator in a pod need not pay.
 */
async function loadKubeconfig(
  source: Extract<CredentialSource, { kind: 'kubeconfig' }>,
  clock: Clock,
): Promise<Credentials> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const loadFile = (file: string) => {
    const config = new KubeConfig();
    try {
      config.loadFromFile(file);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`the kubeconfig ${file} cannot be read: ${why}`, { cause: error });
    }
    return config;
  };
  const load = () => {
    const [config, ...others] = source.file.split(path.delimiter).filter(Boolean).map(loadFile);
    if (config === undefined) throw new Error('no kubeconfig is named');
    for (const other of others) config.mergeConfig(other, Boolean(config.currentContext));
    if (source.context !== undefined) config.setCurrentContext(source.context);
    return config;
  };
  const config = load();
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error(`${source.file} has no context "${config.currentContext}" with a cluster`);
  if (typeof cluster.proxyUrl === 'string') throw new Error(`${source.file}: proxy-url is not supported`);
  const { tls } = await requestOptions(config);
  const user = config.getCurrentUser();
  // A plugin's credential is kept by the instance until it expires; anything else is read from files at loading.
  const runsPlugin = Boolean(user?.exec) || Boolean(user?.authProvider);
  const read = async () => (await requestOptions(runsPlugin ? config : load())).authorization;
  return {
    server: cluster.server.replace(/\/+$/, ''),
    namespace: config.getContextObject(config.currentContext)?.namespace ?? 'default',
    ...(user === null ? {} : { user: user.name }),
    tls,
    ...(await cached(read, clock)),
  };
}

/** The part of the library's KubeConfig that is used. */
interface RequestSigner {
  applyToHTTPSOptions(options: object): Promise<void>;
}

/** The library writes what belongs to the current user into the options of a request; exec plugins run here. */
async function requestOptions(config: RequestSigner): Promise<{ tls: TlsIdentity; authorization: string | undefined }> {
  const options: TlsIdentity & { headers?: Record<string, string>; auth?: string } = {};
  await config.applyToHTTPSOptions(options);
  const { ca, cert, key, servername, rejectUnauthorized, headers, auth } = options;
  return {
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(servername === undefined ? {} : { servername }),
      ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
    },
    authorization: auth === undefined ? headers?.['Authorization'] : `Basic ${Buffer.from(auth).toString('base64')}`,
  };
}
