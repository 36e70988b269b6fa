import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../e2e/support/peers.ts';
import { launchAsIs, Server } from '../../../e2e/support/server.ts';
import { testCertificate } from '../../../src/net/testing/certificate.ts';

const NUMBER = '+15550100000';

/** The running server with one application. */
export class ServerUnderTest {
  server!: Server;
  apiKey = '';
  applicationId = '';
  readonly number = NUMBER;
  readonly tlsPort: number;
  readonly callerId = '+15550100009';
  #folder = mkdtempSync(join(tmpdir(), 'minivoice-fuzz-'));
  #env: Record<string, string>;
  /** All findings. */
  readonly findings: string[] = [];

  private constructor(dnsPort: number, tlsPort: number) {
    this.tlsPort = tlsPort;
    const pem = (name: string, text: string) => {
      const file = join(this.#folder, name);
      writeFileSync(file, text);
      return file;
    };
    this.#env = {
      MINIVOICE_DATA_DIR: join(this.#folder, 'data'),
      MINIVOICE_SIP_TLS_PORT: String(tlsPort),
      MINIVOICE_SIP_TLS_CERT: pem('cert.pem', testCertificate.cert),
      MINIVOICE_SIP_TLS_KEY: pem('key.pem', testCertificate.key),
      MINIVOICE_LOG_LEVEL: 'warn',
      NODE_OPTIONS: `--import ${join(import.meta.dirname, 'hostile-dns.mjs')}`,
      FUZZ_DNS: `127.0.0.1:${dnsPort}`,
    };
  }

  /** @param dnsPort port of the hostile name server. */
  static async open(dnsPort: number): Promise<ServerUnderTest> {
    const sut = new ServerUnderTest(dnsPort, freePort());
    await sut.#start();
    const { id: customer_id } = await sut.server.admin<{ id: string }>('POST', '/customers', {
      name: 'Fuzz',
    });
    const app = { customer_id, name: 'fuzz', answer_url: 'http://127.0.0.1:9/none' };
    const { id, api_key } = await sut.server.admin<{ id: string; api_key: string }>(
      'POST',
      '/applications',
      app,
    );
    sut.applicationId = id;
    sut.apiKey = api_key;
    const did = { application_id: id, number_e164: sut.callerId, route_mode: 'webhook' };
    await sut.server.admin('POST', '/dids', did);
    return sut;
  }

  get sipPort(): number {
    return this.server.sip.port;
  }

  get httpPort(): number {
    return Number(new URL(this.server.http).port);
  }

  /** Sends a request with the application's key; a refusal is returned, too. */
  async api(method: string, path: string, body?: object): Promise<{ status: number; body: unknown }> {
    const headers = { Authorization: `Bearer ${this.apiKey}`, 'Content-Type': 'application/json' };
    const response = await fetch(this.server.http + path, {
      method,
      headers,
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(30_000),
    });
    return { status: response.status, body: await response.json().catch(() => null) };
  }

  /** Reports an ended process, a missing response, and defects. */
  async check(attack: string): Promise<void> {
    const { exitCode, signalCode } = this.server.process;
    if (exitCode !== null || signalCode !== null) {
      this.findings.push(
        `${attack}: the process ended with ${exitCode ?? signalCode}: ${this.server.log.slice(-5).join(' ')}`,
      );
      return;
    }
    const health = await fetch(`${this.server.http}/healthz`, { signal: AbortSignal.timeout(10_000) }).catch(
      () => null,
    );
    if (!health?.ok) this.findings.push(`${attack}: /healthz does not answer`);
    const metrics = await this.server.metrics();
    const defects = [
      ...metrics.matchAll(/^minivoice_(?:defects_total|sip_messages_failed_total)(\{.*\})? ([1-9]\d*)$/gm),
    ];
    if (defects.length === 0) return;
    const line = this.server.log.findLast((each) => each.includes('a defect was contained')) ?? '';
    this.findings.push(`${attack}: ${defects.map(([each]) => each).join(', ')} ${line}`);
  }

  /** Kills the process and restarts it with its stored data. */
  async restart(): Promise<void> {
    await this.server.kill();
    await this.#start();
  }

  async close(): Promise<void> {
    const { exitCode, signalCode } = this.server.process;
    if (exitCode === null && signalCode === null) await this.server.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #start(): Promise<void> {
    this.server = await Server.start({
      launch: launchAsIs,
      env: this.#env,
      dataDir: this.#env['MINIVOICE_DATA_DIR']!,
    });
  }
}
