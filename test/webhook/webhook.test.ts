import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { ApiError } from '../../src/model/api-error.ts';
import { forges } from '../../src/model/push.ts';
import { eventually } from '../../tools/eventually.ts';
import { ManualClock } from '../fakes/clock.ts';
import { deliveries, delivery, password, proofOf, secretOf, startListener, type Delivery } from './stage.ts';

const push = delivery('github-push');
const pushBody = JSON.stringify(push.body);

/** One delivery of each forge. */
const onePerForge = forges.map((forge) => delivery(`${forge}-push`));

function secretFor({ forge, repoURL }: Delivery) {
  return secretOf(forge, repoURL);
}

describe('what forges send is understood', () => {
  for (const each of deliveries) {
    test(each.name, async () => {
      await using listener = await startListener([secretFor(each)]);
      for (const path of ['/webhook', `/webhook/${each.forge}`]) {
        const { status } = await listener.deliver(each, password, path);
        assert.equal(status, each.expected === 'ignored' ? 204 : 202);
      }
      const expected = each.expected === 'ignored' ? [] : [{ forge: each.forge, ...each.expected }];
      assert.deepEqual(listener.pushes, [...expected, ...expected]);
      const outcome = each.expected === 'ignored' ? 'ignored' : 'pushed';
      for (const told of listener.told) assert.deepEqual([told.forge, told.outcome], [each.forge, outcome]);
    });
  }
});

describe('nobody is believed without a Secret', () => {
  for (const each of onePerForge) {
    test(`${each.forge}: no Secret, other forges', wrong, empty, or none sent`, async () => {
      const others = forges.filter((forge) => forge !== each.forge).map((forge) => secretOf(forge, each.repoURL));
      await using none = await startListener([]);
      await using foreign = await startListener(others);
      await using empty = await startListener([secretOf(each.forge, each.repoURL, '')]);
      await using right = await startListener([secretFor(each)]);
      const path = `/webhook/${each.forge}`;
      const answers = [
        await none.deliver(each),
        await foreign.deliver(each, password, path),
        await empty.deliver(each, '', path),
        await right.deliver(each, 'wrong'),
        await right.deliver(each, password.slice(0, -1)),
        await right.send({ path, headers: each.headers, body: JSON.stringify(each.body) }),
      ];
      for (const { status, text, headers } of answers) {
        assert.equal(status, 401);
        assert.equal(text, 'no Secret for this forge and this repository authenticates the request\n');
        assert.ok(headers.has('www-authenticate'));
      }
      for (const { pushes, told } of [none, foreign, empty, right]) {
        assert.deepEqual(pushes, []);
        assert.ok(told.every(({ outcome }) => outcome === 'unauthorized'));
      }
    });

    test(`${each.forge}: the Secret of another repository gets the same answer`, async () => {
      await using listener = await startListener([secretOf(each.forge, 'https://elsewhere.example.com/team')]);
      const { status, text } = await listener.deliver(each);
      assert.equal(status, 401);
      assert.match(text, /^no Secret for this forge and this repository/);
      assert.deepEqual(listener.pushes, []);
    });
  }

  test('a signature is for one body', async () => {
    await using listener = await startListener([secretFor(push)]);
    const headers = { ...push.headers, ...proofOf('github', pushBody) };
    const { status } = await listener.send({ headers, body: pushBody.replace('refs/heads/main', 'refs/heads/prod') });
    assert.equal(status, 401);
  });

  test('what is not authenticated is not even parsed', async () => {
    await using listener = await startListener([secretFor(push)]);
    assert.equal((await listener.send({ headers: push.headers, body: '{' })).status, 401);
    const signed = { ...push.headers, ...proofOf('github', '{') };
    const { status, text } = await listener.send({ headers: signed, body: '{' });
    assert.deepEqual([status, text], [400, 'the body is not JSON\n']);
    assert.deepEqual(
      listener.told.map(({ outcome }) => outcome),
      ['unauthorized', 'malformed'],
    );
  });

  test('who names a second repository wakes only the one that the Secret is good for', async () => {
    await using listener = await startListener([secretOf('github', 'https://github.com/team/shop')]);
    const repository = { clone_url: 'https://github.com/team/other.git', html_url: 'https://github.com/team/shop' };
    await listener.deliver({ ...push, body: { ref: 'refs/heads/main', repository } });
    assert.deepEqual(listener.pushes, [
      { forge: 'github', urls: ['https://github.com/team/shop'], refs: ['refs/heads/main'] },
    ]);
  });

  for (const prefix of ['https://github.com/te', 'https://github.com/team/sho', 'https://github.com/team/shop/x', '']) {
    test(`"${prefix}" is no prefix of the repository`, async () => {
      await using listener = await startListener([secretOf('github', prefix)]);
      assert.equal((await listener.deliver(push)).status, 401);
    });
  }

  test('of several Secrets each that fits counts', async () => {
    const wrong = secretOf('github', 'https://github.com/team', 'another');
    await using listener = await startListener([wrong, secretFor(push)]);
    assert.equal((await listener.deliver(push)).status, 202);
    assert.equal((await listener.deliver(push, 'another')).status, 202);
  });

  test('a newline at the end of the secret is not part of it', async () => {
    await using listener = await startListener([secretOf('github', `${push.repoURL}\n`, `${password}\n`)]);
    assert.equal((await listener.deliver(push)).status, 202);
  });
});

