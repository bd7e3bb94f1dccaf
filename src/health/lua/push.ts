import type { LuaWasm } from 'wasmoon';
import type { JsonValue } from '../../model/json.ts';
import { isJsonArray, isJsonObject } from '../../model/json.ts';

/** Levels of lists and objects; no API's objects are nested half as deep. */
const deepest = 500;

/** Whether a value can be pushed. */
export function isShallow(value: JsonValue, levels = deepest): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((item: JsonValue) => isShallow(item, levels - 1));
}

/** Pushes a shallow JSON value onto a Lua stack: lists begin at 1, null is absent, integers stay integers. */
export function pushJson(lua: LuaWasm, state: number, value: JsonValue): void {
  if (isJsonArray(value)) pushList(lua, state, value);
  else if (isJsonObject(value)) pushFields(lua, state, Object.entries(value));
  else if (typeof value === 'string') pushText(lua, state, value);
  else if (typeof value === 'boolean') lua.lua_pushboolean(state, value ? 1 : 0);
  else if (typeof value === 'number' && Number.isSafeInteger(value)) lua.lua_pushinteger(state, BigInt(value));
  else if (value === null) lua.lua_pushnil(state);
  else lua.lua_pushnumber(state, Number(value));
}

function pushList(lua: LuaWasm, state: number, items: readonly JsonValue[]): void {
  lua.lua_checkstack(state, roomPerLevel);
  lua.lua_createtable(state, items.length, 0);
  let at = 0n;
  for (const item of items) {
    at += 1n;
    pushJson(lua, state, item);
    lua.lua_rawseti(state, -2, at);
  }
}

function pushFields(lua: LuaWasm, state: number, fields: readonly (readonly [string, JsonValue])[]): void {
  lua.lua_checkstack(state, roomPerLevel);
  lua.lua_createtable(state, 0, fields.length);
  for (const [name, value] of fields) {
    pushText(lua, state, name);
    pushJson(lua, state, value);
    lua.lua_rawset(state, -3);
  }
}

/** A table, a key and a value. */
const roomPerLevel = 3;

/** Text with a NUL is not cut there. */
function pushText(lua: LuaWasm, state: number, text: string): void {
  if (text.includes('\0')) lua.lua_pushlstring(state, text, lua.module.lengthBytesUTF8(text));
  else lua.lua_pushstring(state, text);
}
