import type { ApiClient } from './client.ts';
import { ApiError } from '../model/api-error.ts';
import type { JsonObject } from '../model/json.ts';
import { arrayAt, isJsonObject, objectAt, stringAt } from '../model/json.ts';
import type { KindSchema, KindSchemas } from '../model/kind-schema.ts';
import type { GroupKind } from '../model/object.ts';
import { versionOf } from '../model/object.ts';

/** A document of a group-version is a megabyte at most, and few are needed at a time. */
const mostDocuments = 8;

const headers = { accept: 'application/json' };

/**
 * The schemas that the server publishes by OpenAPI v3.
 *
 * Guarantees: nothing is read before it is asked for; a document is read once for each state of it, for its address
 * has the hash of its content.
 */
export class PublishedSchemas implements KindSchemas {
  readonly #client: Pick<ApiClient, 'call'>;
  /** `components.schemas` by address, the least recently used first. */
  readonly #documents = new Map<string, Promise<JsonObject>>();

  constructor(client: Pick<ApiClient, 'call'>) {
    this.#client = client;
  }

  async schemaOf(kind: GroupKind, apiVersion: string): Promise<KindSchema | undefined> {
    try {
      const index = await this.#read('/openapi/v3');
      const path = `${apiVersion.includes('/') ? 'apis' : 'api'}/${apiVersion}`;
      const address = stringAt(objectAt(objectAt(index, 'paths'), path), 'serverRelativeURL');
      return address === undefined ? undefined : schemaFor(kind, apiVersion, await this.#document(address));
    } catch (error) {
      if (error instanceof ApiError && unavailing.has(error.kind)) return undefined;
      throw error;
    }
  }

  #document(address: string): Promise<JsonObject> {
    const known = this.#documents.get(address);
    const document = known ?? this.#read(address).then((body) => objectAt(objectAt(body, 'components'), 'schemas'));
    this.#documents.delete(address);
    this.#documents.set(address, document);
    if (known === undefined) document.catch(() => this.#documents.delete(address));
    const [oldest] = this.#documents.keys();
    if (oldest !== undefined && this.#documents.size > mostDocuments) this.#documents.delete(oldest);
    return document;
  }

  async #read(path: string): Promise<JsonObject> {
    const { body } = await this.#client.call({ verb: 'discovery', method: 'GET', path, headers });
    return isJsonObject(body) ? body : {};
  }
}

/** Answers that stay the same when the question is repeated: there is no such document, or it is not for us. */
const unavailing: ReadonlySet<ApiError['kind']> = new Set(['forbidden', 'notFound', 'notServed']);

function schemaFor(wanted: GroupKind, apiVersion: string, definitions: JsonObject): KindSchema | undefined {
  const isWanted = (schema: JsonObject): boolean =>
    arrayAt(schema, 'x-kubernetes-group-version-kind').some(
      (named) =>
        stringAt(named, 'kind') === wanted.kind &&
        stringAt(named, 'group') === wanted.group &&
        stringAt(named, 'version') === versionOf(apiVersion),
    );
  const schema = Object.values(definitions).filter(isJsonObject).find(isWanted);
  return schema === undefined ? undefined : { schema, definitions };
}
