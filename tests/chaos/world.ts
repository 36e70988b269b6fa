import { Ear } from '../../e2e/support/hearing.ts';
import { type Line, Stage } from '../../e2e/support/stage.ts';
import { Caller, type Manners, seconds } from './caller.ts';
import { namesOf } from './history.ts';
import { Rogue } from './rogue.ts';

// biome-ignore lint/suspicious/noExplicitAny: what came over the wire is looked at field by field.
type Wire = Record<string, any>;

/** What three people notice of a fault. */
export interface Seen {
  caller: string;
  application: string;
  operator: string;
}

/** The whole program, an application that behaves, and a web server that does not. */
export class World {
  readonly stage: Stage;
  readonly rogue: Rogue;

  private constructor(stage: Stage, rogue: Rogue) {
    this.stage = stage;
    this.rogue = rogue;
  }

  static async open(env: Record<string, string> = {}): Promise<World> {
    const [stage, rogue] = await Promise.all([Stage.open(env), Rogue.start()]);
    return new World(stage, rogue);
  }

  call(line: Line, manners?: Manners): Promise<Caller> {
    return Caller.call(this.stage.server.sip, line.number, manners);
  }

  async close(): Promise<void> {
    this.rogue.close();
    await this.stage.close();
  }
}

/** The last call to a line, as its application can read it when it is over. */
export async function accountOf(line: Line): Promise<Account> {
  for (let tries = 0; tries < 100; tries++) {
    const { data } = await line.get(`/v1/calls?limit=1`);
    if (data[0]?.ended_at) {
      await loggedTo(line, data[0].id);
      return new Account(line, data[0].id);
    }
    await seconds(0.1);
  }
  throw new Error('the call does not end');
}

/** A call's last line in the log may come a moment after its end can be read; not at all where a crash cut it off. */
async function loggedTo({ stage }: Line, id: string): Promise<void> {
  const isLast = (text: string) => text.includes(id) && /"msg":"call (ended|cut off)"/.test(text);
  for (let tries = 0; tries < 10 && !stage.server.log.some(isLast); tries++) await seconds(0.1);
}

/** What is left of a call for those who were not on the phone. */
export class Account {
  readonly #line: Line;
  readonly #id: string;

  constructor(line: Line, id: string) {
    this.#line = line;
    this.#id = id;
  }

  /** The events but for those that every call has, each with how it came about. */
  async told(): Promise<string> {
    const { data } = await this.#line.get(`/v1/calls/${this.#id}/events?limit=200`);
    return namesOf(data);
  }

  /** The first warning about it, with its reason. */
  logged(): string {
    const lines = this.#line.stage.server.log
      .filter((line) => line.includes(this.#id))
      .map((line) => JSON.parse(line));
    const warning = lines.find(({ level }) => level === 'warn' || level === 'error');
    if (!warning) return 'nothing';
    // A machine without a network says it in another way; names of files are others each time.
    const why = String(warning.error)
      .replace(/getaddrinfo E\w+/, 'no such name:')
      .replace(/'\/.*'/, "'…'");
    return `log: \`${warning.msg}\` (${why})`;
  }

  async recording(): Promise<{ row: Wire; ear: Ear | undefined }> {
    const { data } = await this.#line.get(`/v1/calls/${this.#id}/recordings`);
    const row = data[0];
    const headers = { Authorization: `Bearer ${this.#line.apiKey}` };
    const answer = await fetch(`${this.#line.stage.server.http}/v1/recordings/${row.id}/file`, { headers });
    const ear = answer.ok ? new Ear(Buffer.from(await answer.arrayBuffer())) : undefined;
    return { row, ear };
  }
}
