import { createHash } from 'node:crypto';
import type { Application, SourceSpec } from '../model/application.ts';
import type { RepositorySecrets } from '../model/ports.ts';
import { sha256Hex } from '../model/hash.ts';
import { sourceError } from './failures.ts';
import type { Snapshot } from './git/repository.ts';
import type { Tools } from './tools/tools.ts';
import { readPublicKeys, verifySignature } from './verify.ts';
import type { Workspaces } from './workspace.ts';

export interface VerificationPorts {
  readonly secrets: RepositorySecrets;
  readonly tools: Tools;
  readonly workspaces: Workspaces;
}

/** A source at a commit. */
export interface Signed {
  readonly app: Application;
  readonly source: SourceSpec;
  readonly snapshot: Snapshot;
  /** Id of the annotated tag by which the commit was found. */
  readonly tag: string | undefined;
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
    if (idOf(object, objectFormat) !== object.id) throw refused(`${object.what}: what was fetched is something else`);
    const verdict = await verifySignature({ ...object, keys, objectFormat }, this.#ports, signal);
    if (verdict.kind === 'bad') throw refused(`${object.what}: ${verdict.reason}`);
    this.#remember(question);
  }

  async #keysOf(namespace: string, name: string): Promise<readonly string[]> {
    const data = await this.#ports.secrets.named(namespace, name);
    if (data === undefined) throw refused(`spec.source.verify.secretRef: there is no Secret ${namespace}/${name}`);
    return readPublicKeys(data, `${namespace}/${name}`);
  }

  async #objectOf({ source, snapshot, tag }: Signed) {
    const { commit, reader } = snapshot;
    if (source.verify?.mode !== 'Tag') {
      return { kind: 'commit' as const, object: await reader.raw(commit), id: commit, what: `commit ${commit}` };
    }
    const { targetRevision } = source;
    if (tag === undefined) throw refused(`commit ${commit}: "${targetRevision}" is no annotated tag of it`);
    const what = `tag "${targetRevision}" of commit ${commit}`;
    return { kind: 'tag' as const, object: await reader.raw(tag), id: tag, what };
  }

  #remember(question: string): void {
    const [oldest] = this.#good;
    if (this.#good.size >= mostRemembered && oldest !== undefined) this.#good.delete(oldest);
    this.#good.add(question);
  }
}

/** A signature says nothing about a revision unless what is signed has its id. */
function idOf({ kind, object }: { kind: string; object: Uint8Array }, objectFormat: 'sha1' | 'sha256'): string {
  return createHash(objectFormat).update(`${kind} ${object.length}\0`).update(object).digest('hex');
}

function refused(message: string) {
  return sourceError('SignatureInvalid', message);
}
