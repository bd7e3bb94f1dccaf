/** An address taken apart: what tells two spellings of one repository from two repositories. */
interface Address {
  /** `https`, `http`, `ssh`, `git`, `oci`, … */
  readonly transport: string;
  /** With the `@`, or empty. */
  readonly user: string;
  readonly host: string;
  /** With the `:`; empty for the one that the transport has by itself. */
  readonly port: string;
  /** Without slashes at its ends and without `.git`. */
  readonly path: string;
  /** Whether a slash ended it as it was written. */
  readonly endsInSlash: boolean;
}

/**
 * Whether two addresses reach one repository, by whatever way: transport and user do not count, nor does the port when
 * one of the two is SSH. For waking who follows a repository; what may see credentials is `sameRemote`.
 */
export function sameRepository(a: string, b: string): boolean {
  return sameRepositoryAs([a])(b);
}

/** The same for any of several addresses, which are taken apart once. */
export function sameRepositoryAs(urls: readonly string[]): (url: string) => boolean {
  const ones = urls.flatMap((url) => addressOf(url) ?? []);
  return (url) => {
    const other = addressOf(url);
    return other !== undefined && ones.some((one) => isSamePlace(one, other) && one.path === other.path);
  };
}

/** Whether a repository is what a prefix names, or lies below it, by whole segments of the path and as `sameRepository`. */
export function isWithin(url: string, prefix: string): boolean {
  const [one, other] = [addressOf(url), addressOf(prefix)];
  if (one === undefined || other === undefined || !isSamePlace(one, other)) return false;
  return other.path === '' || `${one.path}/`.startsWith(`${other.path}/`);
}

/** Whether two addresses are one as Argo CD compares them: transport, user, host and port count, case does not. */
export function sameRemote(a: string, b: string): boolean {
  const [one, other] = [addressOf(a), addressOf(b)];
  return one !== undefined && other !== undefined && serverOf(one) === serverOf(other) && one.path === other.path;
}

/**
 * How much of an address a prefix covers, as Argo CD compares them; undefined when it is none. The server has to be the
 * whole one; the path may end within a segment (`…/team` covers `…/team-shop`), unless a slash ends the prefix.
 */
export function coverage(url: string, prefix: string): number | undefined {
  const [one, other] = [addressOf(url), addressOf(prefix)];
  if (one === undefined || other === undefined || serverOf(one) !== serverOf(other)) return undefined;
  const covering = other.endsInSlash && other.path !== '' ? `${other.path}/` : other.path;
  return `${one.path}/`.startsWith(covering) ? covering.length : undefined;
}

function serverOf({ transport, user, host, port }: Address): string {
  return `${transport}://${user}${host}${port}`;
}

function isSamePlace(a: Address, b: Address): boolean {
  return a.host === b.host && (a.port === b.port || a.transport === 'ssh' || b.transport === 'ssh');
}

/** Forges and Argo CD do not tell upper from lower case in paths, so neither is it told here. undefined: no address. */
function addressOf(text: string): Address | undefined {
  const url = URL.parse(withScheme(text.trim()));
  const path = url === null ? undefined : readable(url.pathname);
  if (url === null || path === undefined || url.hostname === '') return undefined;
  const transport = url.protocol.slice(0, -1).replace(/^git\+/, '');
  const port = url.port === '' || (transport === 'ssh' && url.port === '22') ? '' : `:${url.port}`;
  return overAzure({
    transport,
    user: url.username === '' ? '' : `${url.username}@`,
    host: url.hostname.toLowerCase(),
    port,
    path: path
      .toLowerCase()
      .replace(/^\/+|\/+$/g, '')
      .replace(/\.git$/, ''),
    endsInSlash: path.endsWith('/'),
  });
}

/** `git@host:path` is SSH; what has no scheme at all is a registry, as in Argo CD's Secrets for charts. */
function withScheme(text: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return text;
  const [, user, host, path = ''] = /^([^/:@\s]+)@([^/:\s]+)(?::\/*(.*))?$/.exec(text) ?? [];
  return user === undefined || host === undefined ? `oci://${text}` : `ssh://${user}@${host}/${path}`;
}

/** Azure DevOps has another host and another path for SSH. */
function overAzure(address: Address): Address {
  const path = /^v3\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(address.path);
  if (address.host !== 'ssh.dev.azure.com' || path === null) return address;
  const [, organisation = '', project = '', name = ''] = path;
  return { ...address, host: 'dev.azure.com', path: `${organisation}/${project}/_git/${name}` };
}

/** `%20` and a blank are one; an encoded slash stays what it is. */
function readable(path: string): string | undefined {
  try {
    return decodeURI(path);
  } catch {
    return undefined;
  }
}
