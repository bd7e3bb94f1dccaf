import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request } from 'node:https';
import { test } from 'node:test';
import { createAuthority } from '../../tools/certificates.ts';

test('certificates: what OpenSSL reads back is what was asked for', () => {
  const authority = createAuthority('some authority');
  const issued = authority.issue({
    commonName: 'zoë',
    organizations: ['a', 'system:b'],
    hosts: ['x.test', '10.1.2.3', '::1', 'fe80::1:2'],
  });
  const [ca, leaf] = [new X509Certificate(authority.certPem), new X509Certificate(issued.certPem)];
  assert.equal(ca.ca, true);
  assert.equal(leaf.ca, false);
  assert.equal(leaf.checkIssued(ca), true);
  assert.equal(leaf.verify(ca.publicKey), true);
  assert.equal(leaf.subject, 'O=a\nO=system:b\nCN=zoë');
  assert.equal(leaf.checkHost('x.test'), 'x.test');
  for (const address of ['10.1.2.3', '::1', 'fe80::1:2']) assert.equal(leaf.checkIP(address), address);
  assert.equal(Date.parse(leaf.validTo) > Date.now() && Date.parse(leaf.validFrom) < Date.now(), true);
});

test('certificates: both sides of a TLS connection accept each other', async () => {
  const authority = createAuthority('some authority');
  const [server, client] = [authority.issue({ commonName: 'server' }), authority.issue({ commonName: 'client' })];
  const ca = authority.certPem;
  const listener = createServer(
    { ca, cert: server.certPem, key: server.keyPem, requestCert: true, rejectUnauthorized: true },
    (_, response) => response.end('hello'),
  );
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const bound = listener.address();
  assert(bound !== null && typeof bound === 'object');
  const asked = request({
    host: '127.0.0.1',
    port: bound.port,
    ca,
    cert: client.certPem,
    key: client.keyPem,
    agent: false,
  });
  asked.end();
  const [answer] = (await once(asked, 'response')) as [{ statusCode: number; resume(): void }];
  answer.resume();
  listener.close();
  assert.equal(answer.statusCode, 200);
});
