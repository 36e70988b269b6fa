import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventExample } from '../scripts/reference/events.ts';
import { references } from '../scripts/reference/index.ts';
import { EVENT_NAMES, envelope } from './events.ts';

describe('the reference', () => {
  it.each(Object.entries(references()))('%s on disk is what the code says', (name, text) => {
    expect(readFileSync(resolve(import.meta.dirname, '../docs/reference', name), 'utf8')).toBe(text);
  });

  it.each(EVENT_NAMES)('shows an example of %s that follows its own schema', (name) => {
    const example = eventExample(name);
    expect(envelope(name).parse(example)).toEqual(example);
  });
});
