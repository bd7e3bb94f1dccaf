/** What a watch is of, by the URI that opened it: several of one kind differ in what they select. */
export function watchedBy(uri: string): string {
  const { pathname, searchParams } = new URL(uri, 'https://server');
  const selectors = ['labelSelector', 'fieldSelector'].map((name) => searchParams.get(name) ?? '');
  return [pathname, ...selectors].join(' ').trim();
}
