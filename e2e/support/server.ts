import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { Inbox } from '../../tests/support/inbox.ts';
import { begin } from './peers.ts';
import { runMediaInRealTime } from './priorities.ts';

const root = resolve(import.meta.dirname, '../..');
const main = join(root, 'src/main.ts');
const STEADY_LOAD = join(root, 'tests/support/steady-load.mjs');

/** The real program as its own process, on free ports, with a data folder of its own. */
export class Server {
  readonly dataDir: string;
  readonly http: string;
  readonly sip: { host: string; port: number };
  readonly adminToken: string;
  #lines: Inbox<string>;
  #process: ChildProcess;

  private constructor(process: ChildProcess, dataDir: string, lines: Inbox<string>, ready: Ready) {
    this.#process = process;
    this.dataDir = dataDir;
    this.#lines = lines;
    this.http = ready.http;
    const [host = '', port = ''] = ready.sip.split(':');
    this.sip = { host: host === '0.0.0.0' ? '127.0.0.1' : host, port: Number(port) };
    this.adminToken = ADMIN_TOKEN;
  }

  /** Its process; with `launchByNpm`, that of npm. */
  get process(): ChildProcess {
    return this.#process;
  }

  /** The number of its process. */
  get pid(): number {
    return this.#process.pid!;
  }

  /** Starts it; with the data folder of a former one it goes on where that one stopped. */
  static async start(options: StartOptions = {}): Promise<Server> {
    const dataDir =
      options.dataDir ?? options.env?.['MINIVOICE_DATA_DIR'] ?? (await mkdtemp(join(tmpdir(), 'minivoice-')));
    const child = (options.launch ?? launch)(dataDir, options.env);
    const lines = new Inbox<string>((line) => `\n${line}`);
    createInterface({ input: child.stderr! }).on('line', (line) => lines.add(line));
    const ready = await new Promise<Ready>((fulfil, reject) => {
      createInterface({ input: child.stdout! }).on('line', (line) => {
        lines.add(line);
        if (isReady(line)) fulfil(JSON.parse(line));
      });
      child.once('exit', (code) =>
        reject(new Error(`the server ended with ${code}:\n${lines.all.join('\n')}`)),
      );
    });
    if (!options.launch) await runMediaInRealTime(child.pid!);
    return new Server(child, dataDir, lines, ready);
  }

  /** Every line that it wrote. */
  get log(): string[] {
    return this.#lines.all;
  }

  /** Waits for a line with this in it. */
  logged(text: string): Promise<string> {
    return this.#lines.take((line) => line.includes(text), `line with ${JSON.stringify(text)}`);
  }

  /** A request with the admin token; fails the test on anything but 2xx. */
  async admin<T = Record<string, unknown>>(method: string, path: string, body?: object): Promise<T> {
    return this.request<T>(method, `/admin/v1${path}`, ADMIN_TOKEN, body);
  }

  /** What `/metrics` tells. */
  async metrics(): Promise<string> {
    return (await fetch(`${this.http}/metrics`)).text();
  }

  /** Some figures of it, all of the same moment. @param names without `minivoice_`; NaN for what is not there. */
  async figures<const Names extends readonly string[]>(
    ...names: Names
  ): Promise<{ [Name in keyof Names]: number }> {
    const text = await this.metrics();
    const figure = (name: string) => Number(new RegExp(`^minivoice_${name} (.*)$`, 'm').exec(text)?.[1]);
    return names.map(figure) as { [Name in keyof Names]: number };
  }

  async request<T = Record<string, unknown>>(
    method: string,
    path: string,
    key: string,
    body?: object,
  ): Promise<T> {
    const headers = {
      Authorization: `Bearer ${key}`,
      ...(body ? { 'Content-Type': 'application/json' } : {}),
    };
    const answer = await fetch(this.http + path, {
      method,
      headers,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    return (text ? JSON.parse(text) : {}) as T;
  }

  /** An application with a number of its own. */
  async application(
    fields: Record<string, unknown>,
    number: string,
  ): Promise<{ id: string; apiKey: string }> {
    const { id: customer_id } = await this.admin<{ id: string }>('POST', '/customers', { name: 'Acme' });
    const app = await this.admin<{ id: string; api_key: string }>('POST', '/applications', {
      customer_id,
      name: 'e2e',
      ...fields,
    });
    await this.admin('POST', '/dids', { application_id: app.id, number_e164: number, route_mode: 'webhook' });
    return { id: app.id, apiKey: app.api_key };
  }

  /** SIGTERM, waits for the end, and removes its data. */
  async stop(): Promise<void> {
    await this.terminate();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** SIGTERM: the data folder stays. @returns the exit code. */
  terminate(): Promise<number | null> {
    return this.#end('SIGTERM');
  }

  /** kill -9: the data folder stays. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** kill -9 to a process group that `launchByNpm` has started, if any of it is left. */
  killGroup(): void {
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const { exitCode, signalCode } = this.#process;
    if (exitCode !== null || signalCode !== null) return exitCode;
    this.#process.kill(signal);
    const [code] = await once(this.#process, 'exit');
    return code;
  }
}

interface StartOptions {
  dataDir?: string;
  env?: Record<string, string>;
  /** How its process is started; default: Node itself. */
  launch?: typeof launch;
}

/** Its process alone, which may be killed before it is ready. */
export function launch(dataDir: string, more: Record<string, string> = {}): ChildProcess {
  const NODE_OPTIONS = `${more['NODE_OPTIONS'] ?? ''} --import ${STEADY_LOAD}`;
  const env = { ...process.env, ...FREE_PORTS, ...more, MINIVOICE_DATA_DIR: dataDir, NODE_OPTIONS };
  return begin(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Its process as users run it: it refuses calls when the machine is busy, and no thread of it runs in real time. */
export function launchAsIs(dataDir: string, more: Record<string, string> = {}): ChildProcess {
  const env = { ...process.env, ...FREE_PORTS, ...more, MINIVOICE_DATA_DIR: dataDir };
  return begin(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** `npm start`, as the leader of a process group of its own, as in a terminal. */
export function launchByNpm(dataDir: string, more: Record<string, string> = {}): ChildProcess {
  const env = { ...process.env, ...FREE_PORTS, ...more, MINIVOICE_DATA_DIR: dataDir };
  return begin('npm', ['start'], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
}

/** Whether this is the line of a process that is ready. */
export const isReady = (line: string): boolean => line.startsWith('{"msg":"ready"');

interface Ready {
  http: string;
  sip: string;
}

const ADMIN_TOKEN = 'e2e-admin-token';

const FREE_PORTS = {
  MINIVOICE_HTTP_PORT: '0',
  MINIVOICE_SIP_PORT: '0',
  MINIVOICE_ADMIN_TOKEN: ADMIN_TOKEN,
  MINIVOICE_ALLOW_PRIVATE_URLS: 'true',
  MINIVOICE_DRAIN_SECONDS: '1',
  // It has tests of its own; elsewhere it would only slow the machine down.
  MINIVOICE_RECOGNISER: 'off',
};
