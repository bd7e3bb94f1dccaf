import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { gitUnavailable, sourceError, unsupportedByEngine } from '../../failures.ts';
import type { Limits } from '../../limits.ts';
import type { Wanted } from '../engine.ts';
import type { GitAnswer, GitHttp } from '../http.ts';
import { advertisement, service } from '../list-refs.ts';
import { delimiter, encodeLine, flush, readPackets, type Packet } from '../pkt-line.ts';

interface Ask {
  readonly wanted: Wanted;
  readonly file: string;
  readonly limits: Limits;
}

/**
 * Writes the pack of one commit without history to a file; gives the bytes received. The commit is asked for by its id,
 * so that a branch that moves meanwhile changes nothing and a recorded commit can be had again.
 * Throws OperatorError: RevisionNotFound when the remote does not have it.
 */
export async function fetchPack(http: GitHttp, url: string, { wanted, file, limits }: Ask): Promise<number> {
  const { version, objectFormat } = await advertisement(http, url, limits);
  if (objectFormat !== 'sha1') {
    throw unsupportedByEngine(`${url}: the repository has ${objectFormat} ids, which need the git program`);
  }
  const ids = [wanted.commit, ...(wanted.tag === undefined ? [] : [wanted.tag])];
  const answer = await http.request(
    `/${service}`,
    {
      method: 'POST',
      headers: {
        'content-type': `application/x-${service}-request`,
        accept: `application/x-${service}-result`,
        ...(version === 2 ? { 'git-protocol': 'version=2' } : {}),
      },
      body: Buffer.from(version === 2 ? requestV2(ids) : requestV1(ids)),
    },
    limits.transferBytes,
  );
  return await savePack(answer, file, { url, commit: wanted.commit });
}

function requestV2(ids: readonly string[]): string {
  const args = ['no-progress', 'ofs-delta', 'deepen 1', ...ids.map((id) => `want ${id}`), 'done'];
  return encodeLine('command=fetch') + delimiter + args.map((line) => encodeLine(`${line}\n`)).join('') + flush;
}

function requestV1(ids: readonly string[]): string {
  const wants = ids.map((id, i) => encodeLine(`want ${id}${i === 0 ? ' side-band-64k ofs-delta no-progress' : ''}\n`));
  return wants.join('') + encodeLine('deepen 1\n') + flush + encodeLine('done\n');
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
