import { createHash } from 'node:crypto';
import type { Server } from '../../e2e/support/server.ts';
import type { Delivery } from './receiver.ts';

// biome-ignore lint/suspicious/noExplicitAny: what came over the wire is looked at field by field.
type Wire = Record<string, any>;

/** What the crashes have cost. */
export interface Losses {
  calls: number;
  recordings: number;
  recovered: number;
  events: number;
  /** Deliveries that came twice though the first was accepted: the one in flight. */
  twice: number;
  /** The most sound that a recording lost, in ms. */
  worstLossMs: number;
  /** What was promised and is not so. */
  broken: string[];
}

/** Moments by `performance.now()`: the kill that ended each generation. */
export type Kills = Map<number, number>;

const FINAL = ['call.completed', 'call.failed', 'call.canceled'];

/** Looks at everything that one application can see, and at what it was told. */
export class Verdict {
  readonly losses: Losses = {
    calls: 0,
    recordings: 0,
    recovered: 0,
    events: 0,
    twice: 0,
    worstLossMs: 0,
    broken: [],
  };
  readonly files = new Set<string>();
  #server: Server;
  #key: string;
  #kills: Kills;
  #ids = new Set<string>();

  constructor(server: Server, key: string, kills: Kills) {
    this.#server = server;
    this.#key = key;
    this.#kills = kills;
  }

  async judge(deliveries: Delivery[]): Promise<void> {
    const byCall = Map.groupBy(deliveries, ({ callId }) => callId);
    for (const { deliveryId } of deliveries) this.#once(deliveryId);
    for await (const call of this.#all('/v1/calls?limit=200')) {
      await this.#call(call, byCall.get(call['id']) ?? []);
      byCall.delete(call['id']);
    }
    for (const id of byCall.keys()) this.#broken(`${id} was told of and is gone`);
  }

  async #call(call: Wire, told: Delivery[]): Promise<void> {
    const id = call['id'];
    this.losses.calls++;
    this.#once(id);
    if (!['completed', 'failed', 'canceled'].includes(call['status']))
      this.#broken(`${id} is ${call['status']}`);
    const events: Wire[] = (await this.#get(`/v1/calls/${id}/events?limit=200`))['data'];
    this.losses.events += events.length;
    for (const event of events) this.#once(event['id']);
    this.#inOrder(id, events, told);
    this.#repeated(id, told);
    const { data } = await this.#get(`/v1/calls/${id}/recordings?limit=200`);
    for (const recording of data) await this.#recording(recording, events, told);
  }

  #inOrder(id: string, events: Wire[], told: Delivery[]): void {
    const sequences = events.map(({ sequence }) => sequence);
    if (sequences.some((sequence, i) => sequence !== i + 1))
      this.#broken(`${id} has the events ${sequences}`);
    const names = events.map(({ event }) => event);
    if (names.filter((name) => FINAL.includes(name)).length !== 1 || !FINAL.includes(names.at(-1)))
      this.#broken(`${id} ended as ${names}`);
    const accepted = told.filter((each) => each.accepted).map(({ sequence }) => sequence);
    for (const sequence of sequences)
      if (!accepted.includes(sequence)) this.#broken(`${id}: ${sequence} was not told`);
    const first = [...new Set(told.map(({ sequence }) => sequence))];
    if (first.some((sequence, i) => i > 0 && sequence < first[i - 1]!))
      this.#broken(`${id} was told as ${first}`);
  }

  /** What was accepted comes again only when it was in flight at a kill: it was the call's last one until then. */
  #repeated(id: string, told: Delivery[]): void {
    for (const [at, delivery] of told.entries()) {
      const again = told.slice(at + 1).find(({ key }) => key === delivery.key);
      if (!delivery.accepted || !again) continue;
      this.losses.twice++;
      if (told[at + 1] !== again || again.generation === delivery.generation)
        this.#broken(`${id}: ${delivery.key} came again without need`);
    }
  }

  async #recording(recording: Wire, events: Wire[], told: Delivery[]): Promise<void> {
    const id = recording['id'];
    this.losses.recordings++;
    this.#once(id);
    if (recording['recovered']) this.losses.recovered++;
    // The caller was gone before it began: nothing started, and that was told.
    if (recording['error']?.code === 'recording_start_failed') return;
    const own = events.filter(({ data }) => data['recording_id'] === id).map(({ event }) => event);
    const expected = `recording.started,recording.${recording['status']}`;
    if (own.join() !== expected) this.#broken(`${id} had the events ${own}`);
    const lost = recording['error']?.code === 'recording_lost';
    if (recording['status'] !== 'completed' && !lost)
      this.#broken(`${id}: ${JSON.stringify(recording['error'])}`);
    const lossMs = recording['recovered'] ? this.#lossOf(recording, told) : 0;
    this.losses.worstLossMs = Math.max(this.losses.worstLossMs, lossMs);
    if (lossMs > 1000) this.#broken(`${id} lost ${lossMs} ms`);
    if (!lost) await this.#file(recording);
  }

  /** From when the application knew that it was recorded to the kill, less what is in the file. */
  #lossOf(recording: Wire, told: Delivery[]): number {
    const first = (event: string) =>
      told.find((each) => each.recordingId === recording['id'] && each.event === event);
    const [started, ended] = [first('recording.started'), first('recording.completed')];
    // That it had started may have been told by the next process only: then nobody knows when it did.
    if (!started || !ended || ended.generation <= started.generation) return 0;
    const kill = this.#kills.get(started.generation)!;
    return Math.max(0, Math.round(kill - started.at - recording['duration_ms']));
  }

  async #file(recording: Wire): Promise<void> {
    const { id, sha256, size_bytes, duration_ms, format } = recording;
    this.files.add(`${id}.${format}`);
    const headers = { Authorization: `Bearer ${this.#key}` };
    const answer = await fetch(`${this.#server.http}/v1/recordings/${id}/file`, { headers });
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (!answer.ok) return this.#broken(`${id}: its file answers ${answer.status}`);
    const hash = createHash('sha256').update(bytes).digest('hex');
    if (hash !== sha256 || bytes.length !== size_bytes) this.#broken(`${id}: the file is another one`);
    if (format !== 'wav') return;
    if (bytes.readUInt32LE(40) !== bytes.length - 44) this.#broken(`${id}: the header is wrong`);
    if (Math.floor((bytes.length - 44) / 32) !== duration_ms) this.#broken(`${id}: the length is wrong`);
    if (duration_ms > 400 && loudness(bytes) < 0.5) this.#broken(`${id}: nobody is heard in it`);
  }

  async *#all(path: string): AsyncGenerator<Wire> {
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Wire = await this.#get(`${path}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      yield* page['data'];
      cursor = page['next_cursor'];
    }
  }

  #get(path: string): Promise<Wire> {
    return this.#server.request<Wire>('GET', path, this.#key);
  }

  #once(id: string): void {
    if (this.#ids.has(id)) this.#broken(`${id} was given out twice`);
    this.#ids.add(id);
  }

  #broken(what: string): void {
    this.losses.broken.push(what);
  }
}

/** The part of the left channel that is not silence. */
function loudness(wav: Buffer): number {
  let loud = 0;
  const frames = (wav.length - 44) / 4;
  for (let at = 44; at + 4 <= wav.length; at += 4) if (Math.abs(wav.readInt16LE(at)) > 500) loud++;
  return loud / frames;
}
