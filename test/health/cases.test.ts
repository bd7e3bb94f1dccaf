import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { load } from 'js-yaml';
import { assessHealth } from '../../src/health/health.ts';
import type { Health } from '../../src/model/health.ts';
import type { KubeObject } from '../../src/model/object.ts';

/** `cases/<kind>-<verdict>[-<why>].yaml`: a live object and what is to be said about it. */
interface HealthCase {
  readonly expect: Health;
  readonly object: KubeObject;
}

const folder = new URL('cases/', import.meta.url);

describe('health cases', () => {
  for (const file of readdirSync(folder).sort()) {
    it(file.replace('.yaml', ''), () => {
      const { expect, object } = load(readFileSync(new URL(file, folder), 'utf8')) as HealthCase;
      assert.deepEqual(assessHealth(object), expect);
      assert.ok(file.includes(`-${expect.status.toLowerCase()}`), 'the file is named after its verdict');
    });
  }
});
