import type { FileContent } from '../../tools/git-server.ts';

export type Renderer = 'directory' | 'kustomize' | 'helm';

/** Of one folder. */
export type Files = Record<string, FileContent>;

/** What people commit and mend later. While it lasts nothing of the Application may be deleted. */
export const mistakes = ['noYaml', 'twice', 'refused', 'noFolder', 'emptied'] as const;

export type Mistake = (typeof mistakes)[number];

const service = (spec: unknown): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'mistake' }, spec });

const good = service({ ports: [{ port: 80 }] });
/** Nobody but the server knows how high a port may be. */
const refused = service({ ports: [{ port: 80_000 }] });

/** The folder's files with the mistake in them. */
export function withMistake(mistake: Mistake, renderer: Renderer, files: Files): Files {
  switch (mistake) {
    case 'noYaml':
      return withFiles(renderer, files, { 'mistake.yaml': 'a: [' });
    case 'twice':
      return withFiles(renderer, files, { 'mistake.yaml': good, 'mistake-again.yaml': good });
    case 'refused':
      return withFiles(renderer, files, { 'mistake.yaml': refused });
    case 'noFolder':
      return {};
    case 'emptied':
      return { 'README.md': 'Nothing here.' };
  }
}

function withFiles(renderer: Renderer, files: Files, more: Readonly<Record<string, string>>): Files {
  const names = Object.keys(more);
  switch (renderer) {
    case 'directory':
      return { ...files, ...more };
    case 'helm':
      return { ...files, ...Object.fromEntries(names.map((name) => [`templates/${name}`, more[name] ?? ''])) };
    case 'kustomize': {
      const resources = [...Object.keys(files).filter((name) => name.endsWith('.json')), ...names];
      return { ...files, ...more, 'kustomization.yaml': JSON.stringify({ resources }) };
    }
  }
}
