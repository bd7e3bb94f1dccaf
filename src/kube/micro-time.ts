/** A MicroTime of the API (RFC 3339 with six digits) from milliseconds since 1970. */
export function microTime(now: number): string {
  return new Date(now).toISOString().replace('Z', '000Z');
}
