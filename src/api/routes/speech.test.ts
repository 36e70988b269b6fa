import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ADMIN_TOKEN,
  type SeededCustomer,
  seedCustomer,
  startTestServer,
  type TestServer,
} from '../testing/test-server.ts';

let server: TestServer;
let ours: SeededCustomer;

beforeAll(async () => {
  server = await startTestServer();
  ours = await seedCustomer(server, 'Ours', '+15550100001');
});
afterAll(() => server.close());

const path = () => `/v1/applications/${ours.application.id}`;
const patch = (body: object) => server.request('PATCH', path(), ours.key, body);
const validate = async (action: object) => {
  const { body } = await server.request('POST', '/v1/actions/validate', ours.key, { actions: [action] });
  return body.details;
};

/** A speech server of the application. */
const ai = { base_url: 'https://ai.example.com/v1', speech_model: 'tts-1' };

it('lists the voices with their languages and engines', async () => {
  const { status, body } = await server.request('GET', '/v1/voices', ours.key);
  expect(status).toBe(200);
  expect(body).toMatchObject({ count: 3, next_cursor: null });
  expect(body.data[0]).toEqual({ voice: 'rms', gender: 'male', languages: ['en', 'en-us'], engine: 'flite' });
  expect((await server.request('GET', '/v1/voices', ADMIN_TOKEN)).body.count).toBe(3);
  expect((await server.request('GET', '/v1/voices')).status).toBe(401);
});

describe('an unknown voice or language', () => {
  it.each([
    [{ say: { text: 'Hi', voice: 'alice' } }, '/actions/0/say/voice', 'one of rms, slt'],
    [{ say: { text: 'Hi', language: 'tlh' } }, '/actions/0/say/language', 'one of de, en, en-us, fr'],
    [{ type: 'say', text: 'Hi', language: 'd' + 'ex' }, '/actions/0/language', 'one of de, en, en-us, fr'],
  ])('is rejected in a document: %j', async (action, pointer, expected) => {
    expect(await validate(action)).toMatchObject([{ pointer, code: 'invalid_value', expected }]);
  });

  it.each(['rms', 'slt'])('does not include the voice %s', async (voice) =>
    expect(await validate({ say: { text: 'Hi', voice } })).toEqual([]),
  );

  it.each(['en', 'EN', 'en-GB', 'de', 'de-AT-1996', 'fr-CA'])(
    'does not include the language %s',
    async (language) => expect(await validate({ say: { text: 'Hi', language } })).toEqual([]),
  );

  it('is rejected when an application is created or changed', async () => {
    const created = await server.request('POST', '/v1/applications', ours.key, { name: 'x', voice: 'alice' });
    expect(created).toMatchObject({ status: 400, body: { error: { details: [{ pointer: '/voice' }] } } });
    const admin = { customer_id: ours.customer.id, name: 'x', language: 'tlh' };
    expect((await server.request('POST', '/admin/v1/applications', ADMIN_TOKEN, admin)).status).toBe(400);
    expect(await patch({ voice: 'alice', language: 'tlh' })).toMatchObject({
      status: 400,
      body: {
        error: { code: 'invalid_request', details: [{ pointer: '/voice' }, { pointer: '/language' }] },
      },
    });
    expect((await patch({ voice: 'slt', language: 'de-CH' })).status).toBe(200);
    expect((await patch({ voice: null, language: null })).status).toBe(200);
  });

  it('is rejected in the actions of a new call', async () => {
    const actions = [{ say: { text: 'Hi', voice: 'alice' } }];
    const call = { from: '+15550100001', to: '+15550100009', actions };
    const placed = await server.request('POST', '/v1/calls', ours.key, call);
    expect(placed).toMatchObject({ status: 400, body: { error: { code: 'invalid_action_payload' } } });
  });

  it('is allowed if the application has a speech server', async () => {
    expect((await patch({ ai, voice: 'alice', language: 'tlh' })).status).toBe(200);
    expect(await validate({ say: { text: 'Hi', voice: 'nova', language: 'tlh' } })).toEqual([]);
    const { body } = await server.request('GET', '/v1/voices', ours.key);
    expect(body.data[0]).toMatchObject({ engine: 'tts-1', gender: null });
    // Without that server, the voice and the language are invalid.
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
  ])('is rejected: %s', async (text) => {
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
  ])('does not include plain text such as %s', async (text) =>
    expect(await validate({ say: { text } })).toEqual([]),
  );
});
