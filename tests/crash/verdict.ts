import type { Server } from '../../e2e/support/server.ts';
import { audit } from './bills.ts';
import { kindOf } from './kinds.ts';
import type { Delivery } from './receiver.ts';
import { faultsOf } from './recording-file.ts';
import type { Promised, Wire } from './rest.ts';
import { timesOf } from './rows.ts';

/** Counts for one kind of call. */
export interface Tally {
  calls: number;
  /** Ended by a kill, as `node_restarted`. */
  cutOff: number;
  recordings: number;
  recovered: number;
}

/** The losses caused by crashes. */
export interface Losses {
  calls: number;
  recordings: number;
  recovered: number;
  events: number;
  /** Deliveries that arrived twice although the first was accepted: those in flight. */
  twice: number;
  /** REST answers that had to hold afterwards. */
  promised: number;
  /** The longest loss of a recording, in ms. */
  worstLossMs: number;
  kinds: Record<string, Tally>;
  /** Broken promises. */
  broken: string[];
}

/** The kill that ended each generation: by `performance.now()`, in ms since 1970, and how many ms late the machine was. */
export type Kills = { at: number; wall: number; late: number }[];

const FINAL = ['call.completed', 'call.failed', 'call.canceled'];

/** Checks everything that one application can read, and what it received. */
export class Verdict {
  readonly losses: Losses = {
    ...{ calls: 0, recordings: 0, recovered: 0, events: 0, twice: 0, promised: 0, worstLossMs: 0 },
    kinds: {},
    broken: [],
  };
  readonly files = new Set<string>();
  #server: Server;
  #key: string;
  #kills: Kills;
  #over: ReadonlySet<string>;
  #times: ReturnType<typeof timesOf>;
  #ids = new Set<string>();
  #calls = new Map<string, Wire>();
  #recordings = new Map<string, Wire>();

  /** @param over recordings that had ended before a kill and were not reported */
  constructor(server: Server, key: string, kills: Kills, over: ReadonlySet<string>) {
    this.#server = server;
    this.#key = key;
    this.#kills = kills;
    this.#over = over;
    this.#times = timesOf(server);
  }

