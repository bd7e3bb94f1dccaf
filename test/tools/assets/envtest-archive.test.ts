import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { fetchEnvtestArchive } from '../../../tools/assets/envtest-archive.ts';

const PLATFORM = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;
const ARCHIVE = gzipSync(
  Buffer.concat([
    tarEntry('controller-tools/envtest/', '', '5'),
    tarEntry('controller-tools/envtest/etcd', 'e'.repeat(700)),
    tarEntry('controller-tools/envtest/LICENSE', 'words'),
    tarEntry('controller-tools/envtest/kube-apiserver', 'a'.repeat(512)),
    tarEntry('controller-tools/envtest/kubectl', '#!/bin/sh\n'),
    Buffer.alloc(1024),
  ]),
);
const sha512 = (bytes: Buffer) => createHash('sha512').update(bytes).digest('hex');
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

interface Case {
  name: string;
  version?: string;
  hash?: string;
  archive: RequestListener;
  /** What the error says; the binaries are expected when left out. */
  refusal?: RegExp;
}

const serve =
  (bytes: Buffer): RequestListener =>
  (_, response) =>
    response.end(bytes);

const cases: Case[] = [
  { name: 'a good archive', archive: serve(ARCHIVE) },
  { name: 'a newer patch is absent, an older one is taken', version: 'v1.36.0', archive: serve(ARCHIVE) },
  { name: 'a SHA-256 checksum', hash: sha256(ARCHIVE), archive: serve(ARCHIVE) },
  { name: 'another minor version only', version: 'v1.35.9', archive: serve(ARCHIVE), refusal: /no v1\.36\.x/ },
  { name: 'a wrong checksum', hash: 'f'.repeat(128), archive: serve(ARCHIVE), refusal: /wrong checksum/ },
  { name: 'a 404', archive: (_, response) => response.writeHead(404).end('gone'), refusal: /answers 404/ },
  {
    name: 'a download that stalls',
    archive: (_, response) => void response.writeHead(200).write(ARCHIVE.subarray(0, 20)),
    refusal: /terminated|timeout|aborted/i,
  },
  { name: 'a cut archive', hash: sha512(cut(ARCHIVE)), archive: serve(cut(ARCHIVE)), refusal: /end/ },
];

for (const { name, version = 'v1.36.3', hash = sha512(ARCHIVE), archive, refusal } of cases) {
  test(`envtest archive: ${name}`, async () => {
    const cache = await mkdtemp(path.join(tmpdir(), 'evenkeel-archive-'));
    const server = createServer((request, response) => {
      const address = `http://${request.headers.host ?? ''}/archive`;
      if (request.url === '/archive') archive(request, response);
      else response.end(indexOf(version, hash, address));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const bound = server.address();
    assert(bound !== null && typeof bound === 'object');
    const env = { EVENKEEL_ENVTEST_INDEX: `http://127.0.0.1:${bound.port}/index.yaml` };
    const folder = path.join(cache, 'envtest');
    try {
      const fetched = fetchEnvtestArchive(folder, { env, say: () => undefined, stallMs: 1_000 });
      if (refusal !== undefined) {
        await assert.rejects(fetched, (error: Error) => refusal.test(`${error.message} ${String(error.cause)}`));
        assert.deepEqual(await readdir(cache), []);
        return;
      }
      await fetched;
      assert.deepEqual((await readdir(folder)).sort(), ['etcd', 'kube-apiserver', 'kubectl']);
      assert.equal(await readFile(path.join(folder, 'etcd'), 'utf8'), 'e'.repeat(700));
      assert.deepEqual(await readdir(cache), ['envtest']);
    } finally {
      server.closeAllConnections();
      server.close();
      await rm(cache, { recursive: true, force: true });
    }
  });
}

function indexOf(version: string, hash: string, address: string): string {
  const file = `envtest-${version}-${PLATFORM}.tar.gz`;
  return `releases:\n  ${version}:\n    ${file}:\n      hash: ${hash}\n      selfLink: ${address}\n`;
}

function cut(archive: Buffer): Buffer {
  return archive.subarray(0, archive.length - 30);
}

function tarEntry(name: string, content: string, type = '0'): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0, 'latin1');
  header.write('0000755\0', 100, 'latin1');
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  header.write(type, 156, 'latin1');
  header.write('ustar\0', 257, 'latin1');
  const body = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  body.write(content, 'latin1');
  return Buffer.concat([header, body]);
}
