import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import { messageOf, renderError } from '../failures.ts';
import { limitExceeded, type Limits } from '../limits.ts';
import { OperatorError } from '../../model/errors.ts';

/** Files of a chart by their path in its own folder. */
export type ChartFiles = ReadonlyMap<string, Buffer>;

/**
 * Unpacks a chart's archive in memory, its first folder taken off. `what` names it in errors.
 *
 * Guarantees: nothing but plain files; no path leaves the folder; bounded in bytes and files while it inflates, so that
 * a bomb costs no more than the limits. Throws OperatorError LimitExceeded, InvalidObject.
 */
export async function unpackChart(what: string, archive: Uint8Array, limits: Limits): Promise<ChartFiles> {
  const files = new Map<string, Buffer>();
  const archiveReader = extract();
  const left = { bytes: limits.chartUnpackedBytes, files: limits.renderFiles };
  const read = async (): Promise<void> => {
    for await (const entry of archiveReader) {
      if (--left.files < 0) throw limitExceeded(`${what}: the number of its files`, 'renderFiles', limits);
      const path = pathIn(what, entry.header);
      const bytes = await contentOf(entry as AsyncIterable<Buffer>, (size) => {
        left.bytes -= size;
        if (left.bytes < 0) throw limitExceeded(`${what}: what it unpacks to`, 'chartUnpackedBytes', limits);
      });
      if (path !== undefined) files.set(path, bytes);
    }
  };
  try {
    await Promise.all([pipeline(Readable.from([archive]), createGunzip(), archiveReader), read()]);
  } catch (error) {
    throw error instanceof OperatorError ? error : invalid(what, `is no readable archive: ${messageOf(error)}`, error);
  }
  if (!files.has('Chart.yaml')) throw invalid(what, 'has no Chart.yaml');
  return files;
}

async function contentOf(entry: AsyncIterable<Buffer>, account: (size: number) => void): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of entry) {
    account(chunk.length);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** undefined for what is no file: folders appear with what is in them. */
function pathIn(what: string, { name, type }: Header): string | undefined {
  if (type === 'directory') return undefined;
  const refused = (why: string) => invalid(what, `holds "${printable(name)}"${why}`);
  if (type !== 'file' && type !== 'contiguous-file') throw refused(`, a ${type}, which is refused`);
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  const isRelative = !posix.isAbsolute(name) && !/^[A-Za-z]:/.test(name) && !parts.includes('..');
  if (!isRelative || /[\u0000-\u001f\u007f\\]/.test(name)) throw refused(', a path that leaves it');
  if (parts.length < 2) throw refused(" outside the chart's folder");
  return parts.slice(1).join('/');
}

function printable(name: string): string {
  return JSON.stringify(name).slice(1, 101);
}

function invalid(what: string, message: string, cause?: unknown): OperatorError {
  return renderError('InvalidObject', `${what}: ${message}`, cause);
}
