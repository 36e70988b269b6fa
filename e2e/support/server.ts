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

/** The real server as a process, with free ports and its own data folder. */
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

  /** Starts it. With the data folder of an earlier server it continues where that one stopped. */
  static async start(options: StartOptions = {}): Promise<Server> {
    const dataDir =
      options.dataDir ?? options.env?.['MINIVOICE_DATA_DIR'] ?? (await mkdtemp(join(tmpdir(), 'minivoice-')));
    const child = (options.launch ?? launch)(dataDir, options.env);
    const lines = new Inbox<string>((line) => `\n${line}`);
    createInterface({ input: child.stderr! }).on('line', (line) => lines.add(line));
    const ready = await new Promise<Ready>((resolve, reject) => {
      createInterface({ input: child.stdout! }).on('line', (line) => {
        lines.add(line);
        if (isReady(line)) resolve(JSON.parse(line));
      });
      child.once('exit', (code) =>
        reject(new Error(`the server ended with ${code}:\n${lines.all.join('\n')}`)),
      );
    });
    if (!options.launch) await runMediaInRealTime(child.pid!);
    return new Server(child, dataDir, lines, ready);
  }

  /** All lines of its log. */
  get log(): string[] {
    return this.#lines.all;
  }

  /** Waits for a log line that contains the text. */
  logged(text: string): Promise<string> {
    return this.#lines.take((line) => line.includes(text), `line with ${JSON.stringify(text)}`);
  }

  /** Sends a request with the admin token. Any status but 2xx fails the test. */
  async admin<T = Record<string, unknown>>(method: string, path: string, body?: object): Promise<T> {
    return this.request<T>(method, `/admin/v1${path}`, ADMIN_TOKEN, body);
  }

  /** The text of `/metrics`. */
  async metrics(): Promise<string> {
    return (await fetch(`${this.http}/metrics`)).text();
  }

  /** The values of some metrics at one moment. @param names without `minivoice_`; NaN if a metric is missing. */
  async metricValues<const Names extends readonly string[]>(
    ...names: Names
  ): Promise<{ [Name in keyof Names]: number }> {
    const text = await this.metrics();
    const valueOfMetric = (name: string) =>
      Number(new RegExp(`^minivoice_${name} (.*)$`, 'm').exec(text)?.[1]);
    return names.map(valueOfMetric) as { [Name in keyof Names]: number };
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

  /** Creates an application with its own number. */
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

  /** Sends SIGKILL to what is left of the process group that `launchByNpm` started. */
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

/** Starts only the process, which may be killed before it is ready. */
export function launch(dataDir: string, more: Record<string, string> = {}): ChildProcess {
  const NODE_OPTIONS = `${more['NODE_OPTIONS'] ?? ''} --import ${STEADY_LOAD}`;
  const env = { ...process.env, ...FREE_PORTS, ...more, MINIVOICE_DATA_DIR: dataDir, NODE_OPTIONS };
  return begin(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Starts the server as users do: without real-time priority, and refusing calls on a busy machine. */
export function launchAsIs(dataDir: string, more: Record<string, string> = {}): ChildProcess {
  const env = { ...process.env, ...FREE_PORTS, ...more, MINIVOICE_DATA_DIR: dataDir };
  return begin(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** `npm start` as the leader of its own process group, as in a terminal. */
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
  // Admission control has its own tests.
  MINIVOICE_RECOGNISER: 'off',
};
