import { Answerer, type AnswererOptions, type Step } from './answerer.ts';
import type { Call, Line } from './harness.ts';
import { RtpPhone, type Tone } from './rtp-phone.ts';
import type { Sipp } from './sipp.ts';

export interface Caller {
  phone: RtpPhone;
  sipp: Sipp;
  call: Call;
}

export interface Callee {
  phone: RtpPhone;
  sipp: Answerer;
  uri: string;
}

/** The parties of a test: sipp does the signaling, and an `RtpPhone` the audio of each. */
export class Parties {
  #open: { close(): unknown }[] = [];

  /** Calls a line and sends a tone. */
  async caller(line: Line, hz: Tone | 0, plan: Parameters<Line['call']>[0] = {}): Promise<Caller> {
    const phone = await this.#phone(hz);
    const { caller: sipp, call } = await line.call({ mediaPort: phone.port, ...plan });
    return { phone, sipp, call };
  }

  /** Waits for a call, and sends a tone from the answer on. */
  async callee(
    hz: Tone | 0,
    steps: Step[] = [{ say: 180 }, { say: 200, sdp: true }, { hear: 'ACK' }, { until: 'end' }],
    options: AnswererOptions = {},
  ): Promise<Callee> {
    const phone = await this.#phone(hz);
    const sipp = await Answerer.start(steps, { mediaPort: phone.port, ...options });
    this.#open.push(sipp);
    return { phone, sipp, uri: sipp.uri };
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.map((each) => each.close()));
  }

  async #phone(hz: Tone | 0): Promise<RtpPhone> {
    const phone = await RtpPhone.open(hz);
    this.#open.push(phone);
    return phone;
  }
}
