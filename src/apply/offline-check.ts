import { checkAgainstSchema, flawErrors } from '../diff/diff.ts';
import { OperatorErrors } from '../model/errors.ts';
import type { OperatorError } from '../model/errors.ts';
import type { KindSchema } from '../model/kind-schema.ts';
import { schemaIn } from '../model/kind-schema.ts';
import { ApiError } from '../model/api-error.ts';
import type { ApplyContext } from './context.ts';
import type { Provided } from './definitions.ts';
import { operatorErrorOf } from './errors.ts';
import type { Write } from './settle.ts';

/**
 * Compares what cannot be tried out yet, because the same plan brings its namespace or its kind, with the schema of its
 * kind: that of the definition in the plan, else the one that the server publishes.
 */
export class OfflineCheck {
  readonly #context: ApplyContext;
  readonly #provided: Provided;
  /** By kind and version: one plan may have thousands of objects of one kind. */
  readonly #schemas = new Map<string, Promise<KindSchema | undefined>>();

  constructor(context: ApplyContext, provided: Provided) {
    this.#context = context;
    this.#provided = provided;
  }

  /** What is wrong with an object; undefined when nothing is, or when nobody has a schema to tell. */
  async errorOf({ ref, desired }: Write): Promise<OperatorError | undefined> {
    const { apiVersion, origin } = desired;
    try {
      const schema = await this.#schemaOf(ref.group, ref.kind, apiVersion);
      if (schema === undefined) return undefined;
      const body = desired.body();
      const [first, ...others] = flawErrors(checkAgainstSchema(body, schema), body, origin);
      return first === undefined || others.length === 0 ? first : new OperatorErrors([first, ...others]);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return operatorErrorOf(error, { step: 'preflight', ref, origin });
    }
  }

  #schemaOf(group: string, kind: string, apiVersion: string): Promise<KindSchema | undefined> {
    const key = `${apiVersion}/${kind}`;
    const known = this.#schemas.get(key);
    if (known !== undefined) return known;
    const definition = this.#provided.definition({ group, kind });
    const schema =
      definition === undefined
        ? this.#context.cluster.schemaOf({ group, kind }, apiVersion)
        : Promise.resolve(schemaIn(definition, apiVersion));
    this.#schemas.set(key, schema);
    return schema;
  }
}
