import assert from 'node:assert/strict';
import { test } from 'node:test';
import { absoluteUrl, parseModules } from '../../../src/source/git/submodules.ts';

test('.gitmodules', () => {
  const text = `[submodule "lib"]
\tpath = vendor/lib
\turl = ../lib.git
; a comment
[submodule "other \\"name\\""]
  url = "https://git.example/other.git"
  path = other
  branch = main
[core]
  path = x
  url = y
[submodule "half"]
  path = half
`;
  assert.deepEqual(
    [...parseModules(text)],
    [
      ['vendor/lib', '../lib.git'],
      ['other', 'https://git.example/other.git'],
    ],
  );
});

test('relative addresses', () => {
  for (const [url, parent, expected] of [
    ['../lib.git', 'https://git.example/team/app.git', 'https://git.example/team/lib.git'],
    ['../../lib.git', 'https://git.example/team/app.git', 'https://git.example/lib.git'],
    ['./lib.git', 'https://git.example/team/app.git', 'https://git.example/team/app.git/lib.git'],
    ['../lib.git', 'git@git.example:team/app.git', 'git@git.example:team/lib.git'],
    ['../../lib.git', 'git@git.example:team/app.git', 'git@git.example:lib.git'],
    ['../lib.git', 'ssh://git@git.example:22/team/app.git', 'ssh://git@git.example:22/team/lib.git'],
    ['https://other.example/x', 'https://git.example/app', 'https://other.example/x'],
    ['/etc', 'https://git.example/app', '/etc'],
  ] as const) {
    assert.equal(absoluteUrl(url, parent), expected);
  }
});
