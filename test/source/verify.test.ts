import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { defaultLimits } from '../../src/source/limits.ts';
import { listPids } from '../../src/source/tools/process-table.ts';
import { readPublicKeys, verifySignature, type SignedObject, type Verdict } from '../../src/source/verify.ts';
import { diskWorkspaces } from '../../src/source/workspace.ts';
import { createSigningStage } from './signing-stage.ts';
import { createToolsStage } from './tools/tools-stage.ts';

const never = new AbortController().signal;

/** Changes the message, and with it the id, after signing. */
function tamperedWith(signed: Omit<SignedObject, 'keys'>): Omit<SignedObject, 'keys'> {
  const text = Buffer.from(signed.object)
    .toString('latin1')
    .replace(/^(work|release)$/m, 'other');
  return { ...signed, object: Buffer.from(text, 'latin1') };
}

async function gpgAgents(): Promise<number> {
  const names = await Promise.all(listPids().map((pid) => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')));
  return names.filter((name) => /^(gpg-agent|dirmngr|keyboxd|scdaemon)\n$/.test(name)).length;
}

test('signatures of commits and tags are good or bad as native git says, and name the key', async (t) => {
  await using signing = await createSigningStage();
  await using stage = await createToolsStage();
  const workspaces = diskWorkspaces(path.join(signing.folder, 'w'), defaultLimits);
  const [ann, bob] = [await signing.sshKey('ann@example.com'), await signing.sshKey('bob')];
  const cleo = await signing.pgpKey('Cleo <cleo@example.com>');
  const dan = await signing.pgpKey('Dan <dan@example.com>');
  const old = await signing.pgpKey('Old <old@example.com>', '20200101');
  const gone = await signing.pgpKey('Gone <gone@example.com>');
  const byGone = await signing.commit(gone);
  const goneRevoked = await signing.revoke(gone);
  const ofBob = bob.publicKey.split(' ').slice(0, 2).join(' ');
  const [byAnn, byBob, byCleo] = [await signing.commit(ann), await signing.commit(bob), await signing.commit(cleo)];
  const all = [dan, cleo, bob, ann].map(({ publicKey }) => publicKey);
  const agents = await gpgAgents();

  const cases: Record<string, [Omit<SignedObject, 'keys'>, readonly string[], Verdict | RegExp]> = {
    SSH: [byAnn, [ann.publicKey], { kind: 'good', key: ann.fingerprint, signer: 'ann@example.com' }],
    'SSH, one of several keys': [byAnn, all, { kind: 'good', key: ann.fingerprint, signer: 'ann@example.com' }],
    'SSH, key without a comment': [byBob, [ofBob], { kind: 'good', key: bob.fingerprint, signer: bob.fingerprint }],
    'SSH, allowed_signers': [
      byBob,
      [`bob@example.com,*@team namespaces="git" ${ofBob}`],
      { kind: 'good', key: bob.fingerprint, signer: 'bob@example.com,*@team' },
    ],
    'SSH, key for other purposes': [
      byBob,
      [`bob namespaces="file" ${ofBob}`],
      /cannot be verified: allowed_signers:1: key is not permitted .* namespace "git"$/,
    ],
    'SSH, key no longer valid': [byBob, [`bob valid-before="20200101" ${ofBob}`], /not a known key now/],
    'SSH, unknown key': [
      byAnn,
      [bob.publicKey, cleo.publicKey],
      new RegExp(
        `^it is signed by the SSH key ${ann.fingerprint.replaceAll('+', '\\+')}, which is not a known key now$`,
      ),
    ],
    'SSH, changed afterwards': [tamperedWith(byAnn), [ann.publicKey], /^its SSH signature is not one of this content$/],
    'SSH, SHA-256': [
      await signing.commit(ann, 'sha256'),
      [ann.publicKey],
      { kind: 'good', key: ann.fingerprint, signer: 'ann@example.com' },
    ],
    'SSH, tag': [
      await signing.tag(ann),
      [ann.publicKey],
      { kind: 'good', key: ann.fingerprint, signer: 'ann@example.com' },
    ],
    'SSH, changed tag': [tamperedWith(await signing.tag(ann)), [ann.publicKey], /not one of this content/],
    OpenPGP: [byCleo, [cleo.publicKey], { kind: 'good', key: cleo.fingerprint, signer: 'Cleo <cleo@example.com>' }],
    'OpenPGP, one of several keys': [
      byCleo,
      all,
      { kind: 'good', key: cleo.fingerprint, signer: 'Cleo <cleo@example.com>' },
    ],
    'OpenPGP, tag': [
      await signing.tag(cleo),
      all,
      { kind: 'good', key: cleo.fingerprint, signer: 'Cleo <cleo@example.com>' },
    ],
    'OpenPGP, SHA-256': [
      await signing.commit(cleo, 'sha256'),
      all,
      { kind: 'good', key: cleo.fingerprint, signer: 'Cleo <cleo@example.com>' },
    ],
    'OpenPGP, unknown key': [
      byCleo,
      [dan.publicKey],
      new RegExp(`^it is signed by the OpenPGP key ${cleo.fingerprint.slice(-16)}, which is not a known key$`),
    ],
    'OpenPGP, no OpenPGP key at all': [byCleo, [ann.publicKey], /OpenPGP key [0-9A-F]{16}, which is not a known key$/],
    'OpenPGP, changed afterwards': [tamperedWith(byCleo), [cleo.publicKey], /is not one of this content$/],
    'OpenPGP, key that has expired': [await signing.commit(old), [old.publicKey], /which has expired$/],
    'OpenPGP, key that was revoked': [byGone, [goneRevoked.publicKey], /which was revoked$/],
    'commit without a signature': [await signing.commit(undefined), all, /^the commit is not signed$/],
    'tag without a signature': [await signing.tag(undefined), all, /^the tag is not signed$/],
    'X.509': [
      {
        ...byCleo,
        object: Buffer.from(
          Buffer.from(byCleo.object).toString('latin1').replaceAll('PGP SIGNATURE', 'SIGNED MESSAGE'),
          'latin1',
        ),
      },
      all,
      /neither SSH nor OpenPGP \(X\.509 is not supported\)$/,
    ],
  };
  for (const [name, [signed, keys, expected]] of Object.entries(cases)) {
    await t.test(name, async () => {
      const verdict = await verifySignature({ ...signed, keys }, { tools: stage.tools, workspaces }, never);
      if (!(expected instanceof RegExp)) assert.deepEqual(verdict, expected);
      else assert.match(verdict.kind === 'bad' ? verdict.reason : `good: ${JSON.stringify(verdict)}`, expected);
    });
  }
  await t.test('no folder, no process and no agent is left', async () => {
    assert.deepEqual(await readdir(path.join(signing.folder, 'w')), []);
    assert.deepEqual(await readdir(stage.scratch), []);
    assert.deepEqual(await stage.survivors(), []);
    assert.ok((await gpgAgents()) <= agents);
  });
  await t.test('a signature in the message of an unsigned commit counts nothing', async () => {
    const unsigned = Buffer.from((await signing.commit(undefined)).object).toString('latin1');
    const signature = /gpgsig [\s\S]*-----END SSH SIGNATURE-----\n/.exec(Buffer.from(byAnn.object).toString('latin1'));
    const object = Buffer.from(`${unsigned}\n${signature?.[0] ?? assert.fail()}`, 'latin1');
    const verdict = await verifySignature(
      { object, kind: 'commit', objectFormat: 'sha1', keys: all },
      { tools: stage.tools, workspaces },
      never,
    );
    assert.deepEqual(verdict, { kind: 'bad', reason: 'the commit is not signed' });
  });
  await t.test('a key that cannot be read is said', async () => {
    const broken = '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----';
    await assert.rejects(
      verifySignature({ ...byCleo, keys: [broken] }, { tools: stage.tools, workspaces }, never),
      /the OpenPGP keys cannot be read/,
    );
  });
});

test('without gpg an OpenPGP signature is neither good nor bad', async () => {
  await using signing = await createSigningStage();
  await using stage = await createToolsStage({ programs: { gpg: '/no/such/gpg' } });
  const cleo = await signing.pgpKey('Cleo <cleo@example.com>');
  const workspaces = diskWorkspaces(path.join(signing.folder, 'w'), defaultLimits);
  const signed = { ...(await signing.commit(cleo)), keys: [cleo.publicKey] };
  await assert.rejects(
    verifySignature(signed, { tools: stage.tools, workspaces }, never),
    /the program gpg is not there/,
  );
});

describe('the Secret with public keys', () => {
  const ssh = `ssh-ed25519 ${'A'.repeat(68)}`;
  const pgp = (body: string) => `-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n${body}\n-----END PGP PUBLIC KEY BLOCK-----`;
  const read = (data: Record<string, string>): readonly string[] =>
    readPublicKeys(Object.fromEntries(Object.entries(data).map(([name, text]) => [name, Buffer.from(text)])), 'keys');

  test('holds files of any number of keys', () => {
    assert.deepEqual(
      read({
        'ann.pub': `${ssh} ann\n`,
        allowed_signers: `# team\n\nbob@example.com namespaces="git" ${ssh}\r\ncleo ${ssh}\n`,
        'keys.asc': `Comment before\n${pgp('one')}\n${pgp('two')}\n`,
      }),
      [`${ssh} ann`, `bob@example.com namespaces="git" ${ssh}`, `cleo ${ssh}`, pgp('one'), pgp('two')],
    );
  });

  const refused: Record<string, [Record<string, string>, RegExp]> = {
    nothing: [{}, /^Secret keys: holds no public key$/],
    'comments only': [{ a: '# none\n' }, /^Secret keys: holds no public key$/],
    'an SSH private key': [
      { id: '-----BEGIN OPENSSH PRIVATE KEY-----\ns3cret' },
      /^Secret keys: id holds a private key/,
    ],
    'an OpenPGP private key': [
      { k: '-----BEGIN PGP PRIVATE KEY BLOCK-----\ns3cret' },
      /^Secret keys: k holds a private key/,
    ],
    'a certificate': [{ c: '-----BEGIN CERTIFICATE-----\n' }, /X\.509/],
    'something else': [{ a: `${ssh}\nhunter2` }, /^Secret keys: a holds neither .* \(key 2\)$/],
    'half a block': [{ a: '-----BEGIN PGP PUBLIC KEY BLOCK-----\n' }, /holds neither/],
    'a certificate authority': [{ a: `*@example.com cert-authority ${ssh}` }, /certificate authority/],
  };
  for (const [name, [data, message]] of Object.entries(refused)) {
    test(`that holds ${name} is refused`, () => {
      assert.throws(
        () => read(data),
        (error) => {
          assert.match(String(error).replace(/^OperatorError: /, ''), message);
          assert.doesNotMatch(String(error), /s3cret|hunter2/);
          return true;
        },
      );
    });
  }
});
