import { parseDuration } from './model/duration.ts';

/** A setting: its environment variable; the flag is the same name in kebab-case without the prefix. */
interface Setting {
  readonly variable: string;
  readonly fallback: string;
  /** What the text means, with its unit; goes into docs and error messages. */
  readonly meaning: string;
}

/** Every setting. Order and texts are the documentation. */
export const settings = {
  installation: {
    variable: 'EVENKEEL_INSTALLATION',
    fallback: '',
    meaning: 'name of a second installation in a cluster; empty for the first',
  },
  dataDir: {
    variable: 'EVENKEEL_DATA_DIR',
    fallback: '/var/lib/evenkeel',
    meaning: 'folder for clones and artefacts; may be lost at any time',
  },
  memoryDir: {
    variable: 'EVENKEEL_MEMORY_DIR',
    fallback: '/dev/shm/evenkeel',
    meaning: 'folder for secrets that git and ssh take from files, each for the length of one call; must be in memory',
  },
  logLevel: { variable: 'EVENKEEL_LOG_LEVEL', fallback: 'info', meaning: 'trace, debug, info, warn or error' },
  httpAddress: {
    variable: 'EVENKEEL_HTTP_ADDRESS',
    fallback: '0.0.0.0:8080',
    meaning: 'host:port of /metrics, /healthz and /readyz',
  },
  webhookAddress: {
    variable: 'EVENKEEL_WEBHOOK_ADDRESS',
    fallback: '',
    meaning: 'host:port of /webhook, another port than that of /metrics; empty = webhooks are not listened for',
  },
  leaseDuration: {
    variable: 'EVENKEEL_LEASE_DURATION',
    fallback: '15s',
    meaning: 'time after which a silent leader is replaced',
  },
  leaseRenewDeadline: {
    variable: 'EVENKEEL_LEASE_RENEW_DEADLINE',
    fallback: '10s',
    meaning: 'time after the last renewal after which the leader stops sending',
  },
  leaseRetryPeriod: {
    variable: 'EVENKEEL_LEASE_RETRY_PERIOD',
    fallback: '2s',
    meaning: 'time between two tries to become or stay the leader; a leader without trouble renews half as often',
  },
  workers: {
    variable: 'EVENKEEL_WORKERS',
    fallback: '4',
    meaning: 'Applications that are worked on at the same time, 1 to 64',
  },
  apiConnections: {
    variable: 'EVENKEEL_API_CONNECTIONS',
    fallback: '8',
    meaning: 'connections to the API server for requests, 2 to 32; watches have their own',
  },
  watchNamespaces: {
    variable: 'EVENKEEL_WATCH_NAMESPACES',
    fallback: '',
    meaning: 'namespaces in which Applications are looked for, separated by commas; empty = all',
  },
  gitTimeout: {
    variable: 'EVENKEEL_GIT_TIMEOUT',
    fallback: '60s',
    meaning: 'longest time for one request to a Git server',
  },
  maxRepositorySize: {
    variable: 'EVENKEEL_MAX_REPOSITORY_SIZE',
    fallback: '500Mi',
    meaning: 'largest snapshot of a repository, packed or unpacked',
  },
  renders: {
    variable: 'EVENKEEL_RENDERS',
    fallback: '0',
    meaning: 'runs of kustomize and Helm at the same time, up to 64; 0 = as processors and memory allow',
  },
  remoteBases: {
    variable: 'EVENKEEL_REMOTE_BASES',
    fallback: 'false',
    meaning: 'true lets kustomize fetch bases from a network',
  },
  causeLogLines: {
    variable: 'EVENKEEL_CAUSE_LOG_LINES',
    fallback: 'true',
    meaning: 'true lets the last line of a crashed container be read and told in status; false never reads logs',
  },
  gitEngine: {
    variable: 'EVENKEEL_GIT_ENGINE',
    fallback: 'auto',
    meaning: 'auto (the git program where it is there), native (only the git program) or embedded (never)',
  },
  healthRules: {
    variable: 'EVENKEEL_HEALTH_RULES',
    fallback: '',
    meaning: "name of the ConfigMap with health rules for the whole cluster, in the operator's namespace; empty = none",
  },
  httpsProxy: {
    variable: 'HTTPS_PROXY',
    fallback: '',
    meaning: 'proxy for https:// repositories, an http:// or https:// address; lower case works, too',
  },
  httpProxy: { variable: 'HTTP_PROXY', fallback: '', meaning: 'proxy for http:// repositories' },
  allProxy: { variable: 'ALL_PROXY', fallback: '', meaning: 'proxy for what has none of its own; never for ssh://' },
  noProxy: {
    variable: 'NO_PROXY',
    fallback: '',
    meaning: 'hosts, domains, addresses and networks that are reached without a proxy, separated by commas',
  },
  podName: { variable: 'POD_NAME', fallback: 'evenkeel', meaning: 'holder of the Lease' },
  podNamespace: {
    variable: 'POD_NAMESPACE',
    fallback: 'evenkeel',
    meaning: 'namespace of the Lease and of Secrets that are found by label',
  },
  kubeconfig: {
    variable: 'KUBECONFIG',
    fallback: '',
    meaning: 'path of a kubeconfig, or several; empty = the service account of the pod',
  },
  serviceAccountDir: {
    variable: 'EVENKEEL_SERVICE_ACCOUNT_DIR',
    fallback: '/var/run/secrets/kubernetes.io/serviceaccount',
    meaning: 'folder with `token`, `ca.crt` and `namespace` of the service account, where no kubeconfig is named',
  },
  commit: {
    variable: 'EVENKEEL_COMMIT',
    fallback: 'unknown',
    meaning: 'commit that the image was built from; set by its build',
  },
  kubernetesHost: {
    variable: 'KUBERNETES_SERVICE_HOST',
    fallback: 'kubernetes.default.svc',
    meaning: 'set by Kubernetes in every pod',
  },
  kubernetesPort: { variable: 'KUBERNETES_SERVICE_PORT', fallback: '443', meaning: 'set by Kubernetes in every pod' },
} as const satisfies Record<string, Setting>;

