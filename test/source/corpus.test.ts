import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeFile } from '../../src/source/decode.ts';

const manifests = join(process.env['EVENKEEL_CORPUS'] ?? '', 'kube-prometheus/manifests');
const skip = process.env['EVENKEEL_CORPUS'] === undefined ? 'EVENKEEL_CORPUS is not set' : false;

test('corpus: every manifest of kube-prometheus is read', { skip }, () => {
  assert.ok(existsSync(manifests), `${manifests} is not there`);
  let objects = 0;
  for (const file of readdirSync(manifests, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.yaml')) continue;
    const decoded = decodeFile(file, readFileSync(join(manifests, file)));
    assert.equal(decoded.skippedDocuments, 0, file);
    objects += decoded.objects.length;
  }
  assert.equal(objects, 131);
});
