import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { OperatorError } from '../../../src/model/errors.ts';
import { inspectPack } from '../../../src/source/git/embedded/inspect-pack.ts';
import { defaultLimits } from '../../../src/source/limits.ts';

interface Entry {
  readonly type: 'blob' | 'delta';
  readonly data: Buffer;
  /** What the header says; the truth when left out. */
  readonly size?: number;
}

const types = { blob: 3, delta: 7 };

function entry({ type, data, size = data.length }: Entry): Buffer {
  const header = [(types[type] << 4) | (size & 15)];
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    header[header.length - 1] = (header.at(-1) ?? 0) | 0x80;
    header.push(rest & 0x7f);
  }
  return Buffer.concat([Buffer.from(header), Buffer.alloc(type === 'delta' ? 20 : 0), deflateSync(data)]);
}

function pack(entries: readonly Entry[], count = entries.length): Buffer {
  const head = Buffer.alloc(12);
  head.write('PACK');
  head.writeUInt32BE(2, 4);
  head.writeUInt32BE(count, 8);
  const content = Buffer.concat([head, ...entries.map(entry)]);
  return Buffer.concat([content, createHash('sha1').update(content).digest()]);
}

function varint(size: number): number[] {
  const bytes = [size & 0x7f];
  for (let rest = Math.floor(size / 128); rest > 0; rest = Math.floor(rest / 128)) {
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 0x80;
    bytes.push(rest & 0x7f);
  }
  return bytes;
}

const small = { ...defaultLimits, blobBytes: 1_000_000, unpackedBytes: 3_000_000, gitObjects: 10 };
const inspect = (bytes: Buffer) => inspectPack(bytes, 'https://git.example/r', small);

function refused(bytes: Buffer, message: RegExp): void {
  const start = performance.now();
  assert.throws(
    () => inspect(bytes),
    (error) => error instanceof OperatorError && message.test(error.message),
  );
  assert.ok(performance.now() - start < 5_000);
}

test('an honest pack', () => {
  const delta = Buffer.from([...varint(500), ...varint(700_000), 0x90, 1]);
  const facts = inspect(
    pack([
      { type: 'blob', data: Buffer.alloc(500) },
      { type: 'delta', data: delta },
    ]),
  );
  assert.deepEqual(facts, { objects: 2, unpackedBytes: 500 + delta.length + 700_000 });
});

test('an object that says it is larger than a limit', () => {
  refused(pack([{ type: 'blob', data: Buffer.alloc(10), size: 2_000_000 }]), /limit blobBytes/);
  refused(pack([{ type: 'blob', data: Buffer.alloc(10), size: 2 ** 50 }]), /limit blobBytes/);
});

test('one that is larger or smaller than it says', () => {
  refused(pack([{ type: 'blob', data: Buffer.alloc(200_000_000), size: 100 }]), /larger than it says/);
  refused(pack([{ type: 'blob', data: Buffer.alloc(10), size: 100 }]), /smaller than it says/);
});

test('many that are small enough, and a delta that is not', () => {
  refused(
    pack(Array.from({ length: 4 }, () => ({ type: 'blob', data: Buffer.alloc(900_000) }))),
    /limit unpackedBytes/,
  );
  const delta = Buffer.from([...varint(500), ...varint(2 ** 40), 0x90, 1]);
  refused(pack([{ type: 'delta', data: delta }]), /limit blobBytes/);
});

test('too many, or fewer than it says', () => {
  refused(pack([], 11), /11 files and folders exceeds the limit gitObjects of 10/);
  refused(pack([{ type: 'blob', data: Buffer.alloc(10) }], 2), /damaged/);
});

test('cut, changed, or none at all', () => {
  const good = pack([{ type: 'blob', data: Buffer.alloc(10) }]);
  refused(good.subarray(0, -5), /cut or damaged/);
  const changed = Buffer.from(good);
  changed[15] = (changed[15] ?? 0) ^ 1;
  refused(changed, /cut or damaged/);
  refused(Buffer.from('<html>not found</html>, and some more words'), /no pack/);
});
