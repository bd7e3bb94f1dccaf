import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';

const page = await readFile('docs/compatibility.md', 'utf8');

/** The first and the last cell of each line of its tables that names files. */
const rows = page.split('\n').flatMap((line) => {
  const [first = '', ...others] = line.split('|').slice(1, -1);
  const files = [...(others.at(-1) ?? '').matchAll(/`([^`]+)`/g)].map(([, file]) => file ?? '');
  return files.length === 0 ? [] : [{ first: first.trim(), files }];
});

const numbered = rows.filter(({ first }) => /^\d+$/.test(first));

describe('docs/compatibility.md', () => {
  test('has every behaviour once', () => {
    const all = Array.from({ length: 62 }, (_, index) => String(index + 1));
    assert.deepEqual(
      numbered.map(({ first }) => first),
      all,
    );
  });

  test('names tests of these numbers', async () => {
    for (const { first, files } of numbered)
      for (const file of files) {
        const text = await readFile(`test/cluster/${file}.test.ts`, 'utf8');
        assert.match(text, new RegExp(`['"\`; ]${first}\\.[, ]`), `${file} has no test of ${first}`);
      }
  });

  test('names files that are there', async () => {
    for (const { files } of rows.filter((row) => !numbered.includes(row)))
      for (const file of files)
        await readFile(`test/cluster/${file}${file.startsWith('apply/') ? '' : '.test'}.ts`, 'utf8');
  });
});
