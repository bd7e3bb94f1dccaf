import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { OperatorError } from '../../../src/model/errors.ts';
import { CorruptRepository } from '../../../src/source/git/engine.ts';
import { readPointer, writePointer } from '../../../src/source/git/lfs.ts';
import { parseCommit, parseTree } from '../../../src/source/git/objects.ts';

const id = Buffer.alloc(20, 0xab);
const entry = (mode: string, name: string): Buffer => Buffer.concat([Buffer.from(`${mode} ${name}\0`), id]);

describe('trees', () => {
  test('kinds, whatever the zeros in front of a mode', () => {
    const bytes = Buffer.concat([
      entry('100644', 'a'),
      entry('100755', 'b'),
      entry('40000', 'c'),
      entry('040000', 'd'),
      entry('120000', 'e'),
      entry('160000', 'ü'),
    ]);
    const found = parseTree(bytes, 20).map(({ name, kind, oid }) => `${name} ${kind} ${oid.slice(0, 2)}`);
    const expected = ['a file', 'b file', 'c folder', 'd folder', 'e link', 'ü submodule'];
    assert.deepEqual(
      found,
      expected.map((text) => `${text} ab`),
    );
  });

  for (const name of ['', '.', '..', 'a/b', 'a\\b', '.git', '.GIT', '.git.', 'git~1', '.g\u200cit', '.git::$INDEX']) {
    test(`the name ${JSON.stringify(name)} is refused`, () => {
      assert.throws(
        () => parseTree(entry('100644', name), 20),
        (error) => error instanceof OperatorError && error.reason === 'InvalidObject',
      );
    });
  }

  test('one that is cut is damaged', () => {
    const bytes = entry('100644', 'a');
    for (const length of [3, 8, bytes.length - 1]) {
      assert.throws(() => parseTree(bytes.subarray(0, length), 20), CorruptRepository);
    }
  });
});

describe('commits', () => {
  const commit = (author: string, committer: string, rest: string): Buffer =>
    Buffer.from(`tree ${'a'.repeat(40)}\nauthor ${author}\ncommitter ${committer}\n${rest}`);

  test('author, date with its zone, first line', () => {
    const ann = 'Ann Ö <ann@example.invalid> 1700000000 +0100';
    const joe = 'Joe <joe@example.invalid> 1700000000 -0330';
    assert.deepEqual(parseCommit(commit(ann, joe, 'gpgsig x\n  y\n\nsubject line\n\nbody')), {
      tree: 'a'.repeat(40),
      author: 'Ann Ö <ann@example.invalid>',
      date: '2023-11-14T18:43:20-03:30',
      subject: 'subject line',
    });
  });

  test('without a message, and with a date that no calendar has', () => {
    const about = parseCommit(commit('A <a> 0 +0000', 'A <a> 99999999999999999 +0000', ''));
    assert.deepEqual([about.subject, about.date], ['', '']);
    assert.equal(parseCommit(commit('A <a> 0 +0000', 'A <a> 0 +0000', '\n')).date, '1970-01-01T00:00:00Z');
  });

  test('what is none is damaged', () => {
    assert.throws(() => parseCommit(Buffer.from('noise')), CorruptRepository);
  });
});

test('Git LFS pointers', () => {
  const file = { oid: 'b'.repeat(64), size: 12 };
  assert.deepEqual(readPointer(Buffer.from(writePointer(file))), file);
  for (const text of [
    '',
    'apiVersion: v1',
    writePointer(file).replace('size 12', ''),
    writePointer(file) + ' '.repeat(1_024),
  ]) {
    assert.equal(readPointer(Buffer.from(text)), undefined);
  }
});
