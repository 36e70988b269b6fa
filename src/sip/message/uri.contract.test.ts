import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sipUri } from '../../../contract/fields.ts';
import { formatUri, parseUri } from './uri.ts';

const part = (...more: string[]) =>
  fc.constantFrom('a', 'B', '1', '-', '_', '.', '!', '~', '*', "'", ...more);
const text = (...more: string[]) => fc.string({ unit: part(...more), minLength: 1, maxLength: 8 });
const place = fc.constantFrom(
  'h',
  'h.example',
  '192.0.2.1',
  '[::1]',
  '[::ffff:1.2.3.4]',
  '1.2.3',
  '[::::]',
  'h:0',
);
const port = fc.constantFrom('', ':1', ':65535', ':65536', ':0', ':');
const uri = fc
  .tuple(
    text('%20', '%zz', '%', '&', '=', '+', ',', ';', '?', '/', ':', '#'),
    place,
    port,
    text(';', '=', '%41', '%f', '/'),
  )
  .map(([user, host, at, params]) => `sip:${user}@${host}${at};${params}`);

it('parses and formats every SIP URI that the REST API accepts', () => {
  fc.assert(
    fc.property(uri, (each) => {
      fc.pre(sipUri.safeParse(each).success);
      expect(() => formatUri(parseUri(each))).not.toThrow();
    }),
    { numRuns: 2000 },
  );
});
