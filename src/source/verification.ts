import type { Application, SourceSpec } from '../model/application.ts';
import type { RepositorySecrets } from '../model/ports.ts';
import { sha256Hex } from '../model/hash.ts';
import { sourceError } from './failures.ts';
import type { Remote } from './git/remote.ts';
import type { Snapshot } from './git/repository.ts';
import type { Remotes } from './remotes.ts';
import type { Tools } from './tools/tools.ts';
import { readPublicKeys, verifySignature } from './verify.ts';
import type { Workspaces } from './workspace.ts';

export interface VerificationPorts {
  readonly remotes: Pick<Remotes, 'tagObject'>;
  readonly secrets: RepositorySecrets;
  readonly tools: Tools;
  readonly workspaces: Workspaces;
}

/** A source at a commit. */
export interface Signed {
  readonly app: Application;
  readonly source: SourceSpec;
  readonly remote: Remote;
  readonly snapshot: Snapshot;
}

/** Verdicts that are remembered: a signature does not change, and keys are part of what is remembered. */
const mostRemembered = 1_000;

/** Lets nothing through that `spec.source.verify` does not know the signer of. */
export class Verification {
  readonly #ports: VerificationPorts;
  readonly #good = new Set<string>();

  constructor(ports: VerificationPorts) {
    this.#ports = ports;
  }

  /** Throws OperatorError SignatureInvalid, naming the key that was seen. */
  async check(signed: Signed, signal: AbortSignal): Promise<void> {
    const { verify } = signed.source;
    if (verify === undefined) return;
    const keys = await this.#keysOf(signed.app.namespace, verify.secretRef);
    const { commit } = signed.snapshot;
    const question = sha256Hex(JSON.stringify([verify.mode, signed.source.targetRevision, commit, keys]));
    if (this.#good.has(question)) return;
    const object = await this.#objectOf(signed);
    const objectFormat = commit.length === 64 ? ('sha256' as const) : ('sha1' as const);
    const verdict = await verifySignature({ ...object, keys, objectFormat }, this.#ports, signal);
    if (verdict.kind === 'bad') throw refused(`${object.what}: ${verdict.reason}`);
    this.#remember(question);
  }

  async #keysOf(namespace: string, name: string): Promise<readonly string[]> {
    const data = await this.#ports.secrets.named(namespace, name);
    if (data === undefined) throw refused(`spec.source.verify.secretRef: there is no Secret ${namespace}/${name}`);
    return readPublicKeys(data, `${namespace}/${name}`);
  }

  async #objectOf({ source, remote, snapshot }: Signed) {
    const { commit, reader } = snapshot;
    if (source.verify?.mode !== 'Tag') {
      return { kind: 'commit' as const, object: await reader.raw(commit), what: `commit ${commit}` };
    }
    const revision = { text: source.targetRevision, tagPrefix: source.tagPrefix };
    const tag = await this.#ports.remotes.tagObject(remote, revision, commit);
    if (tag === undefined) throw refused(`commit ${commit}: "${source.targetRevision}" is no annotated tag of it`);
    return { kind: 'tag' as const, object: tag.object, what: `tag ${tag.name} of commit ${commit}` };
  }

  #remember(question: string): void {
    const [oldest] = this.#good;
    if (this.#good.size >= mostRemembered && oldest !== undefined) this.#good.delete(oldest);
    this.#good.add(question);
  }
}

function refused(message: string) {
  return sourceError('SignatureInvalid', message);
}
