import { describe, expect, it } from 'vitest';
import { type CheckOptions, checkDocument } from './actions/document.ts';

const base = 'https://app.example.com/voice/answer?call=1';

function urlOf(entry: object, options: CheckOptions = { base }): unknown {
  const verdict = checkDocument({ actions: [entry] }, options);
  if (!verdict.ok) return verdict.details.map(({ pointer, message }) => `${pointer} ${message}`).join();
  const action = verdict.actions[0] as { url?: string; streamUrl?: string };
  return action.url ?? action.streamUrl;
}

describe('a relative URL', () => {
  it.each([
    [{ redirect: { url: 'menu' } }, 'https://app.example.com/voice/menu'],
    [{ redirect: { url: '/menu?x=1' } }, 'https://app.example.com/menu?x=1'],
    [{ redirect: { url: '../menu' } }, 'https://app.example.com/menu'],
    [{ redirect: { url: '?tries=2' } }, 'https://app.example.com/voice/answer?tries=2'],
    [{ type: 'play', url: 'sounds/hello.wav' }, 'https://app.example.com/voice/sounds/hello.wav'],
    [{ play: { url: '//cdn.example.com/a.mp3' } }, 'https://cdn.example.com/a.mp3'],
    [{ start_stream: { stream_url: '/media' } }, 'wss://app.example.com/media'],
    [{ stop_stream: { stream_url: '/media' } }, 'wss://app.example.com/media'],
    [{ play: { url: 'https://other.example.com/a.wav' } }, 'https://other.example.com/a.wav'],
  ])('in %j is resolved against the URL of the document', (entry, url) => {
    expect(urlOf(entry)).toBe(url);
  });

  it('is rejected if the document has no URL, and if it is empty', () => {
    expect(urlOf({ redirect: { url: '/menu' } }, {})).toContain('/actions/0/redirect/url url must be a URL');
    expect(urlOf({ redirect: { url: '' } })).toContain('/actions/0/redirect/url url must be a URL');
  });

  it('cannot have another scheme', () => {
    expect(urlOf({ play: { url: 'file:///etc/passwd' } })).toContain('must be a URL that begins with');
    expect(urlOf({ play: { url: 'javascript:1' } })).toContain('must be a URL that begins with');
  });

  it('in an http document is rejected if http is not allowed', () => {
    const plain = { base: 'http://app.example.com/' };
    expect(urlOf({ play: { url: 'a.wav' } }, plain)).toContain('MINIVOICE_ALLOW_PRIVATE_URLS');
    expect(urlOf({ redirect: { url: 'a' } }, plain)).toBe('http://app.example.com/a');
    expect(urlOf({ start_stream: { stream_url: 'm' } }, { ...plain, allowPrivateUrls: true })).toBe(
      'ws://app.example.com/m',
    );
  });
});

describe('a URL that the operator does not allow', () => {
  const whyPrivate = (host: string) => (/^(127\.|10\.|::1$)/.test(host) ? 'a private address' : undefined);
  it.each([
    { play: { url: 'http://example.com/a.wav' } },
    { start_stream: { stream_url: 'ws://example.com/media' } },
    { play: { url: 'https://10.0.0.1/a.wav' } },
    { redirect: { url: 'http://0x7f.1/a' } },
    { redirect: { url: 'https://[::1]/a' } },
    { redirect: { url: 'https://localhost:8080/a' } },
    { start_stream: { stream_url: 'wss://voice.localhost./a' } },
  ])('%j names the setting that allows it', (entry) => {
    expect(urlOf(entry, { whyPrivate })).toContain('MINIVOICE_ALLOW_PRIVATE_URLS=true');
    expect(urlOf(entry, { whyPrivate, allowPrivateUrls: true })).not.toContain('MINIVOICE');
  });
});
