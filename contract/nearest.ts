/** The one of `names` that `written` was probably meant to be, or undefined where none is close. */
export function nearest(written: string, names: readonly string[]): string | undefined {
  if (written.length > 40) return undefined;
  const wanted = snakeCase(written);
  const allowed = Math.max(1, Math.floor(wanted.length / 3));
  let best: { name: string; distance: number } | undefined;
  for (const name of names) {
    const distance = editDistance(wanted, name);
    if (distance <= allowed && (!best || distance < best.distance)) best = { name, distance };
  }
  // `timeout` is `timeout_seconds`, where no other name has that word.
  const longer = names.filter((name) => name.startsWith(`${wanted}_`) || name.endsWith(`_${wanted}`));
  return longer.length === 1 && (!best || best.distance > 1) ? longer[0] : best?.name;
}

/** `startRecording`, `Start-Recording` and `start recording` are all `start_recording`. */
export function snakeCase(text: string): string {
  return text
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replace(/[\s-]+/g, '_')
    .toLowerCase();
}

/** How many letters must be put in, taken out, or changed to make `a` of `b` (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