describe('what is no proper request', () => {
  const headers = { ...push.headers, ...proofOf('github', pushBody) };
  const rows = [
    ['GET', { method: 'GET', headers }, 405],
    ['PUT', { method: 'PUT', headers, body: pushBody }, 405],
    ['a form', { headers: { ...headers, 'Content-Type': 'application/x-www-form-urlencoded' }, body: pushBody }, 415],
    ['compressed', { headers: { ...headers, 'Content-Encoding': 'gzip' }, body: pushBody }, 415],
    ['another path', { path: '/metrics', headers, body: pushBody }, 404],
    ['another forge', { path: '/webhook/sourceforge', headers, body: pushBody }, 404],
    ['a longer path', { path: '/webhook/github/x', headers, body: pushBody }, 404],
  ] as const;
  for (const [name, sent, expected] of rows) {
    test(`${name}: ${expected}`, async () => {
      await using listener = await startListener([secretFor(push)]);
      const answer = await listener.send(sent);
      assert.equal(answer.status, expected);
      assert.equal(answer.headers.get('allow'), expected === 405 ? 'POST' : null);
      assert.deepEqual([listener.pushes, listener.told[0]?.outcome], [[], 'refused']);
    });
  }

  test('no forge is told', async () => {
    await using listener = await startListener([secretFor(push)]);
    assert.equal((await listener.send({ body: pushBody })).status, 401);
    assert.deepEqual([listener.told[0]?.forge, listener.told[0]?.outcome], ['unknown', 'unauthorized']);
  });

  test('query, charset and a slash at the end do no harm', async () => {
    await using listener = await startListener([secretFor(push)]);
    const typed = { ...headers, 'Content-Type': 'Application/JSON; charset=utf-8' };
    assert.equal((await listener.send({ path: '/webhook/?a=b', headers: typed, body: pushBody })).status, 202);
  });

  for (const [name, body] of [
    ['a list', []],
    ['no repository', { ref: 'refs/heads/main' }],
    ['a repository without address', { ref: 'refs/heads/main', repository: { name: 'shop', clone_url: 5 } }],
  ] as const) {
    test(`a push that is ${name}: 400`, async () => {
      await using listener = await startListener([secretFor(push)]);
      const text = JSON.stringify(body);
      const signed = { ...push.headers, ...proofOf('github', text) };
      assert.deepEqual((await listener.send({ headers: signed, body: text })).text, 'the push names no repository\n');
    });
  }

  for (const ref of [undefined, 5, 'main', '']) {
    test(`ref ${JSON.stringify(ref)}: any may have moved`, async () => {
      await using listener = await startListener([secretFor(push)]);
      const { repository } = push.body;
      const body = { ...(repository === undefined ? {} : { repository }), ...(ref === undefined ? {} : { ref }) };
      assert.equal((await listener.deliver({ ...push, body })).status, 202);
      assert.deepEqual(listener.pushes[0]?.refs, []);
    });
  }

  test('deep nesting and long numbers are refused as malformed, or understood', async () => {
    await using listener = await startListener([secretFor(push)]);
    const depth = 200_000;
    const body = `${'['.repeat(depth)}12345678901234567890${']'.repeat(depth)}`;
    const signed = { ...push.headers, ...proofOf('github', body) };
    assert.equal((await listener.send({ headers: signed, body })).status, 400);
    assert.deepEqual(listener.bugs, []);
  });
});

