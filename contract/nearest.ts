/** Finds the one of `names` that is most similar to `written`; undefined if none is similar enough. */
export function nearest(written: string, names: readonly string[]): string | undefined {
  if (written.length > 40) return undefined;
  const wanted = snakeCase(written);
  const allowed = Math.max(1, Math.floor(wanted.length / 3));
  let best: { name: string; distance: number } | undefined;
  for (const name of names) {
    const distance = editDistance(wanted, name);
    if (distance <= allowed && (!best || distance < best.distance)) best = { name, distance };
  }
  // `timeout` means `timeout_seconds` if no other name contains that word.
  const longer = names.filter((name) => name.startsWith(`${wanted}_`) || name.endsWith(`_${wanted}`));
  return longer.length === 1 && (!best || best.distance > 1) ? longer[0] : best?.name;
}

/** Converts a name to snake_case: `startRecording`, `Start-Recording` and `start recording` become `start_recording`. */
export function snakeCase(text: string): string {
  return text
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replace(/[\s-]+/g, '_')
    .toLowerCase();
}

/** The Levenshtein distance: the number of insertions, deletions and substitutions between two texts. */
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
