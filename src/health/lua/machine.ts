import { LuaEventMasks, LuaReturn, LuaType, LuaWasm } from 'wasmoon';
import type { HealthStatus } from '../../model/health.ts';
import { decodeJson } from '../../model/json.ts';
import { prelude } from './prelude.ts';
import { failed, type ScriptLimits, type ScriptOutcome, type ScriptRequest } from './protocol.ts';
import { isShallow, pushJson } from './push.ts';
import { translate } from './translate.ts';

/** Thrown through the virtual machine, past every `pcall` of the script; its state is lost by that. */
class Spent extends Error {}

const instructionsPerCount = 1_000;
const statuses: readonly HealthStatus[] = ['Healthy', 'Suspended', 'Progressing', 'Missing', 'Degraded', 'Unknown'];

/**
 * Runs health scripts, each in a state of its own: nothing that one leaves behind reaches the next.
 *
 * Guarantees: a script has `base`, `table`, `string`, `math`, `os.time` and `os.date`, and no way to files, processes
 * or code of the host; instructions and memory are bounded. Caveats: what one instruction takes (a pattern, a sort) is
 * not, so whoever runs it in a thread watches the time; after an outcome that is `spent` the machine is broken.
 */
export class LuaMachine {
  readonly #lua: LuaWasm;
  readonly #limits: ScriptLimits;
  readonly #allocator: number;
  readonly #counter: number;
  /** Compiled once: reading its text would take half of the time of a run. */
  readonly #prelude: { readonly at: number; readonly size: number };
  #memory = { used: 0, most: Infinity };
  #counts = 0;

  private constructor(lua: LuaWasm, limits: ScriptLimits) {
    this.#lua = lua;
    this.#limits = limits;
    this.#allocator = lua.module.addFunction(this.#allocate, 'iiiii');
    this.#counter = lua.module.addFunction(this.#count, 'vii');
    this.#prelude = compile(lua, prelude);
  }

  static async load(limits: ScriptLimits): Promise<LuaMachine> {
    return new LuaMachine(await LuaWasm.initialize(), limits);
  }

  /** Never throws. */
  run(request: ScriptRequest): ScriptOutcome {
    try {
      return this.#inState((state) => this.#answer(state, request));
    } catch (error) {
      return failed(`${request.name}: ${error instanceof Error ? error.message : String(error)}`, true);
    }
  }

