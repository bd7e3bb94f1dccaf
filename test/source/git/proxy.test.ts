import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noProxies, proxyFor, type ProxySettings } from '../../../src/source/git/proxy.ts';

const settings: ProxySettings = { https: 'http://secure:1', http: 'plain:2', all: 'http://all:3', no: '' };

interface Case {
  readonly url: string;
  readonly change?: Partial<ProxySettings>;
  readonly gives: string | undefined;
}

const cases: readonly Case[] = [
  { url: 'https://git.example/a', gives: 'http://secure:1' },
  { url: 'http://git.example/a', gives: 'http://plain:2' },
  { url: 'https://git.example/a', change: { https: '' }, gives: 'http://all:3' },
  { url: 'https://git.example/a', change: { no: '*' }, gives: undefined },
  { url: 'https://git.example/a', change: { no: 'git.example' }, gives: undefined },
  { url: 'https://git.example/a', change: { no: '.example' }, gives: undefined },
  { url: 'https://git.example/a', change: { no: '*.example' }, gives: undefined },
  { url: 'https://a.git.example/a', change: { no: 'x, git.example' }, gives: undefined },
  { url: 'https://notgit.example/a', change: { no: 'git.example' }, gives: 'http://secure:1' },
  { url: 'https://git.example/a', change: { no: 'git.example:8443' }, gives: 'http://secure:1' },
  { url: 'https://git.example:8443/a', change: { no: 'git.example:8443' }, gives: undefined },
  { url: 'https://10.1.2.3/a', change: { no: '10.0.0.0/8' }, gives: undefined },
  { url: 'https://11.1.2.3/a', change: { no: '10.0.0.0/8' }, gives: 'http://secure:1' },
  { url: 'https://10.1.2.3/a', change: { no: '10.0.0.0/99' }, gives: 'http://secure:1' },
  { url: 'https://10.1.2.3/a', change: { no: '2.3' }, gives: 'http://secure:1' },
  { url: 'https://[fd00::1]/a', change: { no: 'fd00::/8' }, gives: undefined },
  { url: 'https://[::1]/a', change: { no: '[::1]' }, gives: undefined },
  { url: 'https://GIT.example/a', change: { no: 'Git.Example' }, gives: undefined },
];

for (const { url, change = {}, gives } of cases) {
  test(`${url} with ${JSON.stringify(change)} goes by ${gives ?? 'no proxy'}`, () => {
    assert.equal(proxyFor(new URL(url), { ...settings, ...change })?.origin, gives);
  });
}

test('no settings, no proxy; what is no HTTP proxy is refused without saying its password', () => {
  assert.equal(proxyFor(new URL('https://a'), noProxies), undefined);
  assert.throws(
    () => proxyFor(new URL('https://a'), { ...noProxies, all: 'socks5://joe:hunter2@b' }),
    (error) => error instanceof Error && /no http:\/\//.test(error.message) && !error.message.includes('hunter2'),
  );
});
