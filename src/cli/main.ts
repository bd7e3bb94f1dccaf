#!/usr/bin/env node
import { homedir } from 'node:os';
import { text } from 'node:stream/consumers';
import { systemClock } from '../clock.ts';
import { version } from '../version.ts';
import { runCli } from './cli.ts';

const abort = new AbortController();
process.once('SIGINT', () => abort.abort(new Error('interrupted')));
process.once('SIGTERM', () => abort.abort(new Error('interrupted')));

process.exitCode = await runCli(process.argv.slice(2), {
  clock: systemClock,
  random: Math.random,
  version,
  environment: process.env,
  home: homedir(),
  folder: process.cwd(),
  input: () => text(process.stdin),
  out: (text) => process.stdout.write(text),
  complain: (text) => process.stderr.write(text),
  signal: abort.signal,
});
