import type { JsonValue } from '../model/json.ts';
import { isJsonArray, isJsonObject } from '../model/json.ts';
import type { DocumentPath } from './field-steps.ts';
import { childAt } from './field-steps.ts';

/** The places of a document that an RFC 6901 pointer names; `*` stands for every key or index. */
export function placesAt(document: JsonValue, pointer: string): DocumentPath[] {
  let found: { readonly path: DocumentPath; readonly value: JsonValue }[] = [{ path: [], value: document }];
  for (const token of tokensOf(pointer)) {
    found = found.flatMap(({ path, value }) =>
      keysFor(value, token).flatMap((key) => {
        const child = childAt(value, key);
        return child === undefined ? [] : [{ path: [...path, key], value: child }];
      }),
    );
  }
  // The whole object is no field of it.
  return found.map(({ path }) => path).filter((path) => path.length > 0);
}

function tokensOf(pointer: string): string[] {
  const [, ...tokens] = pointer.split('/');
  return tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function keysFor(value: JsonValue, token: string): (string | number)[] {
  if (isJsonArray(value)) {
    if (token === '*') return [...value.keys()];
    return /^(0|[1-9][0-9]*)$/.test(token) ? [Number(token)] : [];
  }
  if (!isJsonObject(value)) return [];
  return token === '*' && !Object.hasOwn(value, '*') ? Object.keys(value) : [token];
}
