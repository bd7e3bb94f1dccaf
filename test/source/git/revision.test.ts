import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { matchRevision, prefixesOf, tipsWith, type RemoteRef } from '../../../src/source/git/revision.ts';

const ofTags = (...names: string[]): RemoteRef[] => names.map((name) => ({ ref: `refs/tags/${name}`, oid: name }));

interface Case {
  readonly text: string;
  readonly tags: readonly string[];
  /** The tag (or with a slash the full ref) that is meant; undefined: none. */
  readonly gives: string | undefined;
  readonly tagPrefix?: string;
  readonly branches?: readonly string[];
}

const releases = [
  'v0.9.0',
  'v1.0.0',
  'v1.2.0',
  'v1.2.9',
  'v1.10.0',
  'v2.0.0-rc.1',
  'v2.0.0',
  'v2.1.0-beta.1',
  'latest',
];

const cases: readonly Case[] = [
  { text: '1.x', tags: releases, gives: 'v1.10.0' },
  { text: '~1.2', tags: releases, gives: 'v1.2.9' },
  { text: '~1', tags: releases, gives: 'v1.10.0' },
  { text: '^1', tags: releases, gives: 'v1.10.0' },
  { text: '^1.2.0', tags: releases, gives: 'v1.10.0' },
  { text: '>=1 <2', tags: releases, gives: 'v1.10.0' },
  { text: '>=1, <2', tags: releases, gives: 'v1.10.0' },
  { text: '>= 1.0.0,< 1.2.9', tags: releases, gives: 'v1.2.0' },
  { text: '1.0 - 1.2', tags: releases, gives: 'v1.2.9' },
  { text: '1.0.0 - 1.2.0', tags: releases, gives: 'v1.2.0' },
  { text: '~0.9 || ^1.0', tags: releases, gives: 'v1.10.0' },
  { text: '*', tags: releases, gives: 'v2.0.0' },
  { text: '^2.0', tags: releases, gives: 'v2.0.0' },
  { text: '^2.0-0', tags: releases, gives: 'v2.1.0-beta.1' },
  { text: '>=2.0.0-0', tags: releases, gives: 'v2.1.0-beta.1' },
  { text: '*-0', tags: releases, gives: 'v2.1.0-beta.1' },
  { text: '>2.0.0', tags: releases, gives: undefined },
  { text: '>=v1.0 <v1.10', tags: releases, gives: 'v1.2.9' },
  { text: '>=1.0 !=1.10.0 <2', tags: releases, gives: 'v1.2.9' },
  { text: '!=2.0.0', tags: releases, gives: 'v1.10.0' },
  { text: '=1.2.0', tags: releases, gives: 'v1.2.0' },
  { text: '<=1.2', tags: releases, gives: 'v1.2.9' },
  { text: '=<1.2.0', tags: releases, gives: 'v1.2.0' },
  { text: 'v1.X', tags: releases, gives: 'v1.10.0' },
  { text: '^1', tags: ['v1', '1.1', 'v1.0.5'], gives: '1.1' },
  { text: '^1', tags: ['1.0.0', 'v1.0.0'], gives: '1.0.0' },
  { text: '^1', tags: ['app-1.0.0', '1.5.0', 'app-v1.2.0', 'app-2.0.0'], tagPrefix: 'app-', gives: 'app-v1.2.0' },
  { text: '^1', tags: ['2.0.0'], branches: ['^1'], gives: 'refs/heads/^1' },
  { text: '>=nonsense', tags: releases, gives: undefined },
  { text: '1.2.0', tags: ['1.2.0', 'v1.2.0'], gives: '1.2.0' },
  { text: '1.2.0', tags: ['v1.2.0'], gives: undefined },
  { text: '1.2.0', tags: ['app-1.2.0', '1.2.0'], tagPrefix: 'app-', gives: 'app-1.2.0' },
  { text: 'app-1.2.0', tags: ['app-1.2.0'], tagPrefix: 'app-', gives: 'app-1.2.0' },
  { text: 'v1', tags: ['v1'], branches: ['v1'], gives: 'refs/heads/v1' },
  { text: 'refs/tags/v1', tags: ['v1'], branches: ['v1'], gives: 'v1' },
  { text: 'abcdef1', tags: [], branches: ['abcdef1'], gives: 'refs/heads/abcdef1' },
  { text: 'main', tags: [], branches: ['main2', 'a/main'], gives: undefined },
];

describe('which ref a revision means', () => {
  for (const { text, tags, gives, tagPrefix = '', branches = [] } of cases) {
    test(`${tagPrefix}${text} among ${[...tags, ...branches].join()} is ${gives ?? 'none'}`, () => {
      const revision = { text, tagPrefix };
      const all = [...ofTags(...tags), ...branches.map((name) => ({ ref: `refs/heads/${name}`, oid: name }))];
      // A server lists only what begins with what was asked for.
      const listed = all.filter(({ ref }) => prefixesOf(revision).some((prefix) => ref.startsWith(prefix)));
      const expected = gives === undefined || gives.includes('/') ? gives : `refs/tags/${gives}`;
      assert.equal(matchRevision(revision, listed)?.ref, expected);
    });
  }

  test('an annotated tag gives its commit and its own id, a light one only the commit', () => {
    const refs = [
      { ref: 'refs/tags/a', oid: 'tag', peeled: 'commit' },
      { ref: 'refs/tags/l', oid: 'commit' },
    ];
    assert.deepEqual(matchRevision({ text: 'a', tagPrefix: '' }, refs), {
      commit: 'commit',
      ref: 'refs/tags/a',
      tag: 'tag',
    });
    assert.deepEqual(matchRevision({ text: 'l', tagPrefix: '' }, refs), { commit: 'commit', ref: 'refs/tags/l' });
  });

  test('tips with an abbreviated id, each once', () => {
    const refs = [
      { ref: 'refs/heads/a', oid: 'abcdef12' },
      { ref: 'refs/tags/b', oid: 'ffff', peeled: 'abcdef12' },
      { ref: 'refs/tags/c', oid: 'abcdef13' },
    ];
    assert.deepEqual(tipsWith('abcdef12', refs), ['abcdef12']);
    assert.deepEqual(tipsWith('abcdef1', refs), ['abcdef12', 'abcdef13']);
  });
});
