/*
 * Preloaded by every `node --test` of package.json: ends a test file that does not end by itself. The runner's own
 * time-out names the test that hangs, and then waits for ever for a process that something still keeps alive.
 *
 * When nothing keeps it alive any more, Node takes its environment apart, and has been seen to turn in circles there for
 * ever (`Environment::CleanupHandles`, 26.9). A file that is done is left before that, by the last of the exit listeners.
 */
const minutes = 30;

// The runner itself is preloaded with this, too, and may take longer.
if (process.env['NODE_TEST_CONTEXT'] !== undefined) {
  setTimeout(() => {
    console.error(`the test file did not end within ${minutes} minutes`);
    process.exit(1);
  }, minutes * 60_000).unref();
  process.once('beforeExit', () => process.on('exit', (code) => process.exit(code)));
}
