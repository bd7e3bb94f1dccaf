import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApplicationStatus } from '../../src/model/application.ts';
import type { StatusResource } from '../../src/model/status-schema.ts';
import { applicationStatusSchema } from '../../src/model/status-schema.ts';

/** A field that the schema lacks is dropped by the API server in silence: this does not compile when there is one. */
const undeclared: Record<Exclude<keyof ApplicationStatus, keyof StatusResource>, never> = {};

test('every field of a status is declared in the schema', () => {
  assert.deepEqual(Object.keys(undeclared), []);
  assert.ok('applied' in applicationStatusSchema.properties);
});
