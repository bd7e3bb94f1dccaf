/** True when the text is as the pattern says: `*` stands for any text, `?` for one character. Linear in practice. */
export function matchesWildcard(text: string, pattern: string): boolean {
  let [at, star, resume] = [0, -1, 0];
  let index = 0;
  while (index < text.length) {
    const wanted = pattern[at];
    if (wanted === '*') [star, resume, at] = [at, index, at + 1];
    else if (wanted === '?' || wanted === text[index]) [at, index] = [at + 1, index + 1];
    else if (star >= 0) [at, resume, index] = [star + 1, resume + 1, resume + 1];
    else return false;
  }
  return /^\**$/.test(pattern.slice(at));
}