describe('limits', () => {
  const limits = { bodyBytes: 1_000, bodyMs: 5_000 };
  const head = (length: string) =>
    `POST /webhook/gitlab HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nX-Gitlab-Token: ${password}\r\n${length}\r\n\r\n`;

  async function raw(port: number, text: string) {
    const socket = connect(port, '127.0.0.1');
    socket.setEncoding('utf8');
    const heard = { text: '', closed: false };
    socket.on('data', (chunk: string) => (heard.text += chunk));
    socket.on('close', () => (heard.closed = true));
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write(text);
    return { socket, heard };
  }

  const gitlab = secretOf('gitlab', 'https://gitlab.example.com');

  test('a body that says it is too large is not waited for', async () => {
    await using listener = await startListener([gitlab], { limits });
    const { heard } = await raw(listener.port, head('Content-Length: 1001'));
    await eventually('an answer and the end', () => heard.closed);
    assert.match(heard.text, /^HTTP\/1\.1 413 /);
    assert.equal(listener.told[0]?.outcome, 'tooLarge');
  });

  test('a body that does not say so is cut off', async () => {
    await using listener = await startListener([gitlab], { limits });
    const { heard } = await raw(listener.port, `${head('Transfer-Encoding: chunked')}3e9\r\n${'x'.repeat(1_001)}\r\n`);
    await eventually('an answer and the end', () => heard.closed);
    assert.match(heard.text, /^HTTP\/1\.1 413 /);
  });

  test('1 MiB is the limit when nothing else is said', async () => {
    await using listener = await startListener([gitlab]);
    const most = `"${'x'.repeat(1024 * 1024 - 2)}"`;
    const headers = { 'X-Gitlab-Token': password, 'X-Gitlab-Event': 'Push Hook' };
    assert.equal((await listener.send({ headers, body: most })).status, 400);
    const { heard } = await raw(listener.port, head(`Content-Length: ${1024 * 1024 + 1}`));
    await eventually('an answer', () => heard.text !== '');
    assert.match(heard.text, /^HTTP\/1\.1 413 /);
  });

  test('a body that takes too long is given up', async () => {
    const clock = new ManualClock();
    await using listener = await startListener([gitlab], { limits, clock });
    const { heard } = await raw(listener.port, `${head('Content-Length: 100')}{"object_kind":`);
    await eventually('the body to be waited for', () => clock.pending === 1);
    await clock.advance(4_999);
    assert.equal(heard.text, '');
    await clock.advance(1);
    await eventually('an answer and the end', () => heard.closed);
    assert.match(heard.text, /^HTTP\/1\.1 408 /);
    assert.equal(listener.told[0]?.outcome, 'tooSlow');
  });

  test('a sender that goes away is forgotten', async () => {
    const clock = new ManualClock();
    await using listener = await startListener([gitlab], { limits, clock });
    const { socket } = await raw(listener.port, `${head('Content-Length: 100')}{`);
    await eventually('the body to be waited for', () => clock.pending === 1);
    socket.destroy();
    await eventually('it to be told', () => listener.told[0]?.outcome === 'cut');
    assert.equal(clock.pending, 0);
  });

  test('without any Secret the body is not waited for', async () => {
    await using listener = await startListener([], { limits });
    const { heard } = await raw(listener.port, head('Content-Length: 100'));
    await eventually('an answer and the end', () => heard.closed);
    assert.match(heard.text, /^HTTP\/1\.1 401 /);
  });

  test('closing does not wait for a sender', async () => {
    const listener = await startListener([gitlab]);
    const { heard } = await raw(listener.port, head('Content-Length: 100'));
    await listener[Symbol.asyncDispose]();
    await listener[Symbol.asyncDispose]();
    await eventually('the end', () => heard.closed);
  });
});

describe('when something else fails', () => {
  test('Secrets that cannot be read: try later', async () => {
    const failing = new ApiError('no', { kind: 'unavailable', status: 503 });
    await using listener = await startListener([], { failing });
    const { status, headers } = await listener.deliver(push);
    assert.deepEqual([status, headers.get('retry-after')], [503, '10']);
    assert.deepEqual([listener.told[0]?.outcome, listener.bugs], ['unavailable', []]);
  });

  test('what nobody expected is a bug, and says nothing', async () => {
    const failing = new Error(`it is ${password}`);
    await using listener = await startListener([], { failing });
    const { status, text } = await listener.deliver(push);
    assert.deepEqual([status, text], [500, 'internal error\n']);
    assert.deepEqual(listener.bugs, [failing]);
  });

  test('a port that is taken', async () => {
    await using first = await startListener([]);
    await assert.rejects(startListener([], { port: first.port }), { code: 'EADDRINUSE' });
  });
});
