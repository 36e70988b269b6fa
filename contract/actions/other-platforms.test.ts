import { describe, expect, it } from 'vitest';
import { type CheckOptions, checkDocument, checkDocumentText } from './document.ts';

const messages = (input: unknown, options: CheckOptions = {}) => {
  const verdict = checkDocument(input, options);
  return verdict.ok ? [] : verdict.details.map(({ pointer, message }) => `${pointer} ${message}`);
};
const one = (entry: unknown) => messages({ actions: [entry] }).join('\n');

describe('an action of another platform', () => {
  it.each([
    ['Twilio', { Dial: { number: '+15550100001' } }, 'bridge'],
    ['Twilio', { dial: {} }, 'bridge'],
    ['Twilio', { record: { maxLength: 30 } }, 'start_recording'],
    ['Twilio', { reject: { reason: 'busy' } }, 'hangup'],
    ['Twilio', { enqueue: 'support' }, 'conference'],
    ['Vonage', { type: 'talk', text: 'Hi' }, 'say'],
    ['Vonage', { type: 'input' }, 'gather'],
    ['Vonage', { type: 'stream', streamUrl: ['https://a.example/b.mp3'] }, 'start_stream'],
    ['Vonage', { type: 'conversation', name: 'room' }, 'conference'],
    ['Vonage', { type: 'connect' }, 'bridge'],
    ['jambonz', { listen: { url: 'wss://a.example' } }, 'start_stream'],
    ['jambonz', { tag: { data: {} } }, 'set_variable'],
    ['jambonz', { 'sip:decline': { status: 486 } }, 'hangup'],
    ['jambonz', { dtmf: { dtmf: '1' } }, 'send_digits'],
    ['Plivo', { Speak: 'Hi' }, 'say'],
    ['Plivo', { GetDigits: {} }, 'gather'],
    ['Plivo', { Wait: { length: 3 } }, 'pause'],
    ['Telnyx', { gather_using_speak: {} }, 'gather'],
    ['Telnyx', { playback_start: {} }, 'play'],
  ])('on %s, %j suggests %s', (_, entry, action) => {
    expect(one(entry)).toContain(`did you mean "${action}"?`);
  });

  it.each([
    [{ notify: {} }, 'webhook_url'],
    [{ answer: {} }, 'answered automatically'],
    [{ transcribe: {} }, 'ai_enabled'],
    [{ sms: {} }, 'no messages'],
  ])('%j explains the alternative', (entry, hint) => {
    expect(one(entry)).toContain(hint);
    expect(one(entry)).not.toContain('did you mean');
  });

  it.each([
    [{ action: 'talk', text: 'Hi' }, '/actions/0/action', 'did you mean "say"?'],
    [{ verb: 'dial', target: [] }, '/actions/0/verb', 'did you mean "bridge"?'],
    [{ verb: 'say', text: 'Hi' }, '/actions/0/verb', 'the field that names an action is "type"'],
  ])('%j explains which field names an action', (entry, place, hint) => {
    expect(one(entry)).toMatch(new RegExp(`^${place} `));
    expect(one(entry)).toContain(hint);
  });

  it('in a list without an object is reported along with the missing object', () => {
    const [whole, entry] = messages([{ action: 'talk', text: 'Hi' }, { say: { text: 'Hi' } }]);
    expect(whole).toContain('{"actions":[…]}');
    expect(entry).toContain('did you mean "say"?');
  });

  it('in XML explains that documents are JSON', () => {
    const verdict = checkDocumentText('<?xml version="1.0"?><Response><Say>Hi</Say></Response>');
    expect(!verdict.ok && verdict.details[0]?.message).toContain('this is XML');
  });
});

describe('a field of another platform', () => {
  it.each([
    [{ gather: { numDigits: 4 } }, 'num_digits'],
    [{ gather: { maxLength: 4 } }, 'max_digits'],
    [{ gather: { timeout: 4 } }, 'timeout_seconds'],
    [{ gather: { text: 'Your PIN?' } }, 'prompt'],
    [{ say: { text: 'x', lang: 'en' } }, 'language'],
    [{ play: { file: 'https://a.example/a.wav' } }, 'url'],
    [{ bridge: { number: '+15550100001' } }, 'destination'],
    [{ bridge: { to: '+15550100001', callerId: '+15550100002' } }, 'from'],
    [{ start_recording: { maxLength: 30 } }, 'max_seconds'],
    [{ start_stream: { url: 'wss://a.example' } }, 'stream_url'],
    [{ pause: { length: 3 } }, 'seconds'],
    [{ conference: { name: 'a' } }, 'room'],
  ])('%j suggests %s', (entry, field) => {
    expect(one(entry)).toContain(`did you mean "${field}"?`);
  });

  it('without an equivalent explains what to do', () => {
    expect(one({ gather: { action: '/next' } })).toContain('follow it with "redirect"');
    expect(one({ play: { text: 'Hi' } })).toContain('use "say" for text');
  });
});
