import { AppServer, type Script, type WebhookRequest } from '../../tests/support/app-server.ts';
import { logOf } from './peers.ts';
import { RecordedAudio, toneFile } from './recorded-audio.ts';
import { Server } from './server.ts';
import { Sipp, type SippCall } from './sipp.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests read fields of received JSON.
type Wire = Record<string, any>;

export const SECRET = 'whsec_of_the_tests';

/** A server and a customer's application, for the calls of one test file. */
export class Harness {
  readonly app: AppServer;
  #server: Server;
  #env: Record<string, string>;
  #lines = 0;
  #others = new Map<string, string>();

  private constructor(server: Server, env: Record<string, string>, app: AppServer) {
    this.#server = server;
    this.#env = env;
    this.app = app;
  }

  static async open(env: Record<string, string> = {}): Promise<Harness> {
    const [server, app] = await Promise.all([Server.start({ env }), AppServer.start({ secret: SECRET })]);
    return new Harness(server, env, app);
  }

  get server(): Server {
    return this.#server;
  }

  /** Creates a number whose callers get these actions, or the answer of `script`. */
  async line(script: Script, fields: Record<string, unknown> = {}): Promise<Line> {
    this.#lines += 1;
    const number = `+1555${String(this.#lines).padStart(7, '0')}`;
    const defaults = {
      answer_url: this.app.on(`/${this.#lines}`, script),
      webhook_url: this.app.webhookUrl,
      webhook_secret: SECRET,
    };
    const { apiKey } = await this.#server.application({ ...defaults, ...fields }, number);
    return new Line(this, number, apiKey);
  }

  /** Sends the events of this number to another webhook, whose answer counts. */
  passOn(number: string, url: string): void {
    this.#others.set(number, url);
    this.app.webhook = async ({ call, headers, rawBody }) => {
      const other = this.#others.get(call['to']);
      if (!other) return 204;
      const signed = Object.entries(headers).filter(([name]) => name.startsWith('x-minivoice-'));
      const { status } = await fetch(other, {
        method: 'POST',
        headers: Object.fromEntries(signed) as Record<string, string>,
        body: rawBody,
      });
      return status;
    };
  }

  /** The URL of an audio file with one tone, on the application's server. */
  tone(hz: number, ms: number): string {
    return this.app.on(`/${hz}-${ms}.wav`, toneFile(hz, ms));
  }

  /** Kills the server with SIGKILL and starts it again with the same data. */
  async crash(): Promise<void> {
    await this.#server.kill();
    await this.restart();
  }

  /** Starts the server again with the same data, after it has ended. */
  async restart(): Promise<void> {
    this.#server = await Server.start({ dataDir: this.#server.dataDir, env: this.#env });
  }

  async close(): Promise<void> {
    await this.#server.stop();
    await this.app.close();
  }
}

/** A number that can be called, and its application. */
export class Line {
  readonly harness: Harness;
  readonly number: string;
  readonly apiKey: string;

  constructor(harness: Harness, number: string, apiKey: string) {
    this.harness = harness;
    this.number = number;
    this.apiKey = apiKey;
  }

  get uri(): string {
    const { host, port } = this.harness.server.sip;
    return `sip:${this.number}@${host}:${port}`;
  }

  /** Calls the number with sipp; the call is the one in the next request to the application. */
  async call(plan: Omit<SippCall, 'to'> = {}): Promise<{ caller: Sipp; call: Call }> {
    const caller = await Sipp.call(this.harness.server, { ...plan, to: this.number });
    return { caller, call: await Promise.race([this.arrived(plan.from), failed(caller)]) };
  }

  /** The next call in a request to the application; of a certain caller, if several call. */
  async arrived(from?: string): Promise<Call> {
    const { app, server } = this.harness;
    const matches = ({ event, call }: WebhookRequest) =>
      event === 'call.created' && call['to'] === this.number && (!from || call['from'] === from);
    const { call } = await app.events.take(matches, 'call.created').catch((error) => {
      throw new Error(`${error.message}\n${logOf(server)}`);
    });
    return new Call(this, call['id']);
  }

  get<T = Wire>(path: string): Promise<T> {
    return this.harness.server.request<T>('GET', path, this.apiKey);
  }

  /** Requests a call from the number. */
  place(order: object, headers: Record<string, string> = {}): Promise<{ status: number; body: Wire }> {
    return this.ask('POST', '/v1/calls', { from: this.number, ...order }, headers);
  }

