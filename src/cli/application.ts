import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { parse } from 'yaml';
import type { Application, KnownApplication } from '../model/application.ts';
import { installationOf } from '../model/installation.ts';
import type { JsonObject } from '../model/json.ts';
import { decodeJson } from '../model/json.ts';
import { isKubeObject, type KubeObject } from '../model/object.ts';
import type { ParsedApplication } from '../model/parse-application.ts';
import { parseApplication } from '../model/parse-application.ts';

export interface FolderOptions {
  readonly folder: string;
  /** Of the folder in its repository. */
  readonly path: string;
  readonly name?: string;
  readonly namespace: string;
  readonly destinationNamespace: string;
}

/** An address that nobody has: the folder stands for what would be there. */
const nowhere = 'https://local.invalid/repository.git';

/** The Application that a folder without one is rendered for. */
export function applicationOf({ folder, path, namespace, ...flags }: FolderOptions): Application {
  const { name = basename(folder).toLowerCase(), destinationNamespace } = flags;
  const spec = { source: { repoURL: nowhere, path }, destination: { namespace: destinationNamespace } };
  return validApplication({
    apiVersion: 'evenkeel.dev/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace, uid: 'local' },
    spec,
  });
}

/** Also an Argo CD Application: the fields are the same. Throws OperatorError for what the operator would refuse. */
export async function applicationFromFile(file: string): Promise<Application> {
  const value = decodeJson(JSON.stringify(parse(await readFile(file, 'utf8'))));
  if (!isKubeObject(value) || value.kind !== 'Application') throw new Error(`${file}: holds no Application`);
  return validApplication(value);
}

/** Throws OperatorError for what the operator would refuse. */
export function validApplication(object: KubeObject, inventories: readonly KubeObject[] = []): Application {
  const parsed = parsedApplication(object, inventories);
  if (parsed.kind === 'invalid') throw parsed.error;
  return parsed.app;
}

/** What is known of it, whether or not its spec can be read. */
export function knownApplication(object: KubeObject, inventories: readonly KubeObject[] = []): KnownApplication {
  return parsedApplication(object, inventories).app;
}

function parsedApplication(object: KubeObject, inventories: readonly KubeObject[]): ParsedApplication {
  const local: JsonObject = { uid: 'local', ...object.metadata };
  const known = { ...object, metadata: { ...local, name: object.metadata.name } };
  return parseApplication(known, inventories, installationOf(known));
}

/** The repository that a folder is in, so that bases beside it are found; the folder itself when it is in none. */
export function rootOf(folder: string): { readonly root: string; readonly path: string } {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git'))) return { root: at, path: relative(at, folder) || '.' };
    if (dirname(at) === at) return { root: folder, path: '.' };
  }
}
