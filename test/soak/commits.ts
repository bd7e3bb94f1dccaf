import type { Chance } from './chance.ts';
import type { Fleet, Folder } from './fleet.ts';
import type { Item } from './manifests.ts';
import { refOf } from './manifests.ts';
import { mistakes } from './mistakes.ts';
import type { Pushes } from './pushes.ts';

/** An Application is never left with less, so that no render is empty but by mistake. */
const fewest = 5;

type CommitKind = keyof typeof weights;

const weights = {
  add: 4,
  change: 8,
  drop: 4,
  rename: 3,
  renameFiles: 2,
  move: 4,
  moveFar: 2,
  bringBack: 1,
  besides: 1,
  storm: 1,
  err: 3,
  mend: 3,
} as const;

/** What people commit. Every act is told to the operator, and says in words what it was. */
export class Commits {
  readonly #fleet: Fleet;
  readonly #chance: Chance;
  readonly #pushes: Pushes;

  constructor(fleet: Fleet, chance: Chance, pushes: Pushes) {
    this.#fleet = fleet;
    this.#chance = chance;
    this.#pushes = pushes;
  }

  async act(): Promise<string> {
    return this.#acts[this.#chance.weighted(weights)]();
  }

  async mendAll(): Promise<string> {
    const wrong = this.#fleet.folders.filter(({ mistake }) => mistake !== undefined);
    const said = [];
    for (const folder of wrong) said.push(await this.#mend(folder));
    return said.length === 0 ? 'no mistakes to mend' : said.join('; ');
  }

  readonly #acts: Readonly<Record<CommitKind, () => Promise<string>>> = {
    add: async () => {
      const folder = this.#chance.pick(this.#fleet.folders);
      const items = Array.from({ length: this.#chance.between(1, 5) }, () => this.#fleet.add(folder));
      return this.#commit([folder], `add ${namesOf(items)}`);
    },
    change: async () => {
      const folder = this.#chance.pick(this.#fleet.folders);
      const items = this.#some(folder, 12);
      for (const item of items) this.#fleet.change(item);
      return this.#commit([folder], `change ${namesOf(items)}`);
    },
    drop: async () => {
      const folder = this.#chance.pick(this.#fleet.folders);
      const items = this.#someToTake(folder, 4);
      for (const item of items) this.#take(folder, item);
      return this.#commit([folder], `drop ${namesOf(items)}`);
    },
    rename: async () => {
      const folder = this.#chance.pick(this.#fleet.folders);
      const items = this.#someToTake(folder, 3);
      const named = items.map((item) => {
        this.#take(folder, item);
        const next = { ...item, name: `renamed-${this.#fleet.nextSerial()}` };
        folder.items.set(refOf(next), next);
        return next;
      });
      return this.#commit([folder], `rename ${namesOf(items)} to ${namesOf(named)}`);
    },
    renameFiles: async () => {
      const folder = this.#chance.pick(this.#fleet.folders);
      const items = this.#some(folder, 5);
      for (const item of items) item.isFileRenamed = !item.isFileRenamed;
      return this.#commit([folder], `rename the files of ${namesOf(items)}`);
    },
    move: async () => {
      const [from, to] = this.#chance.some(this.#well(this.#chance.pick(this.#fleet.repositories).folders), 2);
      if (from === undefined || to === undefined) return 'nowhere to move to';
      const items = this.#someToTake(from, 4);
      for (const item of items) this.#move(item, from, to);
      return this.#commit([from, to], `move ${namesOf(items)} from ${from.name} to ${to.name}`);
    },
    moveFar: async () => {
      const [from, to] = this.#chance.some(this.#well(this.#fleet.folders), 2);
      if (from === undefined || to === undefined || from.repository === to.repository) return 'nowhere to move to';
      const items = this.#someToTake(from, 3);
      for (const item of items) {
        to.items.set(refOf(item), item);
        this.#fleet.moved.add(refOf(item));
      }
      const added = await this.#commit([to], `add ${namesOf(items)} of ${from.name}`);
      for (const item of items) from.items.delete(refOf(item));
      return `${added}; ${await this.#commit([from], `drop ${namesOf(items)}, which ${to.name} has`)}`;
    },
    bringBack: async () => {
      const folder = this.#chance.pick(this.#fleet.folders);
      const items = this.#someToTake(folder, 3);
      for (const item of items) this.#take(folder, item);
      const dropped = await this.#commit([folder], `drop ${namesOf(items)}`);
      for (const item of items) folder.items.set(refOf(item), { ...item, serial: this.#fleet.nextSerial() });
      return `${dropped}; ${await this.#commit([folder], `bring ${namesOf(items)} back`)}`;
    },
    besides: async () => {
      const repository = this.#chance.pick(this.#fleet.repositories);
      await repository.git.commit({ 'README.md': `${this.#fleet.nextSerial()}` }, 'besides');
      this.#pushes.tell(repository);
      return `${repository.name}: change nothing but README.md`;
    },
    storm: async () => {
      const { folders, name } = this.#chance.pick(this.#fleet.repositories);
      for (let count = 0; count < 8; count += 1) {
        const folder = this.#chance.pick(folders);
        for (const item of this.#some(folder, 5)) this.#fleet.change(item);
        await this.#commit([folder], 'storm');
      }
      return `${name}: 8 commits in a row`;
    },
    err: async () => {
      const folder = this.#chance.pick(this.#well(this.#fleet.folders));
      folder.mistake = this.#chance.pick(mistakes);
      // What has just come may never be seen here, and where it was it is gone.
      for (const ref of folder.items.keys()) if (this.#fleet.moved.has(ref)) this.#fleet.mayBeNew.add(ref);
      return this.#commit([folder], `err: ${folder.mistake}`);
    },
    mend: async () => {
      const wrong = this.#fleet.folders.filter(({ mistake }) => mistake !== undefined);
      return wrong.length === 0 ? 'no mistake to mend' : this.#mend(this.#chance.pick(wrong));
    },
  };

  async #mend(folder: Folder): Promise<string> {
    const { mistake } = folder;
    folder.mistake = undefined;
    return this.#commit([folder], `mend ${mistake ?? ''}`);
  }

  async #commit(folders: readonly [Folder, ...Folder[]], what: string): Promise<string> {
    const { repository } = folders[0];
    const sha = await this.#fleet.commit(repository, folders, what);
    this.#pushes.tell(repository);
    return `${repository.name} ${sha.slice(0, 7)} ${folders.map(({ name }) => name).join()}: ${what}`;
  }

  #some({ items }: Folder, most: number): Item[] {
    return this.#chance.some([...items.values()], this.#chance.between(1, most));
  }

  #someToTake(folder: Folder, most: number): Item[] {
    const spare = folder.items.size - fewest;
    return spare <= 0 ? [] : this.#some(folder, Math.min(most, spare));
  }

  #take(folder: Folder, item: Item): void {
    folder.items.delete(refOf(item));
    this.#fleet.mayBeNew.add(refOf(item));
  }

  #move(item: Item, from: Folder, to: Folder): void {
    from.items.delete(refOf(item));
    to.items.set(refOf(item), item);
    this.#fleet.moved.add(refOf(item));
    if (this.#chance.between(0, 1) === 0) this.#fleet.change(item);
  }

  #well(folders: readonly Folder[]): Folder[] {
    return folders.filter(({ mistake }) => mistake === undefined);
  }
}

function namesOf(items: readonly Item[]): string {
  return items.map(({ name }) => name).join(' ');
}
