import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import type { Health } from '../../../src/model/health.ts';
import type { JsonObject } from '../../../src/model/json.ts';
import { RulesStage, widget } from './stage.ts';

/** `cases/<what>.yaml`: a script as it would stand in argocd-cm, and what it says of some Widgets. */
interface ScriptCases {
  readonly script: string;
  readonly cases: readonly { readonly object: JsonObject; readonly expect: Health }[];
}

const folder = new URL('cases/', import.meta.url);

describe('health scripts', () => {
  for (const file of readdirSync(folder).sort()) {
    it(file.replace('.yaml', ''), async () => {
      const { script, cases } = parse(readFileSync(new URL(file, folder), 'utf8')) as ScriptCases;
      await using stage = new RulesStage();
      stage.rules.use({ 'resource.customizations.health.example.com_Widget': script });
      for (const [i, { object, expect }] of cases.entries())
        assert.deepEqual(await stage.verdict(widget(object, String(i))), expect);
      const fails = cases.filter(({ expect }) => expect.message.startsWith('health script failed'));
      assert.equal(stage.broken.length, fails.length === 0 ? 0 : 1, 'a script that fails is told of once');
    });
  }
});
