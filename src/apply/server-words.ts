import type { ApiError, ApiErrorCause } from '../model/api-error.ts';
import type { Ref } from '../model/object.ts';

/**
 * What the server said about an object, fit to be shown to whoever may read an Application. Of a Secret it keeps field
 * and reason: the server, and policies above all, repeat values of what they refuse.
 */
export function serverWords(error: ApiError, { group, kind }: Pick<Ref, 'group' | 'kind'>): string {
  const text = error.message.trim();
  return group === '' && kind === 'Secret' ? withoutValues(error, text) : text;
}

function withoutValues({ kind, status, causes }: ApiError, text: string): string {
  const denied = denial.exec(text)?.[0];
  if (denied !== undefined) return `${denied} (${leftOut})`;
  // All other refusals come from before anybody has looked at what the object holds.
  if (kind !== 'invalid' && kind !== 'tooLarge') return text;
  const known = causes.length > 0 ? causes.map(causeWithoutValue) : harmless.flatMap((part) => part.exec(text) ?? []);
  return known.length > 0 ? known.join('; ') : `the server refuses it with HTTP ${status} (${leftOut})`;
}

const leftOut = 'values of Secrets are not shown';

/** Which webhook or policy it was; what it goes on to say is anybody's. */
const denial =
  /admission webhook "[^"\n]*" denied the request|Validating\w+ '[^'\n]*' with binding '[^'\n]*' denied request/;

/** Of texts without causes: parts that cannot hold a value. */
const harmless: readonly RegExp[] = [
  /illegal base64 data at input byte [0-9]+/,
  /failed to create typed patch object \([^()\n]*\): (?:errors:\s+)?\.[\w.-]+: (?:expected \w+|field not declared in schema)/,
  /Object '\w+' is missing/,
  /Request entity too large: limit is [0-9]+/,
];

/** `data[token]: Invalid value: "…": why` keeps field and kind of the refusal, and why, where that is told of the rules alone. */
function causeWithoutValue({ field, message, reason }: ApiErrorCause): string {
  const denied = denial.exec(message)?.[0];
  if (denied !== undefined) return `${denied} (${leftOut})`;
  const said = withoutValue.exec(message)?.[0] ?? reason;
  const why = /: (field is immutable[\w ]*)$/.exec(message)?.[1];
  return [field, said === '' ? leftOut : said, ...(why === undefined ? [] : [why])]
    .filter((part) => part !== '')
    .join(': ');
}

/** The kinds of refusals of field validation; what follows those without a value is of the server alone. */
const withoutValue =
  /^(?:(?:Invalid|Unsupported|Duplicate) value|Required value|Too long: may not be more than [0-9]+ bytes|Too long|Too many|Forbidden: field is immutable when `immutable` is set|Forbidden)/;
