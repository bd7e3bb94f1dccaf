import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { linesOf } from '../../src/kube/lines.ts';
import { ApiError } from '../../src/model/api-error.ts';

async function read(chunks: readonly Buffer[], limit = 1_000_000): Promise<string[]> {
  const lines: string[] = [];
  for await (const batch of linesOf(Readable.from(chunks, { objectMode: true }), limit)) lines.push(...batch);
  return lines;
}

describe('lines of a stream', () => {
  test('are the same however the bytes are cut', async () => {
    const texts = fc.array(fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\n', '')));
    await fc.assert(
      fc.asyncProperty(texts, fc.integer({ min: 1, max: 7 }), async (lines, size) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
          bytes.subarray(i * size, (i + 1) * size),
        );
        // Halves of surrogate pairs cannot be encoded; compare what the encoding made of them.
        assert.deepEqual(await read(chunks), bytes.toString('utf8').split('\n').slice(0, -1));
      }),
    );
  });

  test('a rest without an end was cut and is dropped', async () => {
    assert.deepEqual(await read([Buffer.from('a\nb')]), ['a']);
  });

  test('a line beyond the limit is an error, however it comes', async () => {
    const chunks = Array.from({ length: 20 }, () => Buffer.alloc(100, 'x'));
    await assert.rejects(read(chunks, 1_000), (error) => error instanceof ApiError && error.kind === 'tooLarge');
  });

  test('a large line in many pieces costs time in proportion', async () => {
    const piece = Buffer.alloc(1_024, 'x');
    const chunks = [...Array.from({ length: 8_192 }, () => piece), Buffer.from('\n')];
    const [line] = await read(chunks, 16 * 1024 ** 2);
    assert.equal(line?.length, 8 * 1024 ** 2);
  });
});
