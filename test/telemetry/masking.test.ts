import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { JsonValue } from '../../src/model/json.ts';
import type { LogFields } from '../../src/model/telemetry.ts';
import { record } from './recorder.ts';

const secret = 'hunter2hunter2hunter2';

/** Everywhere that a secret can hide in what is reported. */
const hidingPlaces: Readonly<Record<string, LogFields>> = {
  password: { password: secret },
  'nested token': { request: { options: [{ bearerToken: secret }] } },
  authorization: { headers: { Authorization: `Basic ${secret}` } },
  cookie: { headers: { 'set-cookie': [secret] } },
  'data of a Secret': { object: { kind: 'Secret', data: { a: secret } } },
  'stringData of a Secret': { object: { kind: 'Secret', stringData: { a: secret } } },
  'last applied configuration': {
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': `{"stringData":{"a":"${secret}"}}` },
  },
  'private key': { tls: { privateKey: secret, clientSecret: secret, 'api-key': secret } },
  'URL with password': { remote: `https://me:${secret}@git.example.org/a.git` },
  'URL with token as user': { remote: `https://${secret}@git.example.org/a.git` },
  'URL with an @ in the password': { remote: `https://me:p@${secret}@git.example.org/a.git` },
  'URL with query token': { url: `https://example.org/?a=1&access_token=${secret}#x` },
  'header in text': { detail: `> Authorization: Basic ${secret}=` },
  'bearer in text': { detail: `curl -H 'bearer ${secret}'` },
};

describe('masking', () => {
  for (const [name, fields] of Object.entries(hidingPlaces)) {
    it(`hides ${name}`, () => {
      const { telemetry, lines } = record();
      telemetry.info(fields, 'said');
      assert.equal(lines.length, 1);
      assert.doesNotMatch(JSON.stringify(lines), new RegExp(secret));
    });
  }

  it('hides credentials in messages and in what events carry', () => {
    const { telemetry, lines } = record();
    const remote = `https://me:${secret}@git.example.org/a.git`;
    telemetry.warn({}, `cannot reach ${remote}`);
    telemetry.gitPoll({ remote, outcome: 'changed', durationMs: 1 });
    telemetry.connectionFailure({ target: 'git', name: remote, reason: 'GitUnavailable', message: remote, attempt: 1 });
    telemetry.transition({ key: 'a/b', what: 'ready', from: 'True', to: 'False', message: remote });
    assert.equal(lines.length, 4);
    assert.doesNotMatch(JSON.stringify(lines), new RegExp(secret));
    assert.equal(lines[0]?.message, 'cannot reach https://git.example.org/a.git');
  });

  it('leaves what is no secret', () => {
    const { telemetry, lines } = record();
    const fields = {
      target: 'lease',
      secretRef: 'git-credentials',
      url: 'https://git.example.org/a.git?ref=main',
      n: 3,
    };
    telemetry.info(fields, 'basic authentication failed: user@example.org');
    const message = 'basic authentication failed: user@example.org';
    assert.deepEqual(lines, [{ level: 'info', time: '2026-03-01T10:00:00.000Z', ...fields, message }]);
  });

  it('cuts what is too long or too deep for one line', () => {
    const { telemetry, lines } = record();
    let deep: JsonValue = { end: true };
    for (let i = 0; i < 100; i++) deep = { deep };
    telemetry.info({ deep, list: Array.from({ length: 1000 }, (_, i) => i), text: 'x'.repeat(1e6) }, 'y'.repeat(1e6));
    assert.ok(JSON.stringify(lines).length < 20_000);
  });

  it('writes valid JSON for all values, 64-bit integers included', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.oneof(fc.jsonValue(), fc.bigInt())), fc.string(), (fields, message) => {
        const { telemetry, lines } = record();
        telemetry.info(fields as LogFields, message);
        assert.equal(lines.length, 1);
      }),
      { numRuns: 50 },
    );
  });
});
