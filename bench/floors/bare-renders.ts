import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { obtain } from '../../tools/assets/assets.ts';
import type { FleetShape } from '../stage/fleet.ts';
import { filesOf, membersOf } from '../stage/fleet.ts';
import { inParallel } from '../stage/in-parallel.ts';

/** Seconds to render all Applications by kustomize, as many at a time as there are processors. */
export async function bareRenders(shape: FleetShape, folder: string): Promise<number> {
  const { kustomize } = await obtain(['kustomize']);
  const members = membersOf(shape);
  for (const member of members)
    for (const [file, text] of Object.entries(filesOf(shape, member))) {
      await mkdir(path.join(folder, path.dirname(file)), { recursive: true });
      await writeFile(path.join(folder, file), text);
    }
  const began = performance.now();
  await inParallel(members, availableParallelism(), ({ name }) =>
    promisify(execFile)(kustomize, ['build', path.join(folder, 'apps', name)]),
  );
  return (performance.now() - began) / 1000;
}
