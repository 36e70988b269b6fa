import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CheckOptions, checkDocument } from './document.ts';
import type { ActionType } from './table.ts';

function outcome(type: ActionType, fields: object, options: CheckOptions = {}) {
  const verdict = checkDocument({ actions: [{ [type]: fields }] }, options);
  if (verdict.ok) return verdict.actions[0];
  return verdict.details.map(({ pointer, code }) => `${pointer.slice(`/actions/0/${type}/`.length)} ${code}`);
}

const text = (length: number) => 'a'.repeat(length);

describe('accepts', () => {
  it.each<[ActionType, object, object]>([
    ['say', { text: text(4000), voice: 'amy', language: 'en-GB', loop: 10 }, { loop: 10, language: 'en-GB' }],
    ['gather', {}, { minDigits: 1, maxDigits: 1, timeoutSeconds: 5, sensitive: false }],
    ['gather', { num_digits: 32 }, { minDigits: 32, maxDigits: 32 }],
    ['gather', { max_digits: 4 }, { minDigits: 1, maxDigits: 4 }],
    ['gather', { min_digits: 3 }, { minDigits: 3, maxDigits: 32 }],
    ['gather', { finish_on_key: '#', timeout_seconds: 30 }, { finishOnKey: '#', timeoutSeconds: 30 }],
    ['send_digits', { digits: '0123456789*#ABCDwW,' }, { pauseBeforeMs: 0 }],
    ['redirect', { url: 'http://example.com/x' }, { method: 'GET', maxRedirects: 10 }],
    ['redirect', { url: 'HTTPS://example.com', max_redirects: 0 }, { maxRedirects: 0 }],
    ['transfer', { to: '+15550100000' }, { destination: '+15550100000', timeoutSeconds: 30, mode: 'relay' }],
    ['transfer', { destination: 'sips:a@[::1]:5061;transport=tls' }, { mode: 'relay' }],
    ['bridge', { to: 'sip:desk@example.com' }, { destination: 'sip:desk@example.com', timeoutSeconds: 20 }],
    ['bridge', { to: '+15550100000', continue_after: true }, { continueAfter: true }],
    ['conference', { room: 'a.B-c_1' }, { mute: false, endOnExit: false }],
    ['mute', { direction: 'both' }, { direction: 'both' }],
    ['start_recording', {}, { channels: 2, format: 'wav', maxSeconds: 14_400, beep: false }],
    ['start_stream', { stream_url: 'wss://example.com/a' }, { track: 'inbound', bidirectional: false }],
    ['stop_stream', {}, { type: 'stop_stream' }],
    ['set_variable', { name: text(128), value: text(4096) }, { name: text(128) }],
    ['play', { url: 'https://example.com/a.wav' }, { loop: 1 }],
    ['pause', { seconds: 0.1 }, { seconds: 0.1 }],
    ['hangup', { reason: 'busy' }, { reason: 'busy' }],
    ['pause_recording', {}, { mode: 'silence' }],
  ])('%s %j', (type, fields, expected) => {
    expect(outcome(type, fields)).toMatchObject({ type, ...expected });
  });
});

