/**
 * Runs before each script, with the time as its argument: makes Lua 5.4 look like the Lua 5.1 that Argo CD offers, and
 * takes away what a script has no business with. What it cannot make equal is listed in docs/health-scripts.md.
 */
export const prelude = `
local now = ...
local calendar, compile = os.date, load
local say, read, rawget, rawset, type, error = tostring, tonumber, rawget, rawset, type, error
local select, next, attach = select, next, setmetatable
local whole, kind, floor, ceil, huge = math.tointeger, math.type, math.floor, math.ceil, math.huge
local write, replace, spread, attempt = string.format, string.gsub, table.unpack, pcall
local concat = table.concat

-- Lua 5.1 has one kind of number, and prints 2 for what 5.4 prints as 2.0.
local function plain(value)
  if kind(value) == 'float' then return whole(value) or value end
  return value
end

local function text(value)
  value = plain(value)
  if kind(value) ~= 'float' then return say(value) end
  for digits = 15, 17 do
    local short = write('%.' .. digits .. 'g', value)
    if read(short) == value then return short end
  end
  return say(value)
end

function tostring(...)
  if select('#', ...) == 0 then return say() end
  return text((...))
end

function tonumber(...) return plain(read(...)) end

-- An error of a function that stands in front of the real one, at the line of the script.
local function placed(message)
  if type(message) == 'string' then message = replace(message, '^prelude:%d+: ', '') end
  local bare = type(message) == 'string' and not message:find('^[^\\n]-:%d+: ')
  error(message, bare and 3 or 0)
end

local function truncated(value)
  local number = read(value)
  if number == nil or kind(number) == 'integer' or number ~= number or number == huge or number == -huge then
    return value
  end
  return whole(number < 0 and ceil(number) or floor(number)) or value
end

function string.format(pattern, ...)
  local values, at = { ... }, 0
  pattern = replace(pattern, '%%([-+ #0]*[0-9]*%.?[0-9]*)(.)', function(width, letter)
    if letter == '%' then return nil end
    at = at + 1
    if letter == 's' then values[at] = text(values[at]) end
    if write('%s', letter):find('[diuxXoc]') then values[at] = truncated(values[at]) end
    if letter == 'u' then return '%' .. width .. 'd' end
  end)
  local done, result = attempt(write, pattern, spread(values, 1, select('#', ...)))
  return done and result or placed(result)
end

-- 5.1 takes a character after % in a replacement as itself.
function string.gsub(subject, pattern, replacement, ...)
  if type(replacement) == 'string' then
    replacement = replace(replacement, '%%(.)', function(letter)
      if letter ~= '%' and not read(letter) then return letter end
    end)
  end
  local done, result, count = attempt(replace, subject, pattern, replacement, ...)
  if done then return result, count end
  placed(result)
end

string.gfind = string.gmatch
string.dump, string.pack, string.unpack, string.packsize = nil, nil, nil, nil

unpack = spread
function table.getn(list) return #list end
function table.maxn(list)
  local most = 0
  for key in next, list do
    if type(key) == 'number' and key > most then most = key end
  end
  return most
end
table.pack, table.unpack, table.move = nil, nil, nil

local exp, log = math.exp, math.log
function math.pow(base, exponent) return base ^ exponent end
function math.mod(a, b) return math.fmod(a, b) end
function math.log10(value) return log(value, 10) end
function math.ldexp(fraction, exponent) return fraction * 2.0 ^ exponent end
function math.frexp(value)
  if value == 0 or value ~= value or value == huge or value == -huge then return value, 0 end
  local exponent = floor(log(value < 0 and -value or value, 2)) + 1
  return value / 2.0 ^ exponent, exponent
end
function math.cosh(value) return (exp(value) + exp(-value)) / 2 end
function math.sinh(value) return (exp(value) - exp(-value)) / 2 end
function math.tanh(value) return 1 - 2 / (exp(2 * value) + 1) end
function math.atan2(y, x) return math.atan(y, x) end
math.tointeger, math.type, math.ult, math.maxinteger, math.mininteger = nil, nil, nil, nil, nil

-- Always UTC, like a container's clock.
local function part(parts, name, default)
  return whole(read(parts[name])) or default or error("field '" .. name .. "' missing in date table", 3)
end

local function moment(parts)
  local months = part(parts, 'year') * 12 + part(parts, 'month') - 1
  local year, month = months // 12, months % 12 + 1
  if month <= 2 then year = year - 1 end
  local inEra = year % 400
  local inYear = (153 * (month + (month > 2 and -3 or 9)) + 2) // 5 + part(parts, 'day') - 1
  local days = year // 400 * 146097 + inEra * 365 + inEra // 4 - inEra // 100 + inYear - 719468
  return ((days * 24 + part(parts, 'hour', 12)) * 60 + part(parts, 'min', 0)) * 60 + part(parts, 'sec', 0)
end

os = {
  time = function(parts)
    if parts == nil then return now end
    return moment(parts)
  end,
  date = function(pattern, at)
    pattern = replace(pattern or '%c', '^!', '')
    return calendar('!' .. pattern, at == nil and now or floor(at))
  end,
}

function loadstring(source, name) return compile(source, name, 't', _G) end
function load(source, name) return compile(source, name, 't', _G) end
function getfenv() return _G end
function setfenv() error('setfenv is not supported', 2) end
function print() end
function collectgarbage() return 0 end
function require(name)
  local library = ({ os = os, string = string, table = table, math = math })[name]
  return library or error("module '" .. say(name) .. "' not found", 2)
end

-- Tables of 5.1 have no finalizers; one that never ends could not be counted.
function setmetatable(subject, meta)
  local finalizer = type(meta) == 'table' and rawget(meta, '__gc')
  if not finalizer then return attach(subject, meta) end
  rawset(meta, '__gc', nil)
  attach(subject, meta)
  rawset(meta, '__gc', finalizer)
  return subject
end

function table.concat(list, separator, first, last)
  local pieces = {}
  first, last = first or 1, last or #list
  for at = first, last do
    local piece = rawget(list, at)
    pieces[at] = type(piece) == 'number' and text(piece) or piece
  end
  local done, result = attempt(concat, pieces, separator, first, last)
  return done and result or placed(result)
end

dofile, loadfile, rawlen, warn = nil, nil, nil, nil
_VERSION = 'Lua 5.1'

-- a .. b is written as a .. join .. b: first the right one is held, then the left one is put before it.
local held = {}
local function piece(value)
  return type(value) == 'number' and text(value) or value
end
held.__concat = function(left, right)
  local done, result = attempt(function() return piece(left) .. right.value end)
  if done then return result end
  -- What the operands are called in here helps nobody.
  placed(type(result) == 'string' and replace(result, " %(%a+ '%w+'%)$", '') or result)
end
return attach({}, {
  __concat = function(_, right) return attach({ value = piece(right) }, held) end,
})
`;
