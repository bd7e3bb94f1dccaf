import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CachedReader, ObjectCache } from '../../../src/source/git/cached-reader.ts';
import { CorruptRepository, type CommitReader, type TreeEntry } from '../../../src/source/git/engine.ts';
import { writePointer } from '../../../src/source/git/lfs.ts';

/** Counts what is read, and breaks on demand. */
class CountedReader implements CommitReader {
  readonly asked: string[] = [];
  entries = 1;
  isBroken = false;

  async rootTree(commit: string): Promise<string> {
    return (await this.commit(commit)).tree;
  }

  commit(oid: string) {
    this.asked.push(oid);
    return Promise.resolve({ tree: 't', author: '', date: '', subject: '' });
  }

  tree(oid: string): Promise<TreeEntry[]> {
    this.asked.push(oid);
    if (this.isBroken) return Promise.reject(new CorruptRepository('broken'));
    return Promise.resolve(Array.from({ length: this.entries }, (_, i) => ({ name: `${i}`, kind: 'file', oid: 'x' })));
  }

  blob(): Promise<Uint8Array> {
    return Promise.resolve(Buffer.from(writePointer({ oid: 'c'.repeat(64), size: 3 })));
  }

  raw(): Promise<Uint8Array> {
    return Promise.resolve(Buffer.alloc(0));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

const readerOf = (counted: CountedReader, cache: ObjectCache) =>
  new CachedReader(counted, { cache, largeFile: ({ size }, path) => Promise.resolve(Buffer.from(`${path} ${size}`)) });

test('a thousand that walk one commit read each folder once', async () => {
  const counted = new CountedReader();
  const cache = new ObjectCache();
  const readers = Array.from({ length: 1_000 }, () => readerOf(counted, cache));
  await Promise.all(readers.map((reader) => reader.tree('root')));
  await Promise.all(readers.map((reader) => reader.rootTree('commit')));
  assert.deepEqual(counted.asked, ['root', 'commit']);
});

test('the least recently used goes when there is much', async () => {
  const counted = new CountedReader();
  counted.entries = 90_000;
  const reader = readerOf(counted, new ObjectCache());
  for (const oid of ['a', 'b', 'a', 'c', 'a', 'b']) await reader.tree(oid);
  assert.deepEqual(counted.asked, ['a', 'b', 'c', 'b']);
});

test('what failed is asked again, and damage is remembered', async () => {
  const counted = new CountedReader();
  counted.isBroken = true;
  const reader = readerOf(counted, new ObjectCache());
  await assert.rejects(reader.tree('a'), CorruptRepository);
  assert.equal(reader.isDamaged, true);
  counted.isBroken = false;
  assert.equal((await reader.tree('a')).length, 1);
});

test('content takes the place of a pointer', async () => {
  const reader = readerOf(new CountedReader(), new ObjectCache());
  assert.equal(Buffer.from(await reader.blob('x', 'big.yaml')).toString(), 'big.yaml 3');
});
