import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'minivoice-start-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function start(args: string[], env: Record<string, string>) {
  return spawn(process.execPath, [join(root, 'src/main.ts'), ...args], {
    env: {
      PATH: process.env['PATH'] ?? '',
      MINIVOICE_DATA_DIR: folder,
      MINIVOICE_HTTP_PORT: '0',
      MINIVOICE_SIP_PORT: '0',
      MINIVOICE_LOG_LEVEL: 'error',
      ...env,
    },
    timeout: 60_000,
  });
}

/** Runs the server's command line until it exits. */
async function run(args: string[], env: Record<string, string> = {}) {
  const child = start(args, env);
  let out = '';
  let err = '';
  child.stdout.on('data', (data) => (out += data));
  child.stderr.on('data', (data) => (err += data));
  const [code] = await once(child, 'close');
  return { code, out, err };
}

describe('the command line', () => {
  it('prints the version', async () => {
    expect(await run(['--version'])).toEqual({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
      err: '',
    });
  });

  it.each([
    [['--verison'], 'There is no option "--verison"; did you mean --version?'],
    [['start', '--port=1'], 'There is no option "--port=1"'],
    [['confg'], 'There is no command "confg"; did you mean config?'],
    [['config', 'all'], 'There is no argument "all"'],
  ])('refuses %j with the code 2', async (args, sentence) => {
    const { code, out, err } = await run(args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(sentence);
  });
});

/** The line that a server prints when it is ready. */
async function readyLine(env: Record<string, string> = {}): Promise<Record<string, string>> {
  const child = start([], env);
  for await (const line of createInterface(child.stdout)) {
    if (!line.startsWith('{"msg":"ready"')) continue;
    child.kill('SIGTERM');
    await once(child, 'close');
    return JSON.parse(line);
  }
  throw new Error('the server ended before it was ready');
}

describe('the ready line', () => {
  it('names the file of an admin token that a failed start has created', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    await run([], { MINIVOICE_HTTP_PORT: String((taken.address() as AddressInfo).port) });
    taken.close();
    const { admin_token, admin_token_file } = await readyLine();
    expect(admin_token).toBeUndefined();
    expect(readFileSync(admin_token_file!, 'utf8').trim()).toMatch(/^[0-9a-f]{64}$/);
  });

  it('names no file if the admin token is a setting', async () => {
    expect(await readyLine({ MINIVOICE_ADMIN_TOKEN: 'a-token-of-the-operator' })).toEqual({
      ...{ msg: 'ready', http: expect.any(String), sip: expect.any(String) },
    });
  });
});

describe('a start that fails', () => {
  const fails = async (env: Record<string, string>, sentence: string) => {
    const { code, err } = await run([], env);
    expect(code).toBe(1);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
    expect(err).toMatch(/^MiniVoice could not start: /);
    expect(err).toContain(sentence);
  };

  it('names invalid settings and settings that do not exist', () =>
    fails(
      { MINIVOICE_HTTPPORT: '8080', MINIVOICE_RTP_PORTS: 'many' },
      'there is no setting MINIVOICE_HTTPPORT: did you mean MINIVOICE_HTTP_PORT',
    ));

  it.each(['/proc/x', '/dev/null', '/dev/null/x'])('names the data folder %s', (path) =>
    fails({ MINIVOICE_DATA_DIR: path }, `MINIVOICE_DATA_DIR, ${path}, cannot be used: `),
  );

  it('names the setting of a TCP port that is in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const port = String((taken.address() as AddressInfo).port);
    await fails({ MINIVOICE_HTTP_PORT: port }, `MINIVOICE_HTTP_PORT: port ${port} of 127.0.0.1 is in use`);
    await fails({ MINIVOICE_SIP_PORT: port }, `MINIVOICE_SIP_PORT: port ${port} of 127.0.0.1 is in use`);
    taken.close();
  });

  it('names the setting of a UDP port that is in use', async () => {
    const taken = createSocket('udp4').bind(0, '127.0.0.1');
    await once(taken, 'listening');
    const port = String(taken.address().port);
    await fails({ MINIVOICE_SIP_PORT: port }, `MINIVOICE_SIP_PORT: port ${port} of 127.0.0.1 is in use`);
    taken.close();
  });

  it('names the setting of an address that this machine does not have', async () => {
    await fails(
      { MINIVOICE_HTTP_HOST: '192.0.2.1' },
      'MINIVOICE_HTTP_HOST: this machine has no address 192.0.2.1',
    );
    await fails(
      { MINIVOICE_SIP_HOST: '192.0.2.1' },
      'MINIVOICE_SIP_HOST: this machine has no address 192.0.2.1',
    );
  });
});
