import type { Server } from '../../e2e/support/server.ts';
import { audit } from './bills.ts';
import { kindOf } from './kinds.ts';
import type { Delivery } from './receiver.ts';
import { faultsOf } from './recording-file.ts';
import type { Promised, Wire } from './rest.ts';
import { timesOf } from './rows.ts';

/** Of one kind of call. */
export interface Tally {
  calls: number;
  /** By a kill, so that they ended as `node_restarted`. */
  cutOff: number;
  recordings: number;
  recovered: number;
}

/** What the crashes have cost. */
export interface Losses {
  calls: number;
  recordings: number;
  recovered: number;
  events: number;
  /** Deliveries that came twice though the first was accepted: the one in flight. */
  twice: number;
  /** Answers of REST that had to be true afterwards. */
  promised: number;
  /** The most sound that a recording lost, in ms. */
  worstLossMs: number;
  kinds: Record<string, Tally>;
  /** What was promised and is not so. */
  broken: string[];
}

/** The kill that ended each generation: by `performance.now()`, in ms since 1970, and how many ms late the machine was. */
export type Kills = { at: number; wall: number; late: number }[];

const FINAL = ['call.completed', 'call.failed', 'call.canceled'];

/** Looks at everything that one application can see, and at what it was told. */
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

  /** @param over recordings that had ended before a kill, and were not told of. */
  constructor(server: Server, key: string, kills: Kills, over: ReadonlySet<string>) {
    this.#server = server;
    this.#key = key;
    this.#kills = kills;
    this.#over = over;
    this.#times = timesOf(server);
  }

  /** @param rung who was called for us, and in which generation. */
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
    for (const id of byCall.keys()) this.#broken(`${id} was told of and is gone`);
    this.losses.promised = promised.length;
    for (const each of lastWords(promised)) this.#kept(each);
    this.#dialledOnce(rung);
    const calls = [...this.#calls.values()];
    for (const wrong of await audit(this.#server, calls[0]?.['customer_id'], calls)) this.#broken(wrong);
  }

  async #call(call: Wire, told: Delivery[]): Promise<void> {
    const id = call['id'];
    this.#calls.set(id, call);
    this.losses.calls++;
    this.#tally(call).calls++;
    this.#once(id);
    this.#ended(call);
    const events: Wire[] = (await this.#get(`/v1/calls/${id}/events?limit=200`))['data'];
    this.losses.events += events.length;
    for (const event of events) this.#once(event['id']);
    this.#inOrder(id, events, told);
    this.#repeated(id, told);
    const { data } = await this.#get(`/v1/calls/${id}/recordings?limit=200`);
    for (const recording of data) await this.#recording(recording, call, events, told);
  }

  /** A call that was up at a kill failed for it, and no other did. */
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
    // Who is called again after the crash is not there any more.
    if (!cut && status === 'failed' && reason !== 'unreachable') this.#broken(`${id} failed: ${reason}`);
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
      if (told[at + 1] !== again || again.process === delivery.process)
        this.#broken(`${id}: ${delivery.key} came again without need`);
    }
  }

  async #recording(recording: Wire, call: Wire, events: Wire[], told: Delivery[]): Promise<void> {
    const id = recording['id'];
    this.#recordings.set(id, recording);
    this.losses.recordings++;
    this.#tally(call).recordings++;
    this.#once(id);
    if (recording['recovered']) {
      this.losses.recovered++;
      this.#tally(call).recovered++;
    }
    // The caller was gone before it began: nothing started, and that was told.
    if (recording['error']?.code === 'recording_start_failed') return;
    const own = events.filter(({ data }) => data['recording_id'] === id).map(({ event }) => event);
    if (own.join() !== 'recording.started,recording.completed') this.#broken(`${id} had the events ${own}`);
    if (recording['status'] !== 'completed') this.#broken(`${id}: ${JSON.stringify(recording['error'])}`);
    const cutOff = recording['recovered'] && !this.#over.has(id);
    const lossMs = cutOff ? this.#lossOf(recording, told) : 0;
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

  /** From when the application knew that it was recorded to the kill, less what is in the file, was left out, or was late. */
  #lossOf(recording: Wire, told: Delivery[]): number {
    const started = told.find(
      ({ recordingId, event }) => recordingId === recording['id'] && event === 'recording.started',
    );
    const { createdAt } = this.#times.get(recording['call_id'])!;
    const kill = this.#kills.find(({ wall }) => wall >= createdAt);
    // That it had started may have been told by a later process only: then nobody knows when it did.
    if (!started || !kill || started.at > kill.at) return 0;
    const skipped: Wire[] = recording['gaps'].filter(({ cause }: Wire) => cause === 'skip');
    if (skipped.some(({ start_ms, end_ms }) => start_ms === end_ms)) return 0;
    const skippedMs = skipped.reduce((sum, { start_ms, end_ms }) => sum + end_ms - start_ms, 0);
    return Math.max(0, Math.round(kill.at - started.at - recording['duration_ms'] - skippedMs - kill.late));
  }

  /** What was answered with 2xx is so. */
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
    // What came later than all that is in the file is in no gap of it.
    const inFile = (gap: Wire) => !now['recovered'] || gap['start_ms'] < now['duration_ms'];
    const missing: Wire[] = then['gaps'].filter((gap: Wire) => inFile(gap) && !known(gap));
    return missing.map((gap) => `${JSON.stringify(gap)} is none of ${JSON.stringify(now)}`);
  }

  /** Of the calls that were asked for, each was placed once and dialled once, and nobody was called by none. */
  #dialledOnce(rung: { user: string; generation: number }[]): void {
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

/** Between the order to kill and the kill. */
const LATE_MS = 50;

/** Each answer about a recording tells all of it: the last one counts. A pause too short for a frame is no gap then. */
function lastWords(promised: Promised[]): Promised[] {
  const last = new Map(promised.map((each) => [each.recording?.['id'], each]));
  return promised.filter(
    (each) => !each.recording || each.what === 'stop' || last.get(each.recording['id']) === each,
  );
}
