import { open } from 'node:fs/promises';

/** One request that the API server has answered, or a watch that it has accepted. */
export interface AuditRequest {
  readonly user: string;
  /** The verb of RBAC: get, list, watch, create, update, patch, delete, deletecollection; of a path without resource the method in small letters. */
  readonly verb: string;
  readonly method: string;
  /** Path with query. */
  readonly uri: string;
  /** Plural, empty for paths that name no resource (`/version`, discovery). */
  readonly resource: string;
  readonly group: string;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
  readonly code: number;
  /** When the server received it, milliseconds since the epoch. */
  readonly at: number;
  readonly userAgent: string;
}

interface AuditEvent {
  auditID: string;
  stage: string;
  verb: string;
  requestURI: string;
  user: { username?: string };
  userAgent?: string;
  objectRef?: { resource?: string; apiGroup?: string; namespace?: string; name?: string; subresource?: string };
  responseStatus?: { code?: number };
  requestReceivedTimestamp: string;
}

/** Every request of every user but the server's own loopback client, which is noise. */
export const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'None', users: ['system:apiserver'] }, { level: 'Metadata' }],
};

const METHODS: Record<string, string> = {
  list: 'GET',
  watch: 'GET',
  create: 'POST',
  update: 'PUT',
  deletecollection: 'DELETE',
};

/** Follows the audit log of one API server, also across its restarts. */
export class AuditLog {
  readonly #file: string;
  #position = 0;
  #rest = Buffer.alloc(0);
  /** A watch is logged when it starts and when it ends; it is one request. */
  readonly #seen = new Set<string>();
  #requests: AuditRequest[] = [];
  #turn: Promise<void> = Promise.resolve();

  constructor(file: string) {
    this.#file = file;
  }

  get requests(): readonly AuditRequest[] {
    return this.#requests;
  }

  /** Reads what was appended since the last call. Calls take turns: each begins where the one before has ended. */
  async read(): Promise<void> {
    const turn = this.#turn.then(() => this.#readOn());
    this.#turn = turn.catch(() => undefined);
    await turn;
  }

  async #readOn(): Promise<void> {
    await using file = await open(this.#file, 'r').catch(() => undefined);
    if (file === undefined) return;
    const { size } = await file.stat();
    if (size <= this.#position) return;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - this.#position), 0, undefined, this.#position);
    this.#position += bytesRead;
    this.#take(Buffer.concat([this.#rest, buffer.subarray(0, bytesRead)]));
  }

  /** Removes the request with this path and query; false when it has not been logged yet. */
  take(uri: string): boolean {
    const index = this.#requests.findLastIndex((request) => request.uri === uri);
    if (index >= 0) this.#requests.splice(index, 1);
    return index >= 0;
  }

  forget(): void {
    this.#requests = [];
  }

  #take(bytes: Buffer): void {
    const end = bytes.lastIndexOf('\n') + 1;
    this.#rest = Buffer.from(bytes.subarray(end));
    for (const line of bytes.toString('utf8', 0, end).split('\n')) {
      if (line === '') continue;
      const event = JSON.parse(line) as AuditEvent;
      if (this.#seen.has(event.auditID)) continue;
      this.#seen.add(event.auditID);
      this.#requests.push(requestOf(event));
    }
  }
}

function requestOf(event: AuditEvent): AuditRequest {
  return {
    ...objectOf(event),
    user: event.user.username ?? '',
    verb: event.verb,
    method: METHODS[event.verb] ?? event.verb.toUpperCase(),
    uri: event.requestURI,
    code: event.responseStatus?.code ?? 0,
    at: Date.parse(event.requestReceivedTimestamp),
    userAgent: event.userAgent ?? '',
  };
}

function objectOf({
  objectRef = {},
}: AuditEvent): Pick<AuditRequest, 'group' | 'resource' | 'namespace' | 'name' | 'subresource'> {
  const { apiGroup: group = '', resource = '', namespace = '', name = '', subresource = '' } = objectRef;
  return { group, resource, namespace, name, subresource };
}
