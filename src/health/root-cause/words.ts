/** Longest quotation of another side's words in one cause. */
const longest = 300;

/** In one line and not too long. */
export function quote(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= longest ? line : `${line.slice(0, longest - 1)}…`;
}

/** Layers of kubelet, container runtime and RPC around what a registry said. */
const wrappings: readonly RegExp[] = [
  /^rpc error: code = \w+ desc = /i,
  /^Back-off pulling image "[^"]*":? ?/,
  /^ErrImagePull: /,
  /^Failed to pull image "[^"]*": /i,
  /^failed to pull and unpack image "[^"]*": /,
  /^failed to resolve (reference|image) "[^"]*": /,
  /^failed to (copy|fetch|authorize|do request): /,
  /^unexpected status from \w+ request to \S+: /,
  /^Error response from daemon: /,
  /^initializing source \S+: /,
  /^reading manifest \S+ in \S+: /,
  /^failed to fetch (oauth|anonymous) token: /,
];

/** What the registry itself said about an image, without what was wrapped around it; empty when it said nothing. */
export function registryWords(message: string): string {
  let words = message.trim();
  for (let before = ''; before !== words;) {
    before = words;
    for (const wrapping of wrappings) words = words.replace(wrapping, '');
  }
  // `docker.io/library/web:1: not found`: the image is named beside it already.
  return quote(words.replace(/^[\w.\-/:@]+: (?=not found$)/, '').replace(/^Back-off pulling image.*$/, ''));
}

/** `pods "web-7d9f-" is forbidden: exceeded quota: …` without the name that never came to be. */
export function refusalWords(message: string): string {
  return quote(
    message
      .replace(/^(create|error creating) Pod \S+ in \S+ \S+ failed error: /i, '')
      .replace(/^Error creating: /, '')
      .replace(/^pods? "[^"]*" is forbidden: /, ''),
  );
}

const signals: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  14: 'SIGALRM',
  15: 'SIGTERM',
};

/** `exit code 1`; of a code above 128 also the signal: `exit code 137, SIGKILL`. */
export function describeExit(code: number, signal: number): string {
  const number = signal > 0 ? signal : code - 128;
  const name = signals[number] ?? `signal ${number}`;
  return number > 0 && number < 65 ? `exit code ${code}, ${name}` : `exit code ${code}`;
}
