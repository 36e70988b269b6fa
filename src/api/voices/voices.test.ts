import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, type House, openHouse, type Settled, settle } from '../testing/house.ts';

let house: House;
let ours: Settled;

beforeAll(async () => {
  house = await openHouse();
  ours = await settle(house, 'Ours', '+15550100001');
});
afterAll(() => house.close());

const path = () => `/v1/applications/${ours.application.id}`;
const patch = (body: object) => house.ask('PATCH', path(), ours.key, body);
const validate = async (action: object) => {
  const { body } = await house.ask('POST', '/v1/actions/validate', ours.key, { actions: [action] });
  return body.details;
};

/** A speech server of the application. */
const ai = { base_url: 'https://ai.example.com/v1', speech_model: 'tts-1' };

it('lists the voices with their languages and engines', async () => {
  const { status, body } = await house.ask('GET', '/v1/voices', ours.key);
  expect(status).toBe(200);
  expect(body).toMatchObject({ count: 3, next_cursor: null });
  expect(body.data[0]).toEqual({ voice: 'rms', gender: 'male', languages: ['en', 'en-us'], engine: 'flite' });
  expect((await house.ask('GET', '/v1/voices', ADMIN_TOKEN)).body.count).toBe(3);
  expect((await house.ask('GET', '/v1/voices')).status).toBe(401);
});

describe('a voice or a language that nobody speaks', () => {
  it.each([
    [{ say: { text: 'Hi', voice: 'alice' } }, '/actions/0/say/voice', 'one of rms, slt'],
    [{ say: { text: 'Hi', language: 'tlh' } }, '/actions/0/say/language', 'one of de, en, en-us, fr'],
    [{ type: 'say', text: 'Hi', language: 'd' + 'ex' }, '/actions/0/language', 'one of de, en, en-us, fr'],
  ])('is refused in a document: %j', async (action, pointer, expected) => {
    expect(await validate(action)).toMatchObject([{ pointer, code: 'invalid_value', expected }]);
  });

  it.each(['rms', 'slt'])('is not the voice %s', async (voice) =>
    expect(await validate({ say: { text: 'Hi', voice } })).toEqual([]),
  );

  it.each(['en', 'EN', 'en-GB', 'de', 'de-AT-1996', 'fr-CA'])('is not the language %s', async (language) =>
    expect(await validate({ say: { text: 'Hi', language } })).toEqual([]),
  );

  it('is refused for an application, when it is made and when it is changed', async () => {
    const made = await house.ask('POST', '/v1/applications', ours.key, { name: 'x', voice: 'alice' });
    expect(made).toMatchObject({ status: 400, body: { error: { details: [{ pointer: '/voice' }] } } });
    const admin = { customer_id: ours.customer.id, name: 'x', language: 'tlh' };
    expect((await house.ask('POST', '/admin/v1/applications', ADMIN_TOKEN, admin)).status).toBe(400);
    expect(await patch({ voice: 'alice', language: 'tlh' })).toMatchObject({
      status: 400,
      body: {
        error: { code: 'invalid_request', details: [{ pointer: '/voice' }, { pointer: '/language' }] },
      },
    });
    expect((await patch({ voice: 'slt', language: 'de-CH' })).status).toBe(200);
    expect((await patch({ voice: null, language: null })).status).toBe(200);
  });

  it('is refused for a call and on a live call', async () => {
    const actions = [{ say: { text: 'Hi', voice: 'alice' } }];
    const call = { from: '+15550100001', to: '+15550100009', actions };
    const placed = await house.ask('POST', '/v1/calls', ours.key, call);
    expect(placed).toMatchObject({ status: 400, body: { error: { code: 'invalid_action_payload' } } });
  });

  it('may be had where the application has a server that speaks', async () => {
    expect((await patch({ ai, voice: 'alice', language: 'tlh' })).status).toBe(200);
    expect(await validate({ say: { text: 'Hi', voice: 'nova', language: 'tlh' } })).toEqual([]);
    const { body } = await house.ask('GET', '/v1/voices', ours.key);
    expect(body.data[0]).toMatchObject({ engine: 'tts-1', gender: null });
    // Without that server nobody would speak so.
    expect((await patch({ ai: null })).status).toBe(400);
    expect((await patch({ ai: null, voice: null, language: 'fr' })).status).toBe(200);
  });
});

describe('SSML', () => {
  it.each([
    '<speak>Hello</speak>',
    'Hello <break time="500ms"/> world',
    'Hello <break/>',
    '<prosody rate="slow">Hi</prosody>',
    '<say-as interpret-as="digits">12</say-as>',
    '<amazon:effect name="whispered">Hi</amazon:effect>',
    'One <P>two</P>',
    '<?xml version="1.0"?><speak>Hi</speak>',
    'Hi </speak>',
  ])('is refused instead of being read aloud: %s', async (text) => {
    expect(await validate({ say: { text } })).toMatchObject([
      { pointer: '/actions/0/say/text', code: 'invalid_format' },
    ]);
    expect(await validate({ gather: { prompt: text } })).toMatchObject([
      { pointer: '/actions/0/gather/prompt' },
    ]);
    expect(await patch({ fault_message: text })).toMatchObject({ status: 400 });
  });

  it.each([
    '1 < 2 and 3 > 2',
    'I <3 you',
    'Write to <support@example.com>',
    'a<b>c',
    '<hello>',
    'x <- y',
    '<spear>',
  ])('is not what plain text may hold: %s', async (text) =>
    expect(await validate({ say: { text } })).toEqual([]),
  );
});
