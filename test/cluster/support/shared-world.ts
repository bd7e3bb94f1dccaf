import { after } from 'node:test';
import { startWorld, type World, type WorldOptions } from '../../../tools/world.ts';

/** A world with an operator for all tests of a file, which asks for it at its top; it ends with the last of them. */
export async function sharedWorld(options: WorldOptions = {}): Promise<World> {
  const world = await startWorld(options);
  after(() => world[Symbol.asyncDispose]());
  await world.startOperator();
  return world;
}
