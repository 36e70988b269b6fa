import { describe, expect, it } from 'vitest';
import { cannotListen, checkRtpPorts } from './listening.ts';

const failing = (code: string) => Object.assign(new Error(`bind ${code}`), { code });
const at = {
  hostSetting: 'MINIVOICE_SIP_HOST',
  host: '192.0.2.1',
  portSetting: 'MINIVOICE_SIP_PORT',
  port: 80,
};

describe('cannotListen', () => {
  it.each([
    ['EADDRINUSE', 'MINIVOICE_SIP_PORT: port 80 of 192.0.2.1 is in use by another program'],
    ['EACCES', 'MINIVOICE_SIP_PORT: this user may not open port 80'],
    ['EADDRNOTAVAIL', 'MINIVOICE_SIP_HOST: this machine has no address 192.0.2.1'],
    ['ENOTFOUND', 'MINIVOICE_SIP_HOST: 192.0.2.1 is neither an address nor a name'],
  ])('names the setting for %s', (code, message) => {
    expect(() => cannotListen(at)(failing(code))).toThrow(message);
  });

  it('rethrows other errors', () => {
    const error = failing('EMFILE');
    expect(() => cannotListen(at)(error)).toThrow(error);
  });
});

describe('checkRtpPorts', () => {
  /** A network on which these ports are in use. */
  const network = (isUsed: (port: number) => boolean, tried: number[] = []) => ({
    async bind(local: { address: string; port: number }) {
      tried.push(local.port);
      if (isUsed(local.port)) throw failing('EADDRINUSE');
      return { local, send() {}, close: async () => {} };
    },
  });

  it('accepts a range with a free even port', async () => {
    const tried: number[] = [];
    await checkRtpPorts(
      { from: 20_001, to: 20_011 },
      '127.0.0.1',
      network((port) => port < 20_006, tried),
    );
    expect(tried).toEqual([20_002, 20_004, 20_006]);
  });

  it('names the setting of a range that is in use', async () => {
    const checked = checkRtpPorts(
      { from: 20_000, to: 20_009 },
      '127.0.0.1',
      network(() => true),
    );
    await expect(checked).rejects.toThrow(
      'MINIVOICE_RTP_PORTS: the ports from 20000 to 20009 of 127.0.0.1 are in use',
    );
  });
});
