import makeJq from 'jq-wasm/dist/build/jq.js';
import type { JqAnswer } from '../model/ports.ts';
import type { JqRequest } from './protocol.ts';

interface JqModule {
  raw(input: string, program: string, flags: readonly string[]): Promise<string>;
}

/** jq leaves the arguments of every call on its stack of 64 KiB, and fails when that is full. */
const stackBytes = 32 * 1024;

const notAPath = 'Invalid path expression';

/** jq itself, for one thread. */
export class JqMachine {
  #module: JqModule | undefined;
  #spentBytes = 0;

  /** On a document that is of another shape than the expression expects, it points nowhere, as in Argo CD. */
  async pathsIn({ expression, documents }: JqRequest): Promise<JqAnswer> {
    // The line break ends a comment in the expression.
    const found = `[path(${expression}\n)]`;
    const program = `.[] | (try ${found} catch (tostring | if startswith("${notAPath}") then . else [] end))`;
    try {
      return readPaths(await this.#run(documents, program));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      // Whatever ended it, the next question finds a jq that works.
      this.#module = undefined;
      const isRefused = message.includes('compile error');
      return isRefused ? { kind: 'invalid', message: firstLine(message) } : { kind: 'failed', message: 'jq ended' };
    }
  }

  async #run(input: string, program: string): Promise<string> {
    const bytes = Buffer.byteLength(program) + 256;
    if (this.#module === undefined || this.#spentBytes + bytes > stackBytes) {
      this.#module = (await makeJq()) as JqModule;
      this.#spentBytes = 0;
    }
    this.#spentBytes += bytes;
    return this.#module.raw(input, program, ['-c']);
  }
}

function readPaths(output: string): JqAnswer {
  const lines = output.split('\n').filter((line) => line !== '');
  const found = lines.map((line) => JSON.parse(line) as unknown);
  const message = found.find((one) => typeof one === 'string');
  if (message !== undefined) return { kind: 'invalid', message: 'it computes values where it should name places' };
  const paths = found.filter(isListOfPaths);
  if (paths.length === found.length) return { kind: 'paths', paths };
  return { kind: 'invalid', message: 'slices and indexes from the end are no places' };
}

function isListOfPaths(value: unknown): value is (string | number)[][] {
  return Array.isArray(value) && value.every((path) => Array.isArray(path) && path.every(isKey));
}

function isKey(value: unknown): value is string | number {
  return typeof value === 'string' || (typeof value === 'number' && value >= 0);
}

/** `jq: error: foo/0 is not defined at <top-level>, line 1:` and the program, which users did not write. */
function firstLine(message: string): string {
  const [line = ''] = message.split('\n');
  return line.replace(/^jq: error: /, '').replace(/( \(Unix shell quoting issues\?\))? at <top-level>.*$/, '');
}