  /** @param rung the called parties, and the generation of the server */
  async judge(
    deliveries: Delivery[],
    promised: Promised[],
    rung: { user: string; generation: number }[],
  ): Promise<void> {
    const byCall = Map.groupBy(deliveries, ({ callId }) => callId);
    for (const { deliveryId } of deliveries) this.#once(deliveryId);
    for await (const call of this.#all('/v1/calls?limit=200')) {
      await this.#call(call, byCall.get(call['id']) ?? []);
      byCall.delete(call['id']);
    }
    for (const id of byCall.keys()) this.#broken(`${id} was reported and is gone`);
    this.losses.promised = promised.length;
    for (const each of lastWords(promised)) this.#kept(each);
    this.#dialedOnce(rung);
    const calls = [...this.#calls.values()];
    for (const wrong of await audit(this.#server, calls[0]?.['customer_id'], calls)) this.#broken(wrong);
  }

  async #call(call: Wire, received: Delivery[]): Promise<void> {
    const id = call['id'];
    this.#calls.set(id, call);
    this.losses.calls++;
    this.#tally(call).calls++;
    this.#once(id);
    this.#ended(call);
    const events: Wire[] = (await this.#get(`/v1/calls/${id}/events?limit=200`))['data'];
    this.losses.events += events.length;
    for (const event of events) this.#once(event['id']);
    this.#inOrder(id, events, received);
    this.#repeated(id, received);
    const { data } = await this.#get(`/v1/calls/${id}/recordings?limit=200`);
    for (const recording of data) await this.#recording(recording, call, events, received);
  }

  /** A call that was active at a kill failed because of it, and no other did. */
  #ended(call: Wire): void {
    const { id, status, reason } = call;
    if (!FINAL.includes(`call.${status}`)) this.#broken(`${id} is ${status}`);
    const { createdAt, endedAt } = this.#times.get(id)!;
    const kill = this.#kills.find(({ wall }) => wall >= createdAt);
    const cut = reason === 'node_restarted';
    if (cut) this.#tally(call).cutOff++;
    if (cut && status !== 'failed') this.#broken(`${id} is ${status} for ${reason}`);
    if (cut && (!kill || endedAt < kill.wall)) this.#broken(`${id} failed as cut off, and was not`);
    if (!cut && kill && endedAt > kill.wall + LATE_MS) this.#broken(`${id} was cut off and is ${reason}`);
    // A party that is called again after the crash is gone.
    if (!cut && status === 'failed' && reason !== 'unreachable') this.#broken(`${id} failed: ${reason}`);
  }

  #inOrder(id: string, events: Wire[], received: Delivery[]): void {
    const sequences = events.map(({ sequence }) => sequence);
    if (sequences.some((sequence, i) => sequence !== i + 1))
      this.#broken(`${id} has the events ${sequences}`);
    const names = events.map(({ event }) => event);
    if (names.filter((name) => FINAL.includes(name)).length !== 1 || !FINAL.includes(names.at(-1)))
      this.#broken(`${id} ended as ${names}`);
    const accepted = received.filter((each) => each.accepted).map(({ sequence }) => sequence);
    for (const sequence of sequences)
      if (!accepted.includes(sequence)) this.#broken(`${id}: ${sequence} was not reported`);
    const first = [...new Set(received.map(({ sequence }) => sequence))];
    if (first.some((sequence, i) => i > 0 && sequence < first[i - 1]!))
      this.#broken(`${id} was reported as ${first}`);
  }

  /** An accepted event may be repeated only if it was in flight at a kill, as the last one of its call. */
  #repeated(id: string, received: Delivery[]): void {
    for (const [at, delivery] of received.entries()) {
      const again = received.slice(at + 1).find(({ key }) => key === delivery.key);
      if (!delivery.accepted || !again) continue;
      this.losses.twice++;
      if (received[at + 1] !== again || again.process === delivery.process)
        this.#broken(`${id}: ${delivery.key} came again without need`);
    }
  }

  async #recording(recording: Wire, call: Wire, events: Wire[], received: Delivery[]): Promise<void> {
    const id = recording['id'];
    this.#recordings.set(id, recording);
    this.losses.recordings++;
    this.#tally(call).recordings++;
    this.#once(id);
    if (recording['recovered']) {
      this.losses.recovered++;
      this.#tally(call).recovered++;
    }
    // The caller was gone before it began: nothing started, and that was reported.
    if (recording['error']?.code === 'recording_start_failed') return;
    const own = events.filter(({ data }) => data['recording_id'] === id).map(({ event }) => event);
    if (own.join() !== 'recording.started,recording.completed') this.#broken(`${id} had the events ${own}`);
    if (recording['status'] !== 'completed') this.#broken(`${id}: ${JSON.stringify(recording['error'])}`);
    const cutOff = recording['recovered'] && !this.#over.has(id);
    const lossMs = cutOff ? this.#lossOf(recording, received) : 0;
    this.losses.worstLossMs = Math.max(this.losses.worstLossMs, lossMs);
    if (lossMs > 1000)
      this.#broken(`${id} (${kindOf(call['to'])}) lost ${lossMs} ms: ${JSON.stringify(recording['gaps'])}`);
    this.files.add(`${id}.${recording['format']}`);
    for (const fault of await this.#file(recording, call)) this.#broken(`${id}: ${fault}`);
  }

