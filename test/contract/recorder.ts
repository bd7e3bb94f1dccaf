import type { ReflectorListener } from '../../src/kube/cluster.ts';
import type { KubeObject } from '../../src/model/object.ts';
import { eventually } from '../../tools/eventually.ts';

/** Writes down what a reflector tells: `changed name`, `deleted name`, `synced`, `interrupted`. */
export class Recorder implements ReflectorListener {
  readonly told: string[] = [];
  readonly whys: string[] = [];
  readonly #last = new Map<string, KubeObject>();

  synced(): void {
    this.told.push('synced');
  }

  changed(object: KubeObject): void {
    this.#last.set(object.metadata.name, object);
    this.told.push(`changed ${object.metadata.name}`);
  }

  deleted(object: KubeObject): void {
    this.#last.set(object.metadata.name, object);
    this.told.push(`deleted ${object.metadata.name}`);
  }

  interrupted(why: string): void {
    this.whys.push(why);
    this.told.push('interrupted');
  }

  /** The object as it was told last. */
  last(name: string): KubeObject | undefined {
    return this.#last.get(name);
  }

  /** Waits until all of these were told. */
  async heard(...expected: readonly string[]): Promise<void> {
    await eventually(
      `${expected.join(', ')} (told: ${this.told.join(', ')})`,
      () => expected.every((line) => this.told.includes(line)),
      { every: 5 },
    );
  }

  /** How often a line was told. */
  count(line: string): number {
    return this.told.filter((told) => told === line).length;
  }
}
