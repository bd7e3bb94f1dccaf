import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RulesStage, widget } from './stage.ts';

async function said(script: string): Promise<string> {
  await using stage = new RulesStage();
  stage.scripts({ 'example.com/Widget': script });
  return (await stage.verdict(widget({}))).message;
}

/** Every name that can be reached from the globals, metatables of text included. */
const everything = `
local names = {}
local function list(prefix, values)
  for name in pairs(values) do names[#names + 1] = prefix .. tostring(name) end
end
list('', _G)
for _, library in ipairs({ 'string', 'table', 'math', 'os' }) do list(library .. '.', _G[library]) end
list('text.', getmetatable(''))
if getmetatable('').__index ~= string then names[#names + 1] = 'another string library' end
table.sort(names)
return { status = 'Healthy', message = table.concat(names, ' ') }
`;

const allowed = [
  '_G _VERSION assert collectgarbage error getfenv getmetatable ipairs load loadstring math next obj os pairs pcall',
  'print rawequal rawget rawset require select setfenv setmetatable string table tonumber tostring type unpack xpcall',
  'string.byte string.char string.find string.format string.gfind string.gmatch string.gsub string.len string.lower',
  'string.match string.rep string.reverse string.sub string.upper',
  'table.concat table.getn table.insert table.maxn table.remove table.sort',
  'math.abs math.acos math.asin math.atan math.atan2 math.ceil math.cos math.cosh math.deg math.exp math.floor',
  'math.fmod math.frexp math.huge math.ldexp math.log math.log10 math.max math.min math.mod math.modf math.pi',
  'math.pow math.rad math.random math.randomseed math.sin math.sinh math.sqrt math.tan math.tanh',
  'os.date os.time text.__index',
  // Arithmetic with numbers that are text.
  'text.__add text.__div text.__idiv text.__mod text.__mul text.__pow text.__sub text.__unm',
].flatMap((line) => line.split(' '));

/** Ways out, each of which must yield nil or false. */
const escapes: Readonly<Record<string, string>> = {
  io: 'io',
  debug: 'debug',
  package: 'package',
  coroutine: 'coroutine',
  utf8: 'utf8',
  'os.execute': 'os.execute',
  'os.getenv': 'os.getenv',
  'os.exit': 'os.exit',
  'require of a file': "pcall(require, 'io')",
  'a file': "_G['dofile'] or _G['loadfile']",
  bytecode: "loadstring('\\27Lua')",
  'bytecode by load': "load('\\27Lua')",
  'dumped functions': 'string.dump',
  'the real os': "getmetatable(os) or require('os').rename",
};

describe('a health script', () => {
  it('reaches the allowed libraries and nothing else', async () => {
    assert.deepEqual((await said(everything)).split(' '), allowed.toSorted());
  });

  for (const [name, expression] of Object.entries(escapes)) {
    it(`has no way to ${name}`, async () => {
      assert.match(await said(`return { status = 'Healthy', message = tostring((${expression})) }`), /^(nil|false)$/);
    });
  }

  it('leaves nothing behind for the next one', async () => {
    await using stage = new RulesStage();
    const spoil = `string.format = nil; left = 'here'; getmetatable('').__index = nil; return { status = 'Healthy' }`;
    stage.scripts({
      'example.com/Widget': spoil,
      'example.com/Gadget': `return { status = 'Healthy', message = string.format('%s', tostring(left)) }`,
    });
    await stage.verdict(widget({}));
    assert.equal((await stage.verdict({ ...widget({}, '1', 'other'), kind: 'Gadget' })).message, 'nil');
  });

  it('cannot wait for its end to do what is not counted', async () => {
    const message = await said(`
      setmetatable({}, { __gc = function() while true do end end })
      return { status = 'Healthy', message = 'over' }`);
    assert.equal(message, 'over');
  });

  it('cannot hide behind the metatable of what it returns', async () => {
    const message = await said(`
      return setmetatable({ status = 'Healthy' }, { __index = function() error('no') end, __pairs = error })`);
    assert.equal(message, '');
  });

  it('recurses to its limit and no further', async () => {
    const message = await said(`local function again() return 1 + again() end return again()`);
    assert.match(message, /^health script failed: .*(overflow|memory)/);
  });
});
