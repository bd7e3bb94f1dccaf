import { stderrBytes } from './helper-protocol.ts';

/** A text and what stands for it in messages. */
export interface Hidden {
  readonly text: string;
  readonly by: string;
}

const keptCharacters = 8 * 1024;
/** What is to be hidden is shorter, line by line. */
const longestHidden = 4 * 1024;

/** Longest first: one text may be part of another. */
export function hideTexts(text: string, hide: readonly Hidden[]): string {
  return hide
    .filter((hidden) => hidden.text !== '')
    .toSorted((a, b) => b.text.length - a.text.length)
    .reduce((said, hidden) => said.replaceAll(hidden.text, hidden.by), text);
}

/** The last whole lines of what a program said, fit for a message: nothing hidden is in it, and no control characters. */
export function lastWords(bytes: Uint8Array, hide: readonly Hidden[]): string {
  const text = Buffer.from(bytes).toString('utf8');
  const whole = bytes.length < stderrBytes ? text : withoutBeginning(text);
  const said = hideTexts(whole, hide)
    // Escape sequences of terminals, then all control characters but tab and newline.
    .replace(/\u001b\[[0-9;?]*[ -/]*[@-~]/g, '')
    .replace(/\r\n?/g, '\n')
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '�')
    .trim();
  if (said.length <= keptCharacters) return said;
  const kept = said.slice(-keptCharacters);
  const line = kept.indexOf('\n') + 1;
  // A line may be longer than all that is kept; its end says more than nothing.
  return line > keptCharacters / 2 ? kept : kept.slice(line);
}

/** A line that lost its beginning may hold the end of what is to be hidden; one without end is not dropped as a whole. */
function withoutBeginning(text: string): string {
  const line = text.indexOf('\n') + 1;
  return text.slice(line === 0 || line > longestHidden ? longestHidden : line);
}