describe('rejects', () => {
  it.each<[ActionType, object, string]>([
    ['say', { text: '' }, 'text too_short'],
    ['say', { text: text(4001) }, 'text too_long'],
    ['say', { text: 'x', language: 'english please' }, 'language invalid_format'],
    ['gather', { num_digits: 33 }, 'num_digits out_of_range'],
    ['gather', { num_digits: 1.5 }, 'num_digits invalid_type'],
    ['gather', { num_digits: 2, min_digits: 1 }, 'num_digits conflict'],
    ['gather', { min_digits: 5, max_digits: 4 }, 'min_digits conflict'],
    ['gather', { timeout_seconds: 0 }, 'timeout_seconds out_of_range'],
    ['gather', { timeout_seconds: 31 }, 'timeout_seconds out_of_range'],
    ['gather', { finish_on_key: '##' }, 'finish_on_key invalid_format'],
    ['gather', { finish_on_key: '' }, 'finish_on_key invalid_format'],
    ['send_digits', { digits: '' }, 'digits invalid_format'],
    ['send_digits', { digits: '12E' }, 'digits invalid_format'],
    ['send_digits', { digits: '1\n' }, 'digits invalid_format'],
    ['send_digits', { digits: text(257).replaceAll('a', '1') }, 'digits too_long'],
    ['send_digits', { digits: '1', pause_before_ms: 60_001 }, 'pause_before_ms out_of_range'],
    ['redirect', {}, 'url required'],
    ['redirect', { url: 'ftp://example.com' }, 'url invalid_format'],
    ['redirect', { url: 'http://' }, 'url invalid_format'],
    ['redirect', { url: '/menu' }, 'url invalid_format'],
    ['redirect', { url: 'https://a', method: 'PUT' }, 'method invalid_value'],
    ['redirect', { url: 'https://a', max_redirects: 21 }, 'max_redirects out_of_range'],
    ['transfer', { destination: '5550100' }, 'destination invalid_format'],
    ['transfer', { destination: '+0123456' }, 'destination invalid_format'],
    ['transfer', { destination: 'sip:a b@c' }, 'destination invalid_format'],
    ['transfer', { destination: '+15550100000', to: '+15550100000' }, 'to conflict'],
    ['transfer', { to: '+15550100000', timeout_seconds: 4 }, 'timeout_seconds out_of_range'],
    ['bridge', {}, 'destination required'],
    ['bridge', { to: '+15550100000', timeout_seconds: 121 }, 'timeout_seconds out_of_range'],
    ['conference', { room: 'a b' }, 'room invalid_format'],
    ['conference', { room: text(65) }, 'room too_long'],
    ['conference', { room: 'a', mute: 'yes' }, 'mute invalid_type'],
    ['hold', { music: 'x' }, 'music unknown_field'],
    ['mute', {}, 'direction required'],
    ['unmute', { direction: 'none' }, 'direction invalid_value'],
    ['start_recording', { channels: 3 }, 'channels invalid_value'],
    ['start_recording', { max_seconds: 14_401 }, 'max_seconds out_of_range'],
    ['start_stream', { stream_url: 'ws://example.com' }, 'stream_url invalid_format'],
    ['start_stream', { stream_url: 'wss://example.com', track: 'all' }, 'track invalid_value'],
    ['set_variable', { name: '', value: '' }, 'name too_short'],
    ['set_variable', { name: 'a', value: text(4097) }, 'value too_long'],
    ['play', { url: 'http://example.com/a.wav' }, 'url invalid_format'],
    ['pause', { seconds: 60.1 }, 'seconds out_of_range'],
    ['hangup', { reason: 'bored' }, 'reason invalid_value'],
    ['pause_recording', { mode: 'beep' }, 'mode invalid_value'],
  ])('%s %j: %s', (type, fields, error) => {
    expect(outcome(type, fields)).toEqual([error]);
  });
});

it('allows unencrypted audio URLs with allowPrivateUrls', () => {
  const relaxed = { allowPrivateUrls: true };
  expect(outcome('play', { url: 'http://127.0.0.1/a.wav' }, relaxed)).toMatchObject({ type: 'play' });
  expect(outcome('start_stream', { stream_url: 'ws://127.0.0.1' }, relaxed)).toMatchObject({
    track: 'inbound',
  });
  expect(outcome('play', { url: 'file:///etc/passwd' }, relaxed)).toEqual(['url invalid_format']);
});

it('accepts every generated valid document', () => {
  const seconds = fc.integer({ min: 5, max: 120 });
  const target = fc.oneof(
    fc.stringMatching(/^\+[1-9]\d{1,14}$/),
    fc.stringMatching(/^sip:[a-z0-9]{1,9}@[a-z][a-z0-9-]{0,18}[a-z]$/),
  );
  const optional = { requiredKeys: [] };
  const entries = fc.oneof(
    fc.record({ say: fc.record({ text: fc.string({ minLength: 1, maxLength: 4000 }) }) }),
    fc.record({ send_digits: fc.record({ digits: fc.stringMatching(/^[0-9*#A-DwW,]{1,256}$/) }) }),
    fc.record({ bridge: fc.record({ destination: target, timeout_seconds: seconds }) }),
    fc.record({ type: fc.constant('transfer'), to: target, timeout_seconds: seconds }),
    fc.record({ gather: fc.record({ num_digits: fc.integer({ min: 1, max: 32 }) }, optional) }),
    fc.record({ type: fc.constant('redirect'), url: fc.webUrl() }),
    fc.record({ conference: fc.record({ room: fc.stringMatching(/^[\w.-]{1,64}$/), mute: fc.boolean() }) }),
    fc.record({ pause: fc.record({ seconds: fc.double({ min: 0.1, max: 60, noNaN: true }) }) }),
  );
  fc.assert(
    fc.property(fc.array(entries, { maxLength: 100 }), (actions) => {
      const verdict = checkDocument({ actions });
      expect(verdict.ok ? verdict.actions : verdict.details).toHaveLength(actions.length);
      expect(verdict.ok).toBe(true);
    }),
  );
});
