import { setImmediate } from 'node:timers/promises';
import { decodeFile, decodeText, type WrittenObject } from '../../decode.ts';
import { limitExceeded, type Limits } from '../../limits.ts';
import { join } from '../../tree.ts';
import { splitDocuments } from '../../yaml/split.ts';
import type { Written } from '../renderer.ts';

/** Helm names the template before what it printed; it is taken off, so that lines count as in the template, or nearly. */
const header = /^---[ \t]*\n# Source: [^/\n]+\/(.+)\n/;

/**
 * The objects that Helm printed, each with the template that it comes from. Lets the loop do other work in between. Throws OperatorError DecodeFailed, InvalidObject, LimitExceeded.
 */
export async function decodeOutput(
  folder: string,
  stdout: Uint8Array,
  { limits, signal }: { readonly limits: Limits; readonly signal: AbortSignal },
): Promise<Written> {
  const objects: WrittenObject[] = [];
  const documents = new Map<string, number>();
  let skippedDocuments = 0;
  let file = `helm template ${folder}`;
  for (const { text } of splitDocuments(decodeText(file, stdout))) {
    await setImmediate();
    signal.throwIfAborted();
    // A file of crds/ may hold several documents, of which the first says where all are from.
    file = templateOf(text, folder) ?? file;
    const decoded = decodeFile(file, Buffer.from(text.replace(header, '')));
    const document = (documents.get(file) ?? 0) + 1;
    documents.set(file, document);
    for (const { object, origin } of decoded.objects) objects.push({ object, origin: { ...origin, document } });
    skippedDocuments += decoded.skippedDocuments;
    if (objects.length > limits.objects) throw limitExceeded('the objects of the Application', 'objects', limits);
  }
  return { objects, skippedDocuments };
}

/** The chart's name stands for its folder. */
function templateOf(text: string, folder: string): string | undefined {
  const path = header.exec(text)?.[1];
  if (path === undefined) return undefined;
  // What a template prints is YAML, whatever the template is called.
  return join(folder, path.endsWith('.json') ? `${path} (as rendered)` : path);
}
