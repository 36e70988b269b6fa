import type { EventRecord } from './store.ts';

/** What the events in memory may take: most take 2 kB, but with the variables of its call one can take 400 kB. */
export const MOST_BYTES = 64 * 1024 * 1024;

/** About how many bytes of memory an event takes. */
export function bytesOf({ call, data }: EventRecord): number {
  let characters = JSON.stringify(data).length + JSON.stringify(call.error ?? null).length;
  for (const [name, value] of Object.entries(call.variables)) characters += name.length + value.length;
  return 2000 + 2 * characters;
}
