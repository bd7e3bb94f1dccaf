import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { decodeFile, decodeText, type WrittenObject } from '../../decode.ts';
import { renderError } from '../../failures.ts';
import { limitExceeded, type Limits } from '../../limits.ts';
import type { PlacedFile } from '../../workspace.ts';
import { splitDocuments } from '../../yaml/split.ts';
import type { RenderTools, Written } from '../renderer.ts';

/** What is built: a folder of the files, with the name that messages have for it. */
export interface Build {
  readonly files: readonly PlacedFile[];
  readonly folder: string;
}

/** A plugin of kustomize takes the name of a folder into an object: that of the root may not be another each time. */
const rootName = 'repository';

/** kustomize itself starts git and speaks HTTP; where that is not allowed, neither shall get through. */
const noNetwork = {
  GIT_ALLOW_PROTOCOL: 'none',
  HTTP_PROXY: 'http://127.0.0.1:9',
  HTTPS_PROXY: 'http://127.0.0.1:9',
};

/** Runs `kustomize build` on files in a fresh folder. Throws OperatorError RenderFailed with the words of kustomize. */
export async function build({ files, folder }: Build, tools: RenderTools, signal: AbortSignal): Promise<Written> {
  const { limits, allowRemoteBases } = tools;
  await using workspace = await tools.workspaces.create();
  await workspace.place(
    files.map(({ path, bytes }) => ({ path: join(rootName, path), bytes })),
    signal,
  );
  const root = join(workspace.folder, rootName);
  const { code, stdout, stderr } = await tools.tools.run(
    {
      tool: 'kustomize',
      args: ['build', '.'],
      cwd: join(root, folder),
      env: allowRemoteBases ? {} : noNetwork,
      limits: { timeMs: limits.renderMs, memoryBytes: limits.renderMemoryBytes, outputBytes: limits.renderBytes },
      hide: [
        { text: `${root}/`, by: '' },
        { text: root, by: '.' },
      ],
    },
    signal,
  );
  if (code !== 0) throw renderError('RenderFailed', `kustomize build ${folder}: ${whatWentWrong(stderr)}`);
  return await decodeOutput(folder, stdout, { limits, signal });
}

function whatWentWrong(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('# Warning:'));
  return lines.join('\n').replace(/^Error: /, '') || 'failed without a word';
}

/** Decodes object by object, letting the loop do other work in between. */
async function decodeOutput(
  folder: string,
  stdout: Uint8Array,
  { limits, signal }: { readonly limits: Limits; readonly signal: AbortSignal },
): Promise<Written> {
  const objects: WrittenObject[] = [];
  const command = `kustomize build ${folder}`;
  for (const [index, { text, line }] of splitDocuments(decodeText(command, stdout)).entries()) {
    await setImmediate();
    signal.throwIfAborted();
    const file = `${command} (${nameOf(text)})`;
    for (const { object, origin } of decodeFile(file, Buffer.from(text)).objects) {
      objects.push({ object, origin: { file, document: index + 1, line: origin.line + line - 1 } });
    }
    if (objects.length > limits.objects) throw limitExceeded('the objects of the Application', 'objects', limits);
  }
  return { objects, skippedDocuments: 0 };
}

/** Read off the text, because a message wants it even for what cannot be decoded; kustomize writes in one layout. */
function nameOf(text: string): string {
  const kind = /^kind: (.+)$/m.exec(text)?.[1] ?? 'object';
  const name = /^metadata:\n(?: .*\n)*? {2}name: (.+)$/m.exec(text)?.[1] ?? 'without a name';
  return `${kind} ${name}`;
}
