import { LabelledSecrets, type LabelledSecret, type SecretsPort } from './labelled-secrets.ts';
import type { SecretReader } from './secrets.ts';
import type { FoundSecret, RepositorySecrets } from '../model/ports.ts';
import { coverage, sameRemote } from '../model/repository-url.ts';

export interface RepositorySecretsOptions {
  readonly cluster: SecretsPort;
  /** Secrets by name; stays the caller's to dispose of. */
  readonly reader: SecretReader;
  /** Where labelled Secrets count: the operator's own. */
  readonly namespace: string;
}

/** Argo CD's label counts as ours does, so that its Secrets need not be written anew. */
const labels = ['evenkeel.dev/secret-type', 'argocd.argoproj.io/secret-type'];

type Listener = Parameters<RepositorySecrets['onChange']>[0];

/** Watches nothing before the first `forUrl`. */
export function createRepositorySecrets(options: RepositorySecretsOptions): RepositorySecrets & Disposable {
  const { cluster, reader, namespace } = options;
  const listeners = new Set<Listener>();
  const tell: Listener = (what) => {
    for (const listener of listeners) listener(what);
  };
  const stop = reader.onChange((inNamespace, name) => tell({ namespace: inNamespace, name }));
  const values = ['repository', 'repo-creds'];
  const watches = labels.map((label) => new LabelledSecrets(cluster, { namespace, label, values }, tell));
  return {
    named: (inNamespace, name) => reader.get(inNamespace, name),
    forUrl: async (url) => best(url, (await Promise.all(watches.map((watch) => watch.all()))).flat()),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    [Symbol.dispose]() {
      stop();
      for (const watch of watches) watch[Symbol.dispose]();
    },
  };
}

function best(url: string, secrets: readonly LabelledSecret[]): FoundSecret | undefined {
  const found = secrets.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const exact = found.find((secret) => secret.value === 'repository' && sameRemote(urlOf(secret), url));
  const [widest] = found
    .filter(({ value }) => value === 'repo-creds')
    .map((secret) => ({ secret, covered: coverage(url, urlOf(secret)) ?? -1 }))
    .filter(({ covered }) => covered >= 0)
    .sort((a, b) => b.covered - a.covered);
  const chosen = exact ?? widest?.secret;
  return chosen === undefined ? undefined : { namespace: chosen.namespace, name: chosen.name, data: chosen.data };
}

function urlOf({ data }: LabelledSecret): string {
  return data['url']?.toString('utf8').trim() ?? '';
}
