import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import type { KustomizeOptions } from '../../../../src/model/application.ts';
import { arrayAt, encodeJson, isJsonObject, type JsonValue } from '../../../../src/model/json.ts';
import { decodeFile } from '../../../../src/source/decode.ts';
import { readYaml } from '../../../../src/source/yaml/yaml.ts';
import { written } from './stage.ts';

const run = promisify(execFile);

/** Text, or a link. */
export type CaseFile = string | { readonly symlink: string };

export async function writeFiles(folder: string, files: Readonly<Record<string, CaseFile>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    if (typeof content === 'string') await writeFile(file, content);
    else await symlink(content.symlink, file);
  }
}

/**
 * What Argo CD does with a folder: the real `kustomize edit`, command by command in its order, patches appended to the
 * file (there is no command for that), then `kustomize build`. Changes the folder.
 */
export class ByHand {
  readonly #kustomize: string;
  readonly #folder: string;

  constructor(kustomize: string, folder: string) {
    this.#kustomize = kustomize;
    this.#folder = folder;
  }

  async edit(options: KustomizeOptions): Promise<void> {
    const { namePrefix, nameSuffix, namespace, images, replicas } = options;
    if (namePrefix !== '') await this.#edit('set', 'nameprefix', '--', namePrefix);
    if (nameSuffix !== '') await this.#edit('set', 'namesuffix', '--', nameSuffix);
    if (images.length > 0) await this.#edit('set', 'image', ...images);
    if (replicas.length > 0)
      await this.#edit('set', 'replicas', ...replicas.map(({ name, count }) => `${name}=${count}`));
    await this.#addLabels(options);
    if (namespace !== '') await this.#edit('set', 'namespace', '--', namespace);
    await this.#appendPatches(options);
    const components = await this.#existing(options);
    if (components.length > 0) await this.#edit('add', 'component', ...components);
  }

  async build(): Promise<string[]> {
    const { stdout } = await run(this.#kustomize, ['build', '.'], { cwd: this.#folder, maxBuffer: 64 * 1024 * 1024 });
    return written(decodeFile('by hand', Buffer.from(stdout)));
  }

  async #edit(...args: readonly string[]): Promise<void> {
    await run(this.#kustomize, ['edit', ...args], { cwd: this.#folder });
  }

  async #addLabels(options: KustomizeOptions): Promise<void> {
    const labelFlags = [
      ...(options.forceCommonLabels ? ['--force'] : []),
      ...(options.labelWithoutSelector ? ['--without-selector'] : []),
      ...(options.labelIncludeTemplates ? ['--include-templates'] : []),
    ];
    const labels = pairs(options.commonLabels);
    if (labels.length > 0) await this.#edit('add', 'label', ...labelFlags, ...labels);
    const annotations = pairs(options.commonAnnotations);
    const annotationFlags = options.forceCommonAnnotations ? ['--force'] : [];
    if (annotations.length > 0) await this.#edit('add', 'annotation', ...annotationFlags, ...annotations);
  }

  async #appendPatches({ patches }: KustomizeOptions): Promise<void> {
    if (patches.length === 0) return;
    const name = (await readdir(this.#folder)).find((entry) => /^kustomization\.ya?ml$|^Kustomization$/.test(entry));
    const file = path.join(this.#folder, name ?? '');
    const value = readYaml(await readFile(file, 'utf8'))[0]?.value;
    const before = isJsonObject(value) ? value : {};
    const added = patches.map((patch) => Object.fromEntries(Object.entries(patch).filter(([, part]) => part !== '')));
    const edited = { ...before, patches: [...arrayAt(before, 'patches'), ...(added as JsonValue[])] };
    await writeFile(file, encodeJson(edited));
  }

  async #existing({ components, ignoreMissingComponents }: KustomizeOptions): Promise<readonly string[]> {
    if (!ignoreMissingComponents) return components;
    const there = await Promise.all(components.map((component) => isThere(path.join(this.#folder, component))));
    return components.filter((_, index) => there[index]);
  }
}

function pairs(map: Readonly<Record<string, string>>): string[] {
  return Object.entries(map).map(([name, value]) => `${name}:${value}`);
}

async function isThere(file: string): Promise<boolean> {
  return await stat(file).then(
    () => true,
    () => false,
  );
}
