import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { gitUnavailable, sourceError } from '../failures.ts';
import type { Limits } from '../limits.ts';
import type { GitAnswer, GitHttp } from './http.ts';
import { delimiter, encodeLine, flush, readPackets, type Packet } from './pkt-line.ts';

const service = 'git-upload-pack';

/**
 * Writes the pack of one commit without history to a file; gives the bytes received. The commit is asked for by its id,
 * so that a branch that moves meanwhile changes nothing and a recorded commit can be had again.
 * Throws OperatorError: RevisionNotFound when the remote does not have it.
 */
export async function fetchPack(
  http: GitHttp,
  url: string,
  ask: { readonly commit: string; readonly file: string; readonly limits: Limits },
): Promise<number> {
  const version = await protocolVersion(http, url, ask.limits);
  const answer = await http.request(
    `/${service}`,
    {
      method: 'POST',
      headers: {
        'content-type': `application/x-${service}-request`,
        accept: `application/x-${service}-result`,
        ...(version === 2 ? { 'git-protocol': 'version=2' } : {}),
      },
      body: Buffer.from(version === 2 ? requestV2(ask.commit) : requestV1(ask.commit)),
    },
    ask.limits.transferBytes,
  );
  return await savePack(answer, ask.file, { url, commit: ask.commit });
}

/** Also resolves redirects: git follows them on this request only. */
async function protocolVersion(http: GitHttp, url: string, limits: Limits): Promise<1 | 2> {
  const headers = { 'git-protocol': 'version=2' };
  const answer = await http.request(`/info/refs?service=${service}`, { method: 'GET', headers }, limits.refsBytes);
  let version: 1 | 2 = 1;
  for await (const packet of readPackets(answer.body, url)) {
    if (packet.kind === 'data' && packet.data.toString('latin1', 0, 9) === 'version 2') version = 2;
  }
  return version;
}

function requestV2(commit: string): string {
  const args = ['no-progress', 'ofs-delta', 'deepen 1', `want ${commit}`, 'done'];
  return encodeLine('command=fetch') + delimiter + args.map((line) => encodeLine(`${line}\n`)).join('') + flush;
}

function requestV1(commit: string): string {
  const want = encodeLine(`want ${commit} side-band-64k ofs-delta no-progress\n`);
  return want + encodeLine('deepen 1\n') + flush + encodeLine('done\n');
}

interface Place {
  readonly url: string;
  readonly commit: string;
}

/** Everything with a band number before it is pack, progress or the remote's last words; the rest is negotiation. */
async function savePack(answer: GitAnswer, file: string, place: Place): Promise<number> {
  let bytes = 0;
  const packOnly = async function* () {
    for await (const packet of readPackets(answer.body, place.url)) {
      const data = packOf(packet, place);
      if (data === undefined) continue;
      bytes += data.length;
      yield data;
    }
  };
  await pipeline(packOnly, createWriteStream(file, { mode: 0o600 }));
  if (bytes === 0) throw gitUnavailable(`${place.url}: sent no objects for ${place.commit}`);
  return bytes;
}

function packOf(packet: Packet, place: Place): Buffer | undefined {
  if (packet.kind === 'mark' || packet.data.length === 0) return undefined;
  const band = packet.data[0];
  if (band === 1) return packet.data.subarray(1);
  if (band === 2) return undefined;
  const text = packet.data.toString('utf8', band === 3 ? 1 : 0).trim();
  if (band === 3 || text.startsWith('ERR ')) throw remoteError(text, place);
  return undefined;
}

function remoteError(text: string, { url, commit }: Place) {
  const words = text.replace(/^ERR /, '').slice(0, 200);
  if (/not our ref|no such|unadvertised|bad object|missing/i.test(words)) {
    return sourceError('RevisionNotFound', `${url}: does not give commit ${commit} (${words})`);
  }
  return gitUnavailable(`${url}: ${words}`);
}
