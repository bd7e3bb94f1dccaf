import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { load } from 'js-yaml';
import { describeCauses, findCauses, logsWorthReading } from '../../../src/health/health.ts';
import type { KubeObject } from '../../../src/model/object.ts';
import type { CauseTree, Surroundings } from '../../../src/model/root-cause.ts';

/** `cases/<what>.yaml`: an object and what belongs to it, as controllers and kubelets write them; and what is to be said. */
interface CauseCase {
  readonly expect: {
    readonly message: string;
    /** `Kind name ×alike: reason, reason`, indented by two spaces for each level. */
    readonly tree: readonly string[];
    /** `pod/container`, with ` before` for the run before. */
    readonly logs?: readonly string[];
  };
  readonly object: KubeObject;
  readonly children?: readonly KubeObject[];
  readonly events?: readonly KubeObject[];
  readonly lastLines?: Readonly<Record<string, string>>;
}

const folder = new URL('cases/', import.meta.url);

function read(file: string): { expect: CauseCase['expect']; around: Surroundings } {
  const {
    expect,
    object,
    children = [],
    events = [],
    lastLines = {},
  } = load(readFileSync(new URL(file, folder), 'utf8')) as CauseCase;
  return { expect, around: { object, children, events, lastLines: new Map(Object.entries(lastLines)) } };
}

function lines({ kind, name, alike, causes, children }: CauseTree, depth = 0): string[] {
  const reasons = causes.map(({ reason }) => reason).join(', ');
  const times = alike === 1 ? '' : ` ×${alike}`;
  const line = `${'  '.repeat(depth)}${kind} ${name}${times}${reasons === '' ? '' : `: ${reasons}`}`;
  return [line, ...children.flatMap((child) => lines(child, depth + 1))];
}

const files = readdirSync(folder).sort();

describe('root causes', () => {
  for (const file of files) {
    it(file.replace('.yaml', ''), () => {
      const { expect, around } = read(file);
      const tree = findCauses(around);
      assert.equal(describeCauses(tree), expect.message);
      assert.deepEqual(lines(tree), expect.tree);
      const logs = logsWorthReading(around).map(
        ({ pod, container, previous }) => `${pod.metadata.name}/${container}${previous ? ' before' : ''}`,
      );
      assert.deepEqual(logs, expect.logs ?? []);
    });
  }

  it('never throw, whatever a part of a status is', () => {
    const worlds = files.map((file) => JSON.stringify(read(file).around));
    const junk = fc.constantFrom('null', '[]', '{}', '"x"', '7', '[null]', '[{}]', 'true');
    fc.assert(
      fc.property(fc.constantFrom(...worlds), fc.nat(), junk, (world, at, value) => {
        const fields = [...world.matchAll(/"(?:status|spec|state|lastState|waiting|terminated|involvedObject)":\{/g)];
        const field = fields[at % fields.length];
        assert.ok(field);
        const start = field.index + field[0].length - 1;
        const spoiled = world.slice(0, start) + value + world.slice(endOf(world, start));
        const around = JSON.parse(spoiled) as Surroundings;
        describeCauses(findCauses({ ...around, lastLines: new Map() }));
        logsWorthReading({ ...around, lastLines: new Map() });
      }),
      { numRuns: 500 },
    );
  });
});

/** Behind the object that begins here. */
function endOf(json: string, start: number): number {
  let [depth, quoted] = [0, false];
  for (let at = start; at < json.length; at += 1) {
    const sign = json[at];
    if (quoted && sign === '\\') at += 1;
    else if (sign === '"') quoted = !quoted;
    else if (!quoted && sign === '{') depth += 1;
    else if (!quoted && sign === '}') depth -= 1;
    if (depth === 0) return at + 1;
  }
  return json.length;
}
