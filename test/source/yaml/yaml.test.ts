import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson, decodeJson, encodeJson, type JsonValue } from '../../../src/model/json.ts';
import { readYaml, YamlSyntaxError } from '../../../src/source/yaml/yaml.ts';

function failure(text: string): YamlSyntaxError {
  try {
    readYaml(text);
  } catch (error) {
    assert.ok(error instanceof YamlSyntaxError);
    return error;
  }
  return assert.fail(`accepted: ${text}`);
}

const laughs = [
  'a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]',
  ...Array.from('bcdefghi').map(
    (name, i) =>
      `${name}: &${name} [${Array<string>(9)
        .fill(`*${'abcdefgh'.charAt(i)}`)
        .join(', ')}]`,
  ),
].join('\n');

describe('budgets', () => {
  test('aliases that mean billions', () => {
    const start = performance.now();
    assert.match(failure(laughs).message, /aliases repeat more than/);
    assert.ok(performance.now() - start < 500, 'ten times what it may take');
  });

  test('an anchor inside itself', () => assert.match(failure('a: &a\n  b: *a\n').message, /contains itself/));

  test('100,000 levels of brackets', () => assert.match(failure('['.repeat(100_000)).message, /depth|deep/i));

  test('levels behind aliases', () => {
    const lines = Array.from({ length: 300 }, (_, i) => `k${i}: &k${i} [${i === 0 ? '' : `*k${i - 1}`}]`);
    assert.match(failure(lines.join('\n')).message, /levels deep/);
  });

  test('repeating one anchor often is fine', () => {
    const [document] = readYaml(`a: &a {x: 1}\nb: [${Array<string>(2_000).fill('*a').join(',')}]\n`);
    assert.equal(encodeJson(document?.value ?? null).match(/"x":1/g)?.length, 2_001);
  });
});

describe('places', () => {
  const place = (text: string): [document: number, line: number] => {
    const { document, line } = failure(text);
    return [document, line];
  };

  test('a duplicate key', () => assert.deepEqual(place('a: 1\n---\nb:\n  c: 1\n  d: 2\n  c: 3\n'), [2, 6]));
  test('a syntax error', () => assert.deepEqual(place('---\na: 1\n---\nb: [1\n---\nc: 1\n'), [2, 5]));
  test('after comments and empty documents', () => assert.deepEqual(place('# one\n---\n---\na: &a *b\n'), [2, 4]));
  test('a merge after a key that it sets', () =>
    assert.deepEqual(place('x: &x {c: 1}\nd:\n  c: 3\n  <<: *x\n'), [1, 4]));

  test('documents and the items of a list', () => {
    const text = '# head\n---\nkind: List\nitems:\n- a: 1\n- b:\n    c: 2\n---\nkind: Other\n';
    const documents = readYaml(text);
    assert.deepEqual(
      documents.map(({ number, line }) => [number, line]),
      [[1, 3], [2, 9]], // prettier-ignore
    );
    const [list] = documents;
    const items = (list?.value as { items: JsonValue[] }).items;
    assert.deepEqual(
      items.map((item) => list?.lineOf(item)),
      [5, 6],
    );
  });
});

describe('streams', () => {
  const values = (text: string): JsonValue[] => readYaml(text).map(({ value }) => value);

  test('a marker inside a block scalar is text', () => {
    assert.deepEqual(values('a: |\n  x\n  ---\n  y\n---\nb: 1\n'), [{ a: 'x\n---\ny\n' }, { b: 1 }]);
  });
  test('a marker with content, a comment, and CRLF', () => {
    assert.deepEqual(values('--- {a: 1}\r\n--- # two\r\nb: 2\r\n'), [{ a: 1 }, { b: 2 }]);
  });
  test('directives belong to the next document', () => {
    assert.deepEqual(values('%YAML 1.1\n---\na: yes\n...\n---\nb: 1\n'), [{ a: true }, { b: 1 }]);
  });
  test('a string that only looks like a marker', () => {
    assert.deepEqual(values('a: "---"\n---x: 1\n'.replace('---x', 'b---x')), [{ a: '---', 'b---x': 1 }]);
  });
});

describe('valid texts that js-yaml alone refuses', () => {
  const first = (text: string): JsonValue => readYaml(text)[0]?.value ?? null;

  test('a flow collection at the margin', () => {
    assert.deepEqual(first('a:\n  b: {\n"c": [\n1,\n2\n],\n"d": "x\ny"\n}\ne: 1\n'), {
      a: { b: { c: [1, 2], d: 'x y' } },
      e: 1,
    });
  });
  test('quoted text that goes on at the margin', () => {
    assert.deepEqual(first('a:\n  - "one\ntwo"\n  - \'three\n\nfour\'\n'), { a: ['one two', 'three\nfour'] });
  });
  test('line numbers stay', () => assert.equal(failure('a: [\n1\n]\nb: 1\nb: 2\n').line, 5));
});

test('every JSON value is YAML that means the same', () => {
  const text = fc.string({ unit: 'grapheme' });
  const json = fc.jsonValue({ stringUnit: 'grapheme', maxDepth: 5 });
  fc.assert(
    fc.property(fc.dictionary(text, json), (value) => {
      const written = JSON.stringify(value).replace(/[\u007f-\u009f\u2028\u2029\ufeff]/g, escaped);
      assert.equal(canonicalJson(readYaml(written)[0]?.value ?? null), canonicalJson(decodeJson(written)));
    }),
  );
});

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
