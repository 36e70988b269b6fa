import type { CallRecord } from '../../calls/index.ts';
import { SimulatedLeg } from '../../calls/testing/simulated-leg.ts';
import { Ids, seededRandom, silentLog } from '../../core/index.ts';
import { VirtualClock } from '../../core/testing/virtual-clock.ts';
import { systemResolve } from '../../net/index.ts';
import { CallStreams, type Connect, createConnect, type StreamDeps } from '../index.ts';
import { FakeAudioStream } from './fake-audio-stream.ts';

export const SECRETS = ['the new secret', 'the old secret'];

const record = {
  id: 'call_1',
  customerId: 'cust_1',
  applicationId: 'app_1',
  variables: { plan: 'gold', odd: '"}\u2028' },
} as unknown as CallRecord;

/** A call in virtual time whose streams use real sockets; the test emits its sound. */
export class TestCall {
  readonly clock = new VirtualClock();
  /** The sound of each stream, in the order in which they started. */
  readonly sounds: FakeAudioStream[] = [];
  readonly notes: { kind: string; data: Record<string, unknown> }[] = [];
  heldBack = { everything: false, caller: false, keys: false };
  readonly counts = { open: 0, started: 0, failed: 0, dropped: 0 };
  readonly deps: StreamDeps;
  readonly streams: CallStreams;
  readonly leg = new SimulatedLeg(this.clock);
  #noted = new Set<() => void>();

  constructor(options: { connect?: Connect; ca?: string } & Partial<StreamDeps> = {}) {
    const { clock, leg } = this;
    leg.sound.stream = () => {
      const sound = new FakeAudioStream(clock);
      this.sounds.push(sound);
      return sound;
    };
    const { ca, ...deps } = options;
    const allowPrivate = options.allowPrivate ?? true;
    const heldBack = () => this.heldBack;
    const call = {
      leg,
      record,
      log: silentLog,
      note: this.#note.bind(this),
      get heldBack() {
        return heldBack();
      },
    };
    this.deps = {
      clock,
      random: seededRandom(1),
      ids: new Ids(clock),
      connect: createConnect({ clock, allowPrivate, resolve: systemResolve, ...(ca ? { ca } : {}) }),
      allowPrivate,
      secrets: () => SECRETS,
      counts: this.counts,
      ...deps,
    };
    this.streams = new CallStreams(call, this.deps);
  }

  /** Starts a stream and returns its sound. */
  start(
    streamUrl: string,
    more: { track?: 'inbound' | 'outbound' | 'both'; bidirectional?: boolean } = {},
  ): FakeAudioStream {
    this.streams.start({ streamUrl, track: 'inbound', bidirectional: false, ...more });
    return this.sounds.at(-1)!;
  }

  /** Resolves with the data of the timeline entries of a kind, once there are `count`. */
  async noted(kind: string, count = 1): Promise<Record<string, unknown>[]> {
    const found = () => this.notes.filter((note) => note.kind === kind).map(({ data }) => data);
    while (found().length < count) await new Promise<void>((resolve) => this.#noted.add(resolve));
    return found();
  }

  #note(kind: string, data: Record<string, unknown>): void {
    this.notes.push({ kind, data });
    for (const resolve of this.#noted) resolve();
    this.#noted.clear();
  }
}
