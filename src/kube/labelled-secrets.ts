import type { Cluster } from './cluster.ts';
import { secretKind, SecretWatch } from './secret-watch.ts';
import { stringAt } from '../model/json.ts';
import type { KubeObject } from '../model/object.ts';
import type { FoundSecret, WebhookSecrets } from '../model/ports.ts';

/** Lists and watches; nothing else is asked for Secrets by label. */
export type SecretsPort = Pick<Cluster, 'list' | 'reflect'>;

export interface LabelledSecret extends FoundSecret {
  /** Of the label that it was found by. */
  readonly value: string;
}

export interface SecretLabel {
  readonly namespace: string;
  readonly label: string;
  /** The values that count; all when absent. */
  readonly values?: readonly string[];
}

/** Secrets of a namespace by a label, watched from the first question on: an unchanged one costs nothing. */
export class LabelledSecrets implements Disposable {
  readonly #cluster: SecretsPort;
  readonly #label: SecretLabel;
  readonly #changed: (secret: { readonly namespace: string; readonly name: string }) => void;
  #watch: SecretWatch | undefined;

  constructor(
    cluster: SecretsPort,
    label: SecretLabel,
    changed: (secret: { readonly namespace: string; readonly name: string }) => void,
  ) {
    this.#cluster = cluster;
    this.#label = label;
    this.#changed = changed;
  }

  /** By name; the buffers are shared: do not write. Throws ApiError when it cannot be said. */
  async all(): Promise<readonly LabelledSecret[]> {
    this.#watch ??= this.#follow();
    const found = await this.#watch.all();
    return found.map((secret) => ({ ...secret, value: stringAt(secret.labels, this.#label.label) ?? '' }));
  }

  [Symbol.dispose](): void {
    this.#watch?.stop();
    this.#watch = undefined;
  }

  #follow(): SecretWatch {
    const { namespace, label, values } = this.#label;
    const labelSelector = values === undefined ? label : `${label} in (${values.join(',')})`;
    return new SecretWatch({
      cluster: this.#cluster,
      selection: { namespace, labelSelector },
      ask: () => this.#list({ namespace, labelSelector }),
      changed: this.#changed,
    });
  }

  async #list(options: { readonly namespace: string; readonly labelSelector: string }): Promise<KubeObject[]> {
    const found: KubeObject[] = [];
    for await (const { items } of this.#cluster.list(secretKind, options)) found.push(...items);
    return found;
  }
}

/** Secrets with the label `evenkeel.dev/webhook: <forge>` in a namespace. */
export function followWebhookSecrets(cluster: SecretsPort, namespace: string): WebhookSecrets & Disposable {
  const secrets = new LabelledSecrets(cluster, { namespace, label: 'evenkeel.dev/webhook' }, () => undefined);
  return {
    of: async (forge) => (await secrets.all()).filter(({ value }) => value === forge),
    [Symbol.dispose]: () => secrets[Symbol.dispose](),
  };
}
