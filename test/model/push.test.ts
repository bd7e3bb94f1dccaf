import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { concernedBy, type Push } from '../../src/model/push.ts';
import { coverage, isWithin, sameRemote, sameRepository } from '../../src/model/repository-url.ts';

const https = 'https://git.example.com/team/shop.git';

describe('one repository', () => {
  const same: readonly (readonly [string, string])[] = [
    [https, https],
    [https, 'https://GIT.Example.com/team/shop'],
    [https, 'https://git.example.com/Team/Shop.git/'],
    [https, 'https://git.example.com:443/team/shop.git'],
    [https, 'https://someone@git.example.com/team/shop.git'],
    [https, 'http://git.example.com/team/shop.git'],
    [https, 'git@git.example.com:team/shop.git'],
    [https, 'ssh://git@git.example.com:2222/team/shop.git'],
    ['git@git.example.com:team/shop', 'ssh://git@git.example.com/team/shop.git'],
    ['git@git.example.com:/team/shop', 'git+ssh://git.example.com/team/shop.git'],
    ['https://dev.azure.com/o/my%20project/_git/r', 'git@ssh.dev.azure.com:v3/o/my%20project/r'],
    ['https://git.example.com/a%20b/c', 'https://git.example.com/a b/c'],
  ];
  for (const [a, b] of same) {
    test(`${a} = ${b}`, () => assert.deepEqual([sameRepository(a, b), sameRepository(b, a)], [true, true]));
  }

  const different: readonly (readonly [string, string])[] = [
    [https, 'https://git.example.com/team/shop2.git'],
    [https, 'https://git.example.com/team/shop/more.git'],
    [https, 'https://git.example.com.evil.example/team/shop.git'],
    [https, 'https://git.example.com:8443/team/shop.git'],
    [https, 'https://git.example.com/team%2Fshop'],
    [https, ''],
    [https, 'https://'],
    ['https://git.example.com/%ff', 'https://git.example.com/%ff'],
    ['', ''],
  ];
  for (const [a, b] of different) {
    test(`${a} ≠ ${b}`, () => assert.deepEqual([sameRepository(a, b), sameRepository(b, a)], [false, false]));
  }
});

describe('within a prefix', () => {
  const rows: readonly (readonly [string, boolean])[] = [
    ['https://git.example.com', true],
    ['https://git.example.com/', true],
    ['https://git.example.com/team', true],
    ['https://git.example.com/team/', true],
    ['git@git.example.com:team', true],
    [https, true],
    ['https://git.example.com/te', false],
    ['https://git.example.com/team/sho', false],
    ['https://git.example.com/team/shop/more', false],
    ['https://git.example.co', false],
    ['https://evil.example/https://git.example.com/team', false],
    ['', false],
  ];
  for (const [prefix, expected] of rows) {
    test(`${prefix} ${expected ? 'holds' : 'does not hold'} it`, () => assert.equal(isWithin(https, prefix), expected));
  }
  test('a path that climbs out is where it ends', () => {
    assert.equal(isWithin('https://git.example.com/team/../other/shop', 'https://git.example.com/team'), false);
    assert.equal(isWithin('https://git.example.com/team/%2e%2e/other/shop', 'https://git.example.com/team'), false);
  });
});

test('credentials are for one server and one transport', () => {
  assert.ok(sameRemote(https, 'https://git.example.com/team/shop/'));
  assert.ok(!sameRemote(https, 'http://git.example.com/team/shop'));
  assert.ok(!sameRemote('git@git.example.com:team/shop', 'other@git.example.com:team/shop'));
  assert.equal(coverage(https, 'https://git.example.com/te'), 2);
  assert.equal(coverage(https, 'https://git.example.com/te/'), undefined);
  assert.equal(coverage(https, 'https://git.example.com'), 0);
});

describe('a push', () => {
  const sha = 'a1'.repeat(20);
  const rows: readonly (readonly [string, readonly string[], boolean])[] = [
    ['main', ['refs/heads/main'], true],
    ['main', ['refs/heads/other', 'refs/heads/main'], true],
    ['main', ['refs/heads/other'], false],
    ['main', ['refs/heads/team/main'], false],
    ['main', ['refs/tags/main'], true],
    ['main', [], true],
    ['feature/x', ['refs/heads/feature/x'], true],
    ['refs/heads/main', ['refs/heads/main'], true],
    ['refs/heads/main', ['refs/tags/main'], false],
    ['HEAD', ['refs/heads/whatever'], true],
    ['', ['refs/heads/whatever'], true],
    ['v1.2.3', ['refs/tags/v1.2.3'], true],
    ['v1.2.3', ['refs/tags/v1.2.4'], false],
    ['^1.2', ['refs/tags/v1.9.0'], true],
    ['1.x', ['refs/tags/1.9.0'], true],
    ['1.2.x', ['refs/tags/1.2.9'], true],
    ['>=1.2 <2', ['refs/tags/1.9.0'], true],
    ['*', ['refs/tags/anything'], true],
    ['^1.2', ['refs/heads/main'], false],
    ['a1b2c3d', ['refs/heads/main'], true],
    ['a1b2c3d', ['refs/tags/v1'], false],
    [sha, ['refs/heads/main'], false],
    [sha, [], false],
  ];
  for (const [targetRevision, refs, expected] of rows) {
    test(`of ${refs.join() || 'unknown refs'} ${expected ? 'may move' : 'leaves'} "${targetRevision}"`, () => {
      const push: Push = { forge: 'github', urls: ['https://nowhere.example', https], refs };
      assert.equal(concernedBy(push)({ repoURL: https, targetRevision }), expected);
      assert.equal(concernedBy(push)({ repoURL: 'https://git.example.com/team/other', targetRevision }), false);
      assert.equal(concernedBy({ ...push, urls: [] })({ repoURL: https, targetRevision }), false);
    });
  }
});