  #inState(use: (state: number) => ScriptOutcome): ScriptOutcome {
    this.#memory = { used: 0, most: Infinity };
    this.#counts = 0;
    const state = this.#lua.lua_newstate(this.#allocator, null);
    const outcome = use(state);
    this.#lua.lua_close(state);
    return outcome;
  }

  #answer(state: number, request: ScriptRequest): ScriptOutcome {
    if (request.kind === 'check') return this.#load(state, request) ?? { kind: 'silent' };
    const object = decodeJson(request.object);
    if (!isShallow(object)) return failed(`${request.name}: the object is nested too deeply`);
    this.#openLibraries(state);
    const { at, size } = this.#prelude;
    this.#lua.luaL_loadbufferx(state, at, size, '=prelude', 'b');
    this.#lua.lua_pushinteger(state, BigInt(request.now));
    this.#lua.lua_callk(state, 1, 1, 0, null);
    pushJson(this.#lua, state, object);
    this.#lua.lua_setglobal(state, 'obj');
    return this.#load(state, request) ?? this.#call(state, request);
  }

  #openLibraries(state: number): void {
    const lua = this.#lua;
    lua.luaopen_base(state);
    lua.lua_settop(state, 0);
    for (const [name, open] of [
      ['table', lua.luaopen_table],
      ['string', lua.luaopen_string],
      ['math', lua.luaopen_math],
      ['os', lua.luaopen_os],
    ] as const) {
      open(state);
      lua.lua_setglobal(state, name);
    }
  }

  /** The failure, or undefined with the function on the stack. Text only: bytecode could do anything. */
  #load(state: number, { name, script }: ScriptRequest): ScriptOutcome | undefined {
    const lua = this.#lua;
    const text = translate(script);
    const code = lua.luaL_loadbufferx(state, text, lua.module.lengthBytesUTF8(text), `=${name}`, 't');
    return code === LuaReturn.Ok ? undefined : failed(this.#messageAt(state, name));
  }

  #call(state: number, { name }: ScriptRequest): ScriptOutcome {
    const lua = this.#lua;
    this.#memory.most = this.#memory.used + this.#limits.memoryBytes;
    lua.lua_sethook(state, this.#counter, LuaEventMasks.Count, instructionsPerCount);
    // What the prelude returned is what the chunk is called with.
    lua.lua_pushvalue(state, 1);
    const code = lua.lua_pcallk(state, 1, 1, 0, 0, null);
    lua.lua_sethook(state, null, 0, 0);
    this.#memory.most = Infinity;
    if (code === (LuaReturn.ErrorMem as number))
      return failed(`${name}: takes more than ${this.#limits.memoryBytes / 2 ** 20} MiB of memory`);
    if (code !== (LuaReturn.Ok as number)) return failed(this.#messageAt(state, name));
    return this.#resultAt(state, name);
  }

  /** What is thrown need not be text. */
  #messageAt(state: number, name: string): string {
    const text = this.#textAt(state, -1);
    if (text === undefined) return `${name}: failed with an error that is no text`;
    return text.startsWith(`${name}:`) ? text : `${name}: ${text}`;
  }

  #resultAt(state: number, name: string): ScriptOutcome {
    const type = this.#lua.lua_type(state, -1);
    if (type === LuaType.Nil) return { kind: 'silent' };
    if (type !== LuaType.Table) return failed(`${name}: must return a table, returned ${this.#nameOf(state, type)}`);
    if (this.#isEmpty(state)) return { kind: 'silent' };
    const status = this.#fieldAt(state, 'status');
    const known = statuses.find((word) => word === status);
    if (known !== undefined)
      return { kind: 'verdict', health: { status: known, message: this.#fieldAt(state, 'message') ?? '' } };
    return failed(`${name}: returned ${status === undefined ? 'no status' : `the status ${JSON.stringify(status)}`}`);
  }

  #nameOf(state: number, type: LuaType): string {
    return `a ${this.#lua.lua_typename(state, type)}`;
  }

  #isEmpty(state: number): boolean {
    this.#lua.lua_pushnil(state);
    if (this.#lua.lua_next(state, -2) === 0) return true;
    this.#lua.lua_settop(state, -3);
    return false;
  }

  /** Without metamethods: outside of a protected call an error would end the machine. */
  #fieldAt(state: number, field: string): string | undefined {
    this.#lua.lua_pushstring(state, field);
    this.#lua.lua_rawget(state, -2);
    const text = this.#textAt(state, -1);
    this.#lua.lua_settop(state, -2);
    return text;
  }

  #textAt(state: number, index: number): string | undefined {
    const type = this.#lua.lua_type(state, index);
    if (type === LuaType.Number) return String(this.#lua.lua_tonumberx(state, index, null));
    return type === LuaType.String ? this.#lua.lua_tolstring(state, index, null) : undefined;
  }

  readonly #allocate = (_data: number, pointer: number, before: number, size: number): number => {
    const { module } = this.#lua;
    const held = pointer === 0 ? 0 : before;
    if (size === 0) {
      module._free(pointer);
      this.#memory.used -= held;
      return 0;
    }
    if (size > held && this.#memory.used + size - held > this.#memory.most) return 0;
    const moved = module._realloc(pointer, size);
    if (moved !== 0) this.#memory.used += size - held;
    return moved;
  };

  readonly #count = (): void => {
    this.#counts += 1;
    const { instructions } = this.#limits;
    if (this.#counts * instructionsPerCount >= instructions)
      throw new Spent(`takes more than ${instructions.toLocaleString('en')} instructions`);
  };
}

/** Bytecode of a text of ours, in the memory of the virtual machine. */
function compile(lua: LuaWasm, text: string): { readonly at: number; readonly size: number } {
  const { module } = lua;
  const pieces: Uint8Array[] = [];
  const keep = (_state: number, from: number, size: number): number => {
    pieces.push(module.HEAPU8.slice(from, from + size));
    return 0;
  };
  const writer = module.addFunction(keep, 'iiiii');
  const state = lua.luaL_newstate();
  lua.luaL_loadbufferx(state, text, module.lengthBytesUTF8(text), '=prelude', 't');
  lua.lua_dump(state, writer, null, 0);
  lua.lua_close(state);
  module.removeFunction(writer);
  const bytes = Buffer.concat(pieces);
  const at = module._malloc(bytes.length);
  module.HEAPU8.set(bytes, at);
  return { at, size: bytes.length };
}