interface Address {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
}

export interface Config {
  readonly installation: string;
  readonly dataDir: string;
  /** Memory-backed; for secrets in files. */
  readonly memoryDir: string;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  readonly httpHost: string;
  /** 0 = any free port. */
  readonly httpPort: number;
  /** undefined: webhooks are not listened for. */
  readonly webhook: Address | undefined;
  readonly lease: { readonly durationMs: number; readonly renewDeadlineMs: number; readonly retryPeriodMs: number };
  readonly workers: number;
  readonly apiConnections: number;
  readonly watchNamespaces: readonly string[];
  readonly sourceLimits: { readonly fetchMs: number; readonly transferBytes: number; readonly unpackedBytes: number };
  /** Runs of kustomize and Helm at the same time; 0 = as the machine allows. */
  readonly renders: number;
  readonly remoteBases: boolean;
  readonly causeLogLines: boolean;
  /** PATH of the programs that are started. */
  readonly path: string;
  readonly gitEngine: 'auto' | 'native' | 'embedded';
  readonly proxies: { readonly https: string; readonly http: string; readonly all: string; readonly no: string };
  /** Name of a ConfigMap; empty: none. */
  readonly healthRules: string;
  /** For the metric build_info. */
  readonly commit: string;
  readonly podName: string;
  readonly podNamespace: string;
  readonly credentials:
    | { readonly kind: 'kubeconfig'; readonly file: string }
    | { readonly kind: 'serviceAccount'; readonly host: string; readonly port: string; readonly folder: string };
}

type Name = keyof typeof settings;

/** All that is wrong with the settings, one line each. */
export class ConfigError extends Error {
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'ConfigError';
  }
}

