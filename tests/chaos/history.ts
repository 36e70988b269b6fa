import { createHash } from 'node:crypto';
import type { Line } from '../../e2e/support/harness.ts';
import { until } from '../support/until.ts';

// biome-ignore lint/suspicious/noExplicitAny: what came over the wire is looked at field by field.
type Wire = Record<string, any>;

/** What an application knows about a call after its end. */
export interface History {
  /** The events in order of arrival, except those that every call has; or what is wrong with their order. */
  events: string;
  /** The call as REST returns it. */
  call: Wire;
  recordings: Wire[];
  /** The result of each recording whose file matches its data; or how the two differ. */
  recorded: string;
}

const TERMINAL = /^call\.(completed|failed|canceled)$/;

/**
 * Waits until the application has received the end of its first call.
 * @param leastMs what must be in each recording.
 */
export async function historyOf(line: Line, leastMs: number): Promise<History> {
  const { app } = line.harness;
  const own = () => app.events.all.filter(({ call }) => call['to'] === line.number);
  const ended = () => own().some(({ event }) => TERMINAL.test(event));
  await until(ended, `the end of the call to ${line.number} is reported`);
  const id = own()[0]?.call['id'];
  // A refused event comes again before any other event of its call.
  const events = own()
    .filter(({ call }) => call['id'] === id)
    .filter(({ data }, at, all) => data['sequence'] !== all[at + 1]?.data['sequence']);
  const { data } = await line.get(`/v1/calls/${id}/recordings`);
  const recorded = await Promise.all(
    data.reverse().map((recording: Wire) => soundOf(line, recording, leastMs)),
  );
  return {
    events: orderOf(events.map(({ data }) => data['sequence'])) ?? namesOf(events),
    call: await line.get(`/v1/calls/${id}`),
    recordings: data,
    recorded: recorded.join(', '),
  };
}

/** The events, except those that every call has, each with its reason. */
export const namesOf = (events: { event: string; data: Wire }[]): string =>
  events
    .filter(({ event }) => !/^call\.(created|answered)$/.test(event))
    .map(({ event, data }) => {
      const how =
        data['error']?.code ?? data['ended_by'] ?? (event === 'call.gathered' ? data['status'] : '');
      return `\`${event}\`${how ? ` (\`${how}\`)` : ''}`;
    })
    .join(', ');

/** What is wrong with the order of the events; undefined when nothing is. */
const orderOf = (sequences: number[]): string | undefined =>
  sequences.every((sequence, at) => sequence === at + 1) ? undefined : `events in the order ${sequences}`;

async function soundOf({ harness, apiKey }: Line, recording: Wire, leastMs: number): Promise<string> {
  const url = `${harness.server.http}/v1/recordings/${recording['id']}/file`;
  const answer = await fetch(url, { headers: { Authorization: `Bearer ${apiKey}` } });
  const file = Buffer.from(await answer.arrayBuffer());
  const hash = createHash('sha256').update(file).digest('hex');
  if (hash !== recording['sha256']) return `${recording['status']}, and its file is another one`;
  // 16 bits, two channels, 8 kHz.
  const inFile = Math.floor((file.length - 44) / 32);
  const said = recording['duration_ms'];
  if (inFile !== said) return `${said} ms, but ${inFile} in the file`;
  return `${recording['status']} recording of ${said < leastMs ? `${said} ms` : 'the whole time'}`;
}
