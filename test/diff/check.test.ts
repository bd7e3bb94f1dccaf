import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkObject } from '../../src/diff/diff.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { casesIn } from './cases.ts';

interface Case {
  readonly name: string;
  readonly object: KubeObject;
  readonly errors: readonly string[];
}

describe('checkObject', () => {
  for (const { name, object, errors } of casesIn('check/objects.yaml') as readonly Case[]) {
    it(name, () => {
      const found = checkObject(object);
      const messages = found.map(({ message }) => message.slice(message.indexOf(': ') + 2));
      assert.deepEqual(messages.toSorted(), errors.toSorted());
      assert.ok(
        found.every(({ reason, retry, step }) => reason === 'InvalidObject' && retry === 'interval' && step === 'plan'),
      );
    });
  }

  it('names origin and object', () => {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'shop' }, data: { n: 1 } };
    const [error] = checkObject(object, { file: 'a/b.yaml', document: 2, line: 14 });
    assert.match(error?.message ?? '', /^a\/b\.yaml:document 2:line 14: ConfigMap shop\/a: data\.n: expected text/);
  });

  it('refuses more than a ConfigMap holds', () => {
    const data = { a: 'x'.repeat(600_000), b: 'ü'.repeat(300_000) };
    const [error] = checkObject({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data });
    assert.match(error?.message ?? '', /data: it holds 1200000 bytes; the API server takes at most 1048576/);
  });

  it('counts what a Secret holds decoded', () => {
    const secret = (bytes: number): KubeObject => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'a' },
      data: { a: Buffer.alloc(bytes).toString('base64') },
    });
    assert.deepEqual(checkObject(secret(1024 * 1024)), []);
    assert.equal(checkObject(secret(1024 * 1024 + 1)).length, 1);
  });

  it('refuses more than a request holds', () => {
    const spec = { text: 'x'.repeat(3 * 1024 * 1024) };
    const [error] = checkObject({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'a' }, spec });
    assert.match(error?.message ?? '', /bytes as JSON; the API server takes at most 3145728/);
  });
});
