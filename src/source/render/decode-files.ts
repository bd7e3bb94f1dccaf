import { setImmediate } from 'node:timers/promises';
import { decodeFile, type WrittenObject } from '../decode.ts';
import { notYetSupported } from '../failures.ts';
import { limitExceeded, type Limits } from '../limits.ts';
import type { TreeNode } from '../tree.ts';
import type { Written } from './renderer.ts';

/** Decodes manifest files one by one, letting the loop do other work in between. */
export async function decodeFiles(files: readonly TreeNode[], limits: Limits, signal: AbortSignal): Promise<Written> {
  const objects: WrittenObject[] = [];
  let skippedDocuments = 0;
  let total = 0;
  for (const file of files) {
    await setImmediate();
    signal.throwIfAborted();
    const bytes = await file.tree.read(file);
    total += bytes.length;
    if (total > limits.manifestsBytes)
      throw limitExceeded('the manifests of the Application', 'manifestsBytes', limits);
    if (bytes.includes('+argocd:skip-file-rendering')) continue;
    checkPointer(file.path, bytes);
    const decoded = decodeFile(file.path, bytes);
    objects.push(...decoded.objects);
    skippedDocuments += decoded.skippedDocuments;
    if (objects.length > limits.objects) throw limitExceeded('the objects of the Application', 'objects', limits);
  }
  return { objects, skippedDocuments };
}

/** Git LFS leaves a pointer where the content should be. Throws OperatorError NotYetSupported. */
export function checkPointer(path: string, bytes: Buffer): void {
  if (!bytes.subarray(0, 64).toString('latin1').startsWith('version https://git-lfs.github.com/spec/')) return;
  throw notYetSupported(`${path}: is stored in Git LFS, which is not supported yet`);
}