  async #file(recording: Wire, call: Wire): Promise<string[]> {
    const path = `${this.#server.http}/v1/recordings/${recording['id']}/file`;
    const answer = await fetch(path, { headers: { Authorization: `Bearer ${this.#key}` } });
    const bytes = Buffer.from(await answer.arrayBuffer());
    return answer.ok ? faultsOf(recording, bytes, kindOf(call['to'])) : [`its file answers ${answer.status}`];
  }

  /**
   * Audio that is missing: the time from the reported start to the kill, minus what is in the file, what was skipped,
   * and the measured lateness.
   */
  #lossOf(recording: Wire, received: Delivery[]): number {
    const started = received.find(
      ({ recordingId, event }) => recordingId === recording['id'] && event === 'recording.started',
    );
    const { createdAt } = this.#times.get(recording['call_id'])!;
    const kill = this.#kills.find(({ wall }) => wall >= createdAt);
    // If only a later process reported the start, its time is unknown.
    if (!started || !kill || started.at > kill.at) return 0;
    const skipped: Wire[] = recording['gaps'].filter(({ cause }: Wire) => cause === 'skip');
    if (skipped.some(({ start_ms, end_ms }) => start_ms === end_ms)) return 0;
    const skippedMs = skipped.reduce((sum, { start_ms, end_ms }) => sum + end_ms - start_ms, 0);
    return Math.max(0, Math.round(kill.at - started.at - recording['duration_ms'] - skippedMs - kill.late));
  }

  /** Whatever was answered with 2xx holds. */
  #kept(promised: Promised): void {
    const { what, callId } = promised;
    for (const why of this.#unkept(promised)) this.#broken(`${callId}: ${what} was promised, and ${why}`);
  }

  #unkept({ what, callId, recording: then }: Promised): string[] {
    if (!this.#calls.has(callId)) return ['there is no such call'];
    if (!then) return [];
    const now = this.#recordings.get(then['id']);
    if (!now) return ['there is no such recording'];
    if (what === 'stop' && (now['recovered'] || now['sha256'] !== then['sha256'])) return ['it was not over'];
    const known = (gap: Wire) =>
      now['gaps'].some(
        (each: Wire) => each['start_ms'] === gap['start_ms'] && each['cause'] === gap['cause'],
      );
    // What came after the end of the file is in no gap of it.
    const inFile = (gap: Wire) => !now['recovered'] || gap['start_ms'] < now['duration_ms'];
    const missing: Wire[] = then['gaps'].filter((gap: Wire) => inFile(gap) && !known(gap));
    return missing.map((gap) => `${JSON.stringify(gap)} is none of ${JSON.stringify(now)}`);
  }

  /** Each requested call was placed once and dialed once, and nobody was called without a request. */
  #dialedOnce(rung: { user: string; generation: number }[]): void {
    const placed = Map.groupBy(this.#calls.values(), ({ metadata }) => metadata.key as string | undefined);
    for (const [key, calls] of placed)
      if (key && calls.length > 1) this.#broken(`${key} was placed ${calls.length} times`);
    const orders = Map.groupBy(rung, ({ user }) => user);
    for (const [user, rings] of orders) {
      if (user === 'bridged') continue;
      const [call] = placed.get(user) ?? [];
      if (rings.length > 1) this.#broken(`${user} was called ${rings.length} times`);
      const createdAt = call && this.#times.get(call['id'])!.createdAt;
      if (!createdAt || createdAt > this.#kills[rings[0]!.generation]!.wall)
        this.#broken(`${user} was called before there was a call`);
    }
  }

  #tally(call: Wire): Tally {
    const { kinds } = this.losses;
    kinds[kindOf(call['to'])] ??= { calls: 0, cutOff: 0, recordings: 0, recovered: 0 };
    return kinds[kindOf(call['to'])]!;
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

/** The time between the decision to kill and the kill. */
const LATE_MS = 50;

/** Each answer about a recording is complete, so the last one counts. A pause shorter than a frame is no gap. */
function lastWords(promised: Promised[]): Promised[] {
  const last = new Map(promised.map((each) => [each.recording?.['id'], each]));
  return promised.filter(
    (each) => !each.recording || each.what === 'stop' || last.get(each.recording['id']) === each,
  );
}
