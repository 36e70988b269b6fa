import { describe, expect, it } from 'vitest';
import { describeConfig, readConfig, settings } from './config.ts';

const errorFor = (env: Record<string, string>): string => {
  try {
    readConfig(env);
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('a setting', () => {
  it('has its default if the variable is missing or empty', () => {
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
  ])('with an invalid value is refused with the allowed values: %j', (env, message) => {
    expect(errorFor(env)).toContain(message);
  });

  it('is refused together with all other invalid ones', () => {
    const all = errorFor({ MINIVOICE_HTTP_PORT: 'x', MINIVOICE_SIP_PORT: 'y', MINIVOICE_NODES: '1' });
    expect(all).toMatch(/^Invalid settings: .*MINIVOICE_NODES.*; .*HTTP_PORT.*; .*SIP_PORT/);
  });

  it('may contain addresses and blocks of both families', () => {
    const given = ' 127.0.0.1, 10.0.0.0/8 ::1,fd00::/8';
    const expected = ['127.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8'];
    expect(readConfig({ MINIVOICE_TRUSTED_PROXIES: given }).trustedProxies).toEqual(expected);
  });
});

describe('a variable that looks like a setting', () => {
  it.each([
    ['MINIVOICE_HTTPPORT', 'MINIVOICE_HTTP_PORT'],
    ['MINIVOICE_ALLOW_PRIVATE_URL', 'MINIVOICE_ALLOW_PRIVATE_URLS'],
    ['MINIVOICE_MAX_CALL', 'MINIVOICE_MAX_CALLS'],
    ['MINIVOICE_LOGLEVEL', 'MINIVOICE_LOG_LEVEL'],
    ['MINIVOICE_DATADIR', 'MINIVOICE_DATA_DIR'],
    ['minivoice_http_port', 'MINIVOICE_HTTP_PORT'],
    ['MINIVOICE_PORT', 'MINIVOICE_HTTP_PORT or MINIVOICE_SIP_PORT'],
  ])('is refused with similar names: %s', (name, similar) => {
    expect(errorFor({ [name]: '1' })).toContain(`there is no setting ${name}: did you mean ${similar}`);
  });

  it('is refused without a similar name', () => {
    expect(errorFor({ MINIVOICE_FROBNICATE: '1' })).toContain(
      'MINIVOICE_FROBNICATE: the command config lists all settings',
    );
  });

  it('is ignored if it belongs to an application of MiniVoice', () => {
    expect(
      errorFor({ MINIVOICE_URL: 'http://127.0.0.1:8080', MINIVOICE_API_KEY: 'mv_live_x', PATH: '/bin' }),
    ).toBe('');
  });
});

it('describeConfig prints every setting with its allowed values, and no secret', () => {
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
])('refuses %s=%j with the allowed values', (name, value) => {
  expect(() => readConfig({ [name]: value })).toThrow(name);
});

it('converts addresses and hosts to canonical form', () => {
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