  callOf(id: string): Call {
    return new Call(this, id);
  }

  /** Places a call from the number. */
  async dial(order: object): Promise<Call> {
    const { status, body } = await this.place(order);
    if (status !== 201) throw new Error(`the call was not placed: ${status} ${JSON.stringify(body)}`);
    return new Call(this, body['id']);
  }

  /** Sends a REST request, and returns the answer whatever its status. */
  async ask(
    method: string,
    path: string,
    body?: object,
    more: Record<string, string> = {},
  ): Promise<{ status: number; body: Wire }> {
    const key = { Authorization: `Bearer ${this.apiKey}` };
    const headers = { ...key, 'Content-Type': 'application/json', ...more };
    const content = body ? { body: JSON.stringify(body) } : {};
    const answer = await fetch(this.harness.server.http + path, { method, headers, ...content });
    const text = await answer.text();
    return { status: answer.status, body: text ? JSON.parse(text) : {} };
  }
}

/** One call, as its application sees it. */
export class Call {
  readonly id: string;
  #line: Line;

  constructor(line: Line, id: string) {
    this.#line = line;
    this.id = id;
  }

  /** The next event of that name from the webhook. */
  next(event: string): Promise<WebhookRequest> {
    const { app, server } = this.#line.harness;
    return app.next(event, this.id).catch((error) => {
      throw new Error(`${error.message}\n${logOf(server)}`);
    });
  }

  /** The names of all received events, in order of arrival. */
  get events(): WebhookRequest[] {
    return this.#line.harness.app.events.all.filter(({ call }) => call['id'] === this.id);
  }

  get eventNames(): string[] {
    return this.events.map(({ event }) => event);
  }

  /** The results of its recordings according to events, such as `completed by hangup`. */
  get outcomes(): string[] {
    const about = this.events.filter(({ event }) => event.startsWith('recording.'));
    return about.map(
      ({ event, data }) => `${event.slice(10)}${data['ended_by'] ? ` by ${data['ended_by']}` : ''}`,
    );
  }

  read(): Promise<Wire> {
    return this.#line.get(`/v1/calls/${this.id}`);
  }

  /** Its actions on the timeline, as `type: status` or `type: error code`. */
  async actions(): Promise<string[]> {
    const entries = await this.timeline('action');
    return entries.map(({ type, status, error }) => `${type}: ${error?.code ?? status}`);
  }

  /** The timeline's entries of one kind. */
  async timeline(kind: string): Promise<Wire[]> {
    const { data } = await this.#line.get<{ data: Wire[] }>(`/v1/calls/${this.id}/timeline`);
    return data.filter((entry) => entry['kind'] === kind).map((entry) => entry['data']);
  }

  /** Its recordings, the first one first. */
  async recordings(): Promise<Wire[]> {
    const { data } = await this.#line.get<{ data: Wire[] }>(`/v1/calls/${this.id}/recordings`);
    return data.reverse();
  }

  /** Controls the recording over REST. */
  record(action: string, more: object = {}): Promise<{ status: number; body: Wire }> {
    return this.#line.ask('POST', `/v1/calls/${this.id}/recordings`, { action, ...more });
  }

  /** Runs actions on it at once. */
  perform(actions: object[]): Promise<{ status: number; body: Wire }> {
    return this.#line.ask('POST', `/v1/calls/${this.id}/actions`, { actions });
  }

  hangUp(): Promise<{ status: number; body: Wire }> {
    return this.#line.ask('POST', `/v1/calls/${this.id}/hangup`, {});
  }

  /** A recording's file as REST gives it; without an id, the first one's. */
  async file(recordingId = `rec_${this.id}`): Promise<Buffer> {
    const headers = { Authorization: `Bearer ${this.#line.apiKey}` };
    const answer = await fetch(`${this.#line.harness.server.http}/v1/recordings/${recordingId}/file`, {
      headers,
    });
    if (!answer.ok) throw new Error(`the file of ${recordingId}: ${answer.status} ${await answer.text()}`);
    return Buffer.from(await answer.arrayBuffer());
  }

  async hear(recordingId?: string): Promise<RecordedAudio> {
    return new RecordedAudio(await this.file(recordingId));
  }
}

/** Rejects when the peer's call fails; otherwise never settles. */
const failed = (caller: Sipp): Promise<never> =>
  new Promise((_, reject) => {
    caller.done.catch(reject);
  });
