import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigError, flagOf, readConfig, settings } from '../src/config.ts';

const names = Object.keys(settings) as (keyof typeof settings)[];

function problemsOf(environment: Record<string, string>, args: readonly string[] = []): string {
  try {
    readConfig(environment, args);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message;
  }
  return '';
}

describe('the configuration', () => {
  it('is complete and frozen without any setting', () => {
    const config = readConfig({}, []);
    assert.ok(Object.isFrozen(config));
    assert.deepEqual(config.lease, { durationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 });
    assert.deepEqual(
      [config.httpHost, config.httpPort, config.workers, config.apiConnections],
      ['0.0.0.0', 8080, 4, 8],
    );
    const folder = '/var/run/secrets/kubernetes.io/serviceaccount';
    assert.deepEqual(config.credentials, {
      kind: 'serviceAccount',
      host: 'kubernetes.default.svc',
      port: '443',
      folder,
    });
    assert.deepEqual(config.watchNamespaces, []);
    assert.equal(config.sourceLimits.unpackedBytes, 500 * 2 ** 20);
  });

  it('takes a flag before the environment, and the environment before the default', () => {
    const environment = { EVENKEEL_WORKERS: '7', KUBECONFIG: '/home/ann/.kube/config' };
    assert.equal(readConfig(environment, []).workers, 7);
    assert.equal(readConfig(environment, ['--workers=9']).workers, 9);
    assert.deepEqual(readConfig(environment, []).credentials, { kind: 'kubeconfig', file: '/home/ann/.kube/config' });
    assert.equal(readConfig({}, ['--data-dir=/a=b']).dataDir, '/a=b');
  });

  for (const name of names) {
    it(`${name} has a flag, and says what it means`, () => {
      const { fallback, meaning, variable } = settings[name];
      assert.match(flagOf(name), /^--[a-z]+(-[a-z]+)*$/);
      assert.match(variable, /^[A-Z_]+$/);
      assert.notEqual(meaning, '');
      assert.doesNotThrow(() => readConfig({}, [`${flagOf(name)}=${fallback}`]));
    });
  }

  const wrong: readonly [keyof typeof settings, string][] = [
    ['installation', 'Upper'],
    ['installation', '-x'],
    ['installation', 'a'.repeat(33)],
    ['logLevel', 'loud'],
    ['httpAddress', '8080'],
    ['httpAddress', 'localhost:65536'],
    ['webhookAddress', '8081'],
    ['leaseDuration', 'soon'],
    ['workers', '0'],
    ['workers', '65'],
    ['workers', '1.5'],
    ['apiConnections', '1'],
    ['apiConnections', '33'],
    ['gitTimeout', '-1s'],
    ['maxRepositorySize', '5 MB'],
  ];
  for (const [name, value] of wrong) {
    it(`refuses ${settings[name].variable}=${value}, and says what is expected`, () => {
      const message = problemsOf({ [settings[name].variable]: value });
      assert.ok(message.startsWith(`${settings[name].variable}=${value}: expected ${settings[name].meaning}`), message);
    });
  }

  it('refuses a Lease that could be lost between two renewals', () => {
    assert.match(problemsOf({ EVENKEEL_LEASE_RENEW_DEADLINE: '15s' }), /retry period < renew deadline < duration/);
    assert.match(problemsOf({ EVENKEEL_LEASE_RETRY_PERIOD: '10s' }), /retry period < renew deadline < duration/);
  });

  it('listens for webhooks only where it is told to, and never where the metrics are', () => {
    assert.equal(readConfig({}, []).webhook, undefined);
    const config = readConfig({ EVENKEEL_WEBHOOK_ADDRESS: '0.0.0.0:8081' }, []);
    assert.deepEqual(config.webhook, { host: '0.0.0.0', port: 8081 });
    assert.match(
      problemsOf({ EVENKEEL_WEBHOOK_ADDRESS: '127.0.0.1:8080' }),
      /expected another port than EVENKEEL_HTTP/,
    );
  });

  it('names every problem at once, unknown flags too', () => {
    const lines = problemsOf({ EVENKEEL_WORKERS: 'many', EVENKEEL_LOG_LEVEL: 'loud' }, ['--wrokers=3', '--workers']);
    assert.equal(lines.split('\n').length, 4);
    assert.match(lines, /--wrokers=3: expected one of .*--workers/);
  });

  it('reads lists, sizes and ports', () => {
    const config = readConfig({}, ['--watch-namespaces=a,,b', '--max-repository-size=2Gi', '--http-address=[::1]:0']);
    assert.deepEqual(config.watchNamespaces, ['a', 'b']);
    assert.deepEqual([config.sourceLimits.transferBytes, config.httpHost, config.httpPort], [2 ** 31, '[::1]', 0]);
  });
});
