const names = ['https_proxy', 'http_proxy', 'no_proxy', 'all_proxy'];

/** The variables by which an environment names proxies, in both cases, as they are. */
export function proxiesIn(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const given = Object.entries(environment).flatMap(([name, value]): [string, string][] =>
    names.includes(name.toLowerCase()) && value !== undefined && value !== '' ? [[name, value]] : [],
  );
  return Object.fromEntries(given);
}
