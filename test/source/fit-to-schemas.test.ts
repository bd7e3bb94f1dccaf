import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { withoutUnknownFields } from '../../src/diff/diff.ts';
import { ApiError } from '../../src/model/api-error.ts';
import { OperatorError } from '../../src/model/errors.ts';
import { installationNamed } from '../../src/model/installation.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { KindSchemas } from '../../src/model/kind-schema.ts';
import { fitToSchemas } from '../../src/source/fit-to-schemas.ts';
import { applicationNamed } from '../apply/application.ts';
import { definition, widget } from '../apply/objects.ts';
import { publishedSchema } from '../fakes/published-schemas.ts';

const origin = { file: 'a.yaml', document: 1, line: 1 };
const installation = installationNamed('');
const published: KindSchemas = {
  schemaOf: (kind, apiVersion) => Promise.resolve(publishedSchema(kind, apiVersion, [])),
};

function map(options?: string): JsonObject {
  const annotations = options === undefined ? {} : { annotations: { 'evenkeel.dev/sync-options': options } };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', ...annotations }, data: { a: 'b' }, dta: {} };
}

async function dropped(objects: readonly JsonObject[], validate = true, schemas = published): Promise<JsonObject[]> {
  const app = applicationNamed('shop');
  const spec = { ...app.spec, syncOptions: { ...app.spec.syncOptions, validate } };
  const context = { app: { ...app, spec }, installation, leniency: { schemas, withoutUnknownFields } };
  const sources = await fitToSchemas([objects.map((object) => ({ object, origin }))], context);
  return sources.flat().map(({ object }) => object);
}

async function schemasFor(objects: readonly JsonObject[], schemas = published): Promise<boolean[]> {
  const context = { app: applicationNamed('shop'), installation, leniency: { schemas, withoutUnknownFields } };
  const sources = await fitToSchemas([objects.map((object) => ({ object, origin }))], context);
  return sources.flat().map(({ schema }) => schema !== undefined);
}

describe('nulls', () => {
  const size = { size: { type: 'integer', nullable: true } };

  test('of a kind that somebody defined are judged by its schema', async () => {
    const one = widget('example.com', 'shop', { size: null });
    const other = widget('example.com', 'shop', { size: 1 });
    assert.deepEqual(await schemasFor([definition('example.com', size), one, other]), [false, true, false]);
  });

  test('are asked about for no kind of Kubernetes, and not in metadata', async () => {
    const unasked: KindSchemas = { schemaOf: () => assert.fail('nobody is asked') };
    const one = widget('example.com', 'shop', { size: 1 });
    const metadata = { ...(one.metadata as JsonObject), creationTimestamp: null };
    assert.deepEqual(
      await schemasFor(
        [
          { ...map(), data: null },
          { ...one, metadata },
        ],
        unasked,
      ),
      [false, false],
    );
  });
});

describe('Validate=false', () => {
  test('on the object: what its schema lacks is left out', async () => {
    const [lenient, strict] = await dropped([map('Validate=false'), map()]);
    assert.deepEqual([lenient?.['dta'], lenient?.['data'], strict?.['dta']], [undefined, { a: 'b' }, {}]);
  });

  test('on the Application: of all objects that do not say otherwise', async () => {
    const [lenient, strict] = await dropped([map(), map('Validate=true')], false);
    assert.deepEqual([lenient?.['dta'], strict?.['dta']], [undefined, {}]);
  });

  test('goes by the definition in the same source', async () => {
    const one = widget('example.com', 'shop', { size: 1, colour: 'red' });
    const [, found] = await dropped([definition('example.com', { size: { type: 'integer' } }), one], false);
    assert.deepEqual(found?.['spec'], { size: 1 });
  });

  test('leaves alone what nobody has a schema for', async () => {
    const one = widget('nowhere.example.com', 'shop', { colour: 'red' });
    assert.deepEqual(await dropped([one], false), [one]);
  });

  test('waits for a server that does not answer', async () => {
    const schemaOf = () => Promise.reject(new ApiError('no answer', { kind: 'unavailable', status: 0 }));
    await assert.rejects(dropped([map()], false, { schemaOf }), (error) => {
      return error instanceof OperatorError && error.reason === 'ApiServerError' && error.retry === 'backoff';
    });
  });
});
