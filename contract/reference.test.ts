import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventExample } from '../scripts/reference/events.ts';
import { references } from '../scripts/reference/index.ts';
import { EVENT_NAMES, envelope } from './events.ts';

describe('the reference', () => {
  it.each(Object.entries(references()))('%s is up to date: npm run docs', (name, text) => {
    expect(readFileSync(resolve(import.meta.dirname, '../docs/reference', name), 'utf8')).toBe(text);
  });

  it.each(EVENT_NAMES)('has an example of %s that matches its schema', (name) => {
    const example = eventExample(name);
    expect(envelope(name).parse(example)).toEqual(example);
  });
});
