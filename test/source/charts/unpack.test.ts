import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { pack, type Header } from 'tar-stream';
import { unpackChart } from '../../../src/source/charts/unpack.ts';
import { defaultLimits } from '../../../src/source/limits.ts';

type Entry = readonly [header: Partial<Header> & Pick<Header, 'name'>, content?: string | Buffer];

async function archiveOf(entries: readonly Entry[]): Promise<Buffer> {
  const archive = pack();
  for (const [header, content = ''] of entries) archive.entry(header, content);
  archive.finalize();
  return gzipSync(await buffer(archive));
}

const chart: Entry = [{ name: 'shop/Chart.yaml' }, 'name: shop\n'];
const unpack = (archive: Uint8Array, change: Partial<typeof defaultLimits> = {}) =>
  unpackChart('shop 1.0.0', archive, { ...defaultLimits, ...change });

test('unpack: files by their path in the chart, folders with what is in them', async () => {
  const long = `shop/${'deep/'.repeat(40)}file.txt`;
  const files = await unpack(
    await archiveOf([[{ name: 'shop/', type: 'directory' }], chart, [{ name: long }, 'text']]),
  );
  assert.deepEqual([...files.keys()], ['Chart.yaml', long.slice('shop/'.length)]);
  assert.equal(files.get('Chart.yaml')?.toString(), 'name: shop\n');
});

const hostile: readonly (readonly [what: string, entry: Entry, message: RegExp])[] = [
  ['a path that goes up', [{ name: 'shop/../../etc/passwd' }, 'x'], /a path that leaves it/],
  ['an absolute path', [{ name: '/etc/passwd' }, 'x'], /a path that leaves it/],
  ['a drive', [{ name: 'C:/shop/passwd' }, 'x'], /a path that leaves it/],
  ['a backslash', [{ name: 'shop\\..\\passwd' }, 'x'], /a path that leaves it/],
  ['a line break in a name', [{ name: 'shop/a\nb' }, 'x'], /a path that leaves it/],
  ['a symbolic link', [{ name: 'shop/link', type: 'symlink', linkname: '/etc/passwd' }], /a symlink, which is refused/],
  ['a hard link', [{ name: 'shop/link', type: 'link', linkname: 'shop/Chart.yaml' }], /a link, which is refused/],
  ['a device', [{ name: 'shop/null', type: 'character-device' }], /a character-device, which is refused/],
  ['a file outside its folder', [{ name: 'README.md' }, 'x'], /outside the chart's folder/],
];

for (const [what, entry, message] of hostile) {
  test(`unpack: ${what} is refused`, async () => {
    await assert.rejects(unpack(await archiveOf([chart, entry])), { reason: 'InvalidObject', message });
  });
}

test('unpack: a bomb is stopped at the limit, not after it', async () => {
  const bomb = await archiveOf([chart, [{ name: 'shop/zeros' }, Buffer.alloc(100 * 1024 ** 2)]]);
  assert.ok(bomb.length < 200_000);
  // Its end is missing: who inflates it as a whole finds that out.
  await assert.rejects(unpack(bomb.subarray(0, -10), { chartUnpackedBytes: 64 * 1024 }), {
    reason: 'LimitExceeded',
    message: /chartUnpackedBytes/,
  });
});

test('unpack: too many files, no chart, and noise are errors', async () => {
  const many = Array.from({ length: 50 }, (_, i): Entry => [{ name: `shop/${i}` }]);
  await assert.rejects(unpack(await archiveOf(many), { renderFiles: 20 }), {
    reason: 'LimitExceeded',
    message: /renderFiles/,
  });
  await assert.rejects(unpack(await archiveOf([[{ name: 'shop/values.yaml' }, 'x']])), {
    reason: 'InvalidObject',
    message: /has no Chart\.yaml/,
  });
  await assert.rejects(unpack(Buffer.from('<html>')), { reason: 'InvalidObject', message: /is no readable archive/ });
  const whole = await archiveOf([chart, [{ name: 'shop/values.yaml' }, 'x'.repeat(100_000)]]);
  await assert.rejects(unpack(whole.subarray(0, whole.length / 2)), {
    reason: 'InvalidObject',
    message: /is no readable archive/,
  });
});
