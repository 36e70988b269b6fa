import { describe, expect, it } from 'vitest';
import { describeConfig, readConfig, settings } from './config.ts';

const refusal = (env: Record<string, string>): string => {
  try {
    readConfig(env);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('a setting', () => {
  it('has its default where it is not given, or empty', () => {
    expect(readConfig({})).toMatchObject({ httpPort: 8080, trustedProxies: [], metricsToken: '' });
    expect(readConfig({ MINIVOICE_HTTP_PORT: ' ' }).httpPort).toBe(8080);
  });

  it.each([
    [{ MINIVOICE_HTTP_PORT: '99999' }, 'MINIVOICE_HTTP_PORT="99999" must be a whole number from 0 to 65535'],
    [{ MINIVOICE_SIP_TLS_PORT: 'on' }, 'must be off, or a whole number from 0 to 65535'],
    [{ MINIVOICE_LOG_LEVEL: 'verbose' }, 'must be one of debug, info, warn, error, silent'],
    [{ MINIVOICE_ALLOW_PRIVATE_URLS: 'yes' }, 'must be true, false, 1 or 0'],
    [{ MINIVOICE_RTP_PORTS: '20000' }, 'such as 20000-29999'],
    [{ MINIVOICE_RTP_PORTS: '20000-29999-1' }, 'such as 20000-29999'],
    [{ MINIVOICE_PUBLIC_URL: 'voice.example.com' }, 'a URL that begins with http:// or https://'],
    [{ MINIVOICE_TRUSTED_PROXIES: '10.0.0.0/33' }, 'addresses and CIDR blocks'],
    [{ MINIVOICE_TRUSTED_PROXIES: 'proxy.example.com' }, 'addresses and CIDR blocks'],
  ])('that is invalid is refused with the values that are allowed: %j', (env, sentence) => {
    expect(refusal(env)).toContain(sentence);
  });

  it('is refused together with all others that are wrong', () => {
    const all = refusal({ MINIVOICE_HTTP_PORT: 'x', MINIVOICE_SIP_PORT: 'y', MINIVOICE_NODES: '1' });
    expect(all).toMatch(/^Invalid settings: .*MINIVOICE_NODES.*; .*HTTP_PORT.*; .*SIP_PORT/);
  });

  it('may list addresses and blocks of both families', () => {
    const given = ' 127.0.0.1, 10.0.0.0/8 ::1,fd00::/8';
    const expected = ['127.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8'];
    expect(readConfig({ MINIVOICE_TRUSTED_PROXIES: given }).trustedProxies).toEqual(expected);
  });
});

describe('a variable that is named like a setting', () => {
  it.each([
    ['MINIVOICE_HTTPPORT', 'MINIVOICE_HTTP_PORT'],
    ['MINIVOICE_ALLOW_PRIVATE_URL', 'MINIVOICE_ALLOW_PRIVATE_URLS'],
    ['MINIVOICE_MAX_CALL', 'MINIVOICE_MAX_CALLS'],
    ['MINIVOICE_LOGLEVEL', 'MINIVOICE_LOG_LEVEL'],
    ['MINIVOICE_DATADIR', 'MINIVOICE_DATA_DIR'],
    ['minivoice_http_port', 'MINIVOICE_HTTP_PORT'],
    ['MINIVOICE_PORT', 'MINIVOICE_HTTP_PORT or MINIVOICE_SIP_PORT'],
  ])('and is none, %s, is refused with the name that was meant', (name, meant) => {
    expect(refusal({ [name]: '1' })).toContain(`there is no setting ${name}: did you mean ${meant}`);
  });

  it('and is like none is refused too', () => {
    expect(refusal({ MINIVOICE_FROBNICATE: '1' })).toContain(
      'MINIVOICE_FROBNICATE: the command config lists all',
    );
  });

  it('and belongs to an application of MiniVoice is left alone', () => {
    expect(
      refusal({ MINIVOICE_URL: 'http://127.0.0.1:8080', MINIVOICE_API_KEY: 'mv_live_x', PATH: '/bin' }),
    ).toBe('');
  });
});

it('prints every setting with what it takes, and no secret', () => {
  const text = describeConfig({ MINIVOICE_METRICS_TOKEN: 'hidden', MINIVOICE_ADMIN_TOKEN: 'hidden' });
  for (const { name } of Object.values(settings)) expect(text).toContain(`${name}=`);
  expect(text).toContain('MINIVOICE_METRICS_TOKEN=(set)');
  expect(text).toContain('(a whole number from 0 to 65535)');
  expect(text).not.toContain('hidden');
});

it.each([
  ['MINIVOICE_SIP_HOST', 'localhost'],
  ['MINIVOICE_SIP_HOST', '[::1]'],
  ['MINIVOICE_SIP_HOST', '127.0.0.1:5060'],
  ['MINIVOICE_SIP_HOST', '127.1'],
  ['MINIVOICE_HTTP_HOST', 'a b'],
  ['MINIVOICE_PUBLIC_ADDRESS', '192.0.2.1:5060'],
  ['MINIVOICE_PUBLIC_ADDRESS', 'a\r\nb'],
  ['MINIVOICE_SIP_DOMAIN', 'sip:example.com'],
  ['MINIVOICE_TRUSTED_PROXIES', '10.0.0.0/33'],
])('%s=%j is refused with what is allowed', (name, value) => {
  expect(() => readConfig({ [name]: value })).toThrow(name);
});

it('addresses and hosts are kept in their one form', () => {
  const config = readConfig({
    MINIVOICE_SIP_HOST: '0:0::1',
    MINIVOICE_PUBLIC_ADDRESS: '[2001:DB8::1]',
    MINIVOICE_SIP_DOMAIN: 'pbx.example.com',
  });
  expect([config.sipHost, config.publicAddress, config.sipDomain]).toEqual([
    '::1',
    '2001:db8::1',
    'pbx.example.com',
  ]);
});
