import type { KubeObject } from '../../src/model/object.ts';
import type { GitRepository } from '../../tools/git-server.ts';
import type { World } from '../../tools/world.ts';
import { applyObject } from './bare-install.ts';

const object: KubeObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'bare-deployed', namespace: 'default' },
};

/** Somebody who fetches a commit by git, and checks and writes one object, by hand. */
export class BareDeployer {
  readonly #world: World;
  readonly #origin: GitRepository;
  readonly #clone: GitRepository;
  #count = 0;

  private constructor(world: World, origin: GitRepository, clone: GitRepository) {
    this.#world = world;
    this.#origin = origin;
    this.#clone = clone;
  }

  static async beside(world: World, origin: GitRepository): Promise<BareDeployer> {
    const clone = await world.git.createRepository(`clone-${performance.now()}`);
    return new BareDeployer(world, origin, clone);
  }

  /** Milliseconds. */
  async deploy(): Promise<number> {
    this.#count += 1;
    const began = performance.now();
    await this.#clone.git(['fetch', '--quiet', '--depth=1', this.#origin.url, 'main']);
    const manifest = { ...object, data: { count: String(this.#count) } };
    await applyObject(this.#world.plane, manifest, '&dryRun=All');
    await applyObject(this.#world.plane, manifest, '&force=true');
    return performance.now() - began;
  }
}
