import { Harness, type Line } from '../../e2e/support/harness.ts';
import { RecordedAudio } from '../../e2e/support/recorded-audio.ts';
import { until } from '../support/until.ts';
import { Caller, type Manners } from './caller.ts';
import { namesOf } from './history.ts';
import { Rogue } from './rogue.ts';

// biome-ignore lint/suspicious/noExplicitAny: what came over the wire is looked at field by field.
type Wire = Record<string, any>;

/** What the caller, the application, and the operator notice of a fault. */
export interface Seen {
  caller: string;
  application: string;
  operator: string;
}

/** A running server, a well-behaved application, and a misbehaving web server. */
export class World {
  readonly harness: Harness;
  readonly rogue: Rogue;

  private constructor(harness: Harness, rogue: Rogue) {
    this.harness = harness;
    this.rogue = rogue;
  }

  static async open(env: Record<string, string> = {}): Promise<World> {
    const [harness, rogue] = await Promise.all([Harness.open(env), Rogue.start()]);
    return new World(harness, rogue);
  }

  call(line: Line, manners?: Manners): Promise<Caller> {
    return Caller.call(this.harness.server.sip, line.number, manners);
  }

  async close(): Promise<void> {
    this.rogue.close();
    await this.harness.close();
  }
}

/** The last call to a line, as its application can read it after the end. */
export async function accountOf(line: Line): Promise<Account> {
  let last: Wire = {};
  const ended = async () => {
    last = (await line.get(`/v1/calls?limit=1`))['data'][0] ?? {};
    return last['ended_at'] !== null && last['ended_at'] !== undefined;
  };
  await until(ended, 'the call has ended');
  await loggedTo(line, last['id']);
  return new Account(line, last['id']);
}

/** The last log line of a call may follow a moment after its end can be read; after a crash it is missing. */
async function loggedTo({ harness }: Line, id: string): Promise<void> {
  const isLast = (text: string) => text.includes(id) && /"msg":"call (ended|cut off)"/.test(text);
  await until(() => harness.server.log.some(isLast), 'the end of the call is logged', 3000).catch(() => {});
}

/** Everything that the application and the operator can read about a call. */
export class Account {
  readonly #line: Line;
  readonly #id: string;

  constructor(line: Line, id: string) {
    this.#line = line;
    this.#id = id;
  }

  /** The events, except those that every call has, each with its reason. */
  async events(): Promise<string> {
    const { data } = await this.#line.get(`/v1/calls/${this.#id}/events?limit=200`);
    return namesOf(data);
  }

  /** How long each of its actions took. */
  async actionsMs(): Promise<number[]> {
    const { data } = await this.#line.get(`/v1/calls/${this.#id}/timeline`);
    const actions = data.filter(({ kind }: Wire) => kind === 'action');
    return actions.map((entry: Wire) => entry['data'].duration_ms);
  }

  /** The first warning about it, with its reason. */
  logged(): string {
    const lines = this.#line.harness.server.log
      .filter((line) => line.includes(this.#id))
      .map((line) => JSON.parse(line));
    const warning = lines.find(({ level }) => level === 'warn' || level === 'error');
    if (!warning) return 'nothing';
    // The message differs on a machine without a network, and file names differ each time.
    const why = String(warning.error)
      .replace(/getaddrinfo E\w+/, 'no such name:')
      .replace(/'\/.*'/, "'…'");
    return `log: \`${warning.msg}\` (${why})`;
  }

  async recording(): Promise<{ row: Wire; audio: RecordedAudio | undefined }> {
    const { data } = await this.#line.get(`/v1/calls/${this.#id}/recordings`);
    const row = data[0];
    const headers = { Authorization: `Bearer ${this.#line.apiKey}` };
    const answer = await fetch(`${this.#line.harness.server.http}/v1/recordings/${row.id}/file`, { headers });
    const audio = answer.ok ? new RecordedAudio(Buffer.from(await answer.arrayBuffer())) : undefined;
    return { row, audio };
  }
}
