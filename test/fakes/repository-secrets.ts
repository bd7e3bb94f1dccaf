import type { RepositorySecrets, SecretData } from '../../src/model/ports.ts';

/** Secrets that a test writes down. */
export class KnownSecrets implements RepositorySecrets {
  /** By `namespace/name`. */
  readonly all = new Map<string, SecretData>();
  /** Names of those that are labelled, by the address (or its beginning) that they are for. */
  readonly labelled = new Map<string, string>();
  readonly #listeners = new Set<(what: { namespace: string; name: string }) => void>();

  named(namespace: string, name: string): Promise<SecretData | undefined> {
    return Promise.resolve(this.all.get(`${namespace}/${name}`));
  }

  forUrl(url: string): ReturnType<RepositorySecrets['forUrl']> {
    const beginnings = [...this.labelled.keys()].filter((beginning) => url.startsWith(beginning));
    const [longest = ''] = beginnings.toSorted((a, b) => b.length - a.length);
    const key = this.labelled.get(longest) ?? '';
    const data = this.all.get(key);
    const [namespace = '', name = ''] = key.split('/');
    return Promise.resolve(data === undefined ? undefined : { namespace, name, data });
  }

  onChange(listener: (what: { namespace: string; name: string }) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Writes a Secret, and says so. */
  change(namespace: string, name: string, texts: Readonly<Record<string, string>>): void {
    const data = Object.entries(texts).map(([key, text]) => [key, Buffer.from(text)] as const);
    this.all.set(`${namespace}/${name}`, Object.fromEntries(data));
    for (const listener of this.#listeners) listener({ namespace, name });
  }
}