/** Flags win over the environment. Throws ConfigError. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>, args: readonly string[]): Config {
  const problems: string[] = [];
  const flags = readFlags(args, problems);
  const fromEnvironment = (variable: string): string | undefined =>
    environment[variable] ?? (/_PROXY$/.test(variable) ? environment[variable.toLowerCase()] : undefined);
  const text = (name: Name): string =>
    flags.get(name) ?? fromEnvironment(settings[name].variable) ?? settings[name].fallback;
  const parse = <T>(name: Name, read: (value: string) => T | undefined): T | undefined => {
    const value = read(text(name));
    if (value === undefined)
      problems.push(`${settings[name].variable}=${text(name)}: expected ${settings[name].meaning}`);
    return value;
  };
  const config = { ...build(text, parse), path: environment['PATH'] ?? '' };
  if (
    config.lease.renewDeadlineMs >= config.lease.durationMs ||
    config.lease.retryPeriodMs >= config.lease.renewDeadlineMs
  ) {
    problems.push('lease: expected retry period < renew deadline < duration');
  }
  if (config.webhook !== undefined && config.webhook.port !== 0 && config.webhook.port === config.httpPort) {
    problems.push(`${settings.webhookAddress.variable}: expected another port than ${settings.httpAddress.variable}`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return Object.freeze(config);
}

type Parse = <T>(name: Name, read: (value: string) => T | undefined) => T | undefined;

function build(text: (name: Name) => string, parse: Parse): Omit<Config, 'path'> {
  const address = parse('httpAddress', readAddress) ?? { host: '', port: 0 };
  return {
    installation: parse('installation', readInstallation) ?? '',
    dataDir: text('dataDir'),
    memoryDir: text('memoryDir'),
    logLevel: parse('logLevel', readLevel) ?? 'info',
    httpHost: address.host,
    httpPort: address.port,
    webhook: text('webhookAddress') === '' ? undefined : parse('webhookAddress', readAddress),
    lease: buildLease(parse),
    workers: parse('workers', between(1, 64)) ?? 0,
    apiConnections: parse('apiConnections', between(2, 32)) ?? 0,
    watchNamespaces: text('watchNamespaces')
      .split(',')
      .filter((namespace) => namespace !== ''),
    sourceLimits: buildLimits(parse),
    renders: parse('renders', between(0, 64)) ?? 0,
    ...buildSwitches(parse),
    gitEngine: parse('gitEngine', readGitEngine) ?? 'auto',
    proxies: { https: text('httpsProxy'), http: text('httpProxy'), all: text('allProxy'), no: text('noProxy') },
    healthRules: text('healthRules'),
    commit: text('commit'),
    podName: text('podName'),
    podNamespace: text('podNamespace'),
    credentials: buildCredentials(text),
  };
}

function buildSwitches(parse: Parse): Pick<Config, 'remoteBases' | 'causeLogLines'> {
  return {
    remoteBases: parse('remoteBases', readSwitch) ?? false,
    causeLogLines: parse('causeLogLines', readSwitch) ?? false,
  };
}

function buildLease(parse: Parse): Config['lease'] {
  return {
    durationMs: parse('leaseDuration', parseDuration) ?? 0,
    renewDeadlineMs: parse('leaseRenewDeadline', parseDuration) ?? 0,
    retryPeriodMs: parse('leaseRetryPeriod', parseDuration) ?? 0,
  };
}

function buildLimits(parse: Parse): Config['sourceLimits'] {
  const repositoryBytes = parse('maxRepositorySize', readBytes) ?? 0;
  const fetchMs = parse('gitTimeout', parseDuration) ?? 0;
  return { fetchMs, transferBytes: repositoryBytes, unpackedBytes: repositoryBytes };
}

function buildCredentials(text: (name: Name) => string): Config['credentials'] {
  const file = text('kubeconfig');
  if (file !== '') return { kind: 'kubeconfig', file };
  const folder = text('serviceAccountDir');
  return { kind: 'serviceAccount', host: text('kubernetesHost'), port: text('kubernetesPort'), folder };
}

function readInstallation(value: string): string | undefined {
  return /^([a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?)?$/.test(value) ? value : undefined;
}

/** `dataDir` → `--data-dir`. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function readFlags(args: readonly string[], problems: string[]): Map<string, string> {
  const names = new Map(Object.keys(settings).map((name) => [flagOf(name), name]));
  const flags = new Map<string, string>();
  for (const arg of args) {
    const [flag = '', ...rest] = arg.split('=');
    const name = names.get(flag);
    if (name === undefined || rest.length === 0)
      problems.push(`${arg}: expected one of ${[...names.keys()].join(', ')}, each as --name=value`);
    else flags.set(name, rest.join('='));
  }
  return flags;
}

function readAddress(value: string): Address | undefined {
  const match = /^(.*):([0-9]{1,5})$/.exec(value);
  const port = Number(match?.[2]);
  return match === null || port > 65_535 ? undefined : { host: match[1] ?? '', port };
}

function readLevel(value: string): Config['logLevel'] | undefined {
  return (['trace', 'debug', 'info', 'warn', 'error'] as const).find((level) => level === value);
}

function readGitEngine(value: string): Config['gitEngine'] | undefined {
  return (['auto', 'native', 'embedded'] as const).find((engine) => engine === value);
}

function between(low: number, high: number): (value: string) => number | undefined {
  return (value) =>
    /^[0-9]+$/.test(value) && Number(value) >= low && Number(value) <= high ? Number(value) : undefined;
}

function readSwitch(value: string): boolean | undefined {
  return { true: true, false: false }[value];
}

function readBytes(value: string): number | undefined {
  const match = /^([0-9]+)(Ki|Mi|Gi)?$/.exec(value);
  const unit = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 }[match?.[2] ?? ''] ?? 1;
  return match === null ? undefined : Number(match[1]) * unit;
}
