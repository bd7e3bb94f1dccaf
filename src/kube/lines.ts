import { ApiError } from '../model/api-error.ts';

const newline = 0x0a;

/**
 * The complete lines of a stream, those of one chunk together; a rest without an end is dropped, for it was cut.
 * Throws `tooLarge` when a line is longer than the limit. Time and memory grow with the bytes, not with their square.
 */
export async function* linesOf(chunks: AsyncIterable<Buffer>, limitBytes: number): AsyncGenerator<string[]> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      parts.push(chunk.subarray(start, end));
      lines.push(textOf(parts));
      parts = [];
      size = 0;
      start = end + 1;
    }
    if (start < chunk.length) parts.push(chunk.subarray(start));
    size += chunk.length - start;
    if (size > limitBytes) {
      throw new ApiError(`a line of a watch is longer than ${limitBytes} bytes`, { kind: 'tooLarge', status: 200 });
    }
    if (lines.length > 0) yield lines;
  }
}

function textOf(parts: readonly Buffer[]): string {
  const [first] = parts;
  return (parts.length === 1 && first !== undefined ? first : Buffer.concat(parts)).toString('utf8');
}
