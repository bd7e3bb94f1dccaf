import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { maskLogLine } from '../../src/telemetry/telemetry.ts';

const rows: readonly (readonly [line: string, shown: string])[] = [
  ['panic: no route to database', 'panic: no route to database'],
  ['password=hunter2 user=jo', 'password=[masked] user=jo'],
  ['{"apiKey": "hunter2", "level": "error"}', '{"apiKey": [masked], "level": "error"}'],
  ["DB_PASSWORD: 'hun ter2'; retry", 'DB_PASSWORD: [masked]; retry'],
  ['access_token=hunter2&x=1', 'access_token=[masked]&x=1'],
  ['dial postgres://app:hunter2@db:5432/shop', 'dial postgres://db:5432/shop'],
  ['Authorization: Basic aHVudGVyMg==', 'Authorization: Basic [masked]'],
  ['\u001b[31mERROR\u001b[0m it broke', 'ERROR it broke'],
  ['tokens per second: 12', 'tokens per second: 12'],
];

describe('lines of logs of others', () => {
  for (const [line, shown] of rows) it(shown, () => assert.equal(maskLogLine(line), shown));

  it('are cut to 200 characters, after they were masked', () => {
    const line = maskLogLine(`${'x'.repeat(190)} password=${'hunter2'.repeat(10)}`);
    assert.ok(line.length <= 200);
    assert.doesNotMatch(line, /hunter/);
  });
});
