import { reportDefect } from '../../kit/index.ts';
import {
  createResponse,
  type Headers,
  type SipMessage,
  SipSyntaxError,
  serialize,
  setTopVia,
  topVia,
  validate,
  warningOf,
} from '../message/index.ts';
import type { Counters } from './counters.ts';
import type { Flow } from './flow.ts';

/** Takes every sound message that comes in. */
export type Received = (message: SipMessage, flow: Flow) => void;

/** The gate: what is sound goes in, what is not is counted, and answered where that is possible. */
export class Intake {
  received: Received = () => {};
  #counters: Counters;

  constructor(counters: Counters) {
    this.#counters = counters;
  }

  take(message: SipMessage, flow: Flow): void {
    this.#counters[flow.remote.transport].received++;
    const refusal = validate(message);
    if (refusal) this.#refuse(message, refusal.status, refusal.message, flow);
    else {
      if (message.kind === 'request') stampVia(message, flow);
      this.#pass(message, flow);
    }
  }

  /** Of bytes that could not be made a message. */
  reject(error: SipSyntaxError, flow: Flow): void {
    this.#counters[flow.remote.transport].received++;
    this.#refuse(error.partial, error.status, error.message, flow);
  }

  /** One message that we cannot handle must not take down the calls of all others. */
  #pass(message: SipMessage, flow: Flow): void {
    try {
      this.received(message, flow);
    } catch (error) {
      this.#counters[flow.remote.transport].defects++;
      reportDefect('sip.message', error);
    }
  }

  #refuse(
    message: SipMessage | { kind: 'request'; method: string; headers: Headers } | undefined,
    status: number,
    why: string,
    flow: Flow,
  ): void {
    this.#counters[flow.remote.transport].malformed++;
    // RFC 3261 §17.1.1.3: nothing answers an ACK.
    if (message?.kind !== 'request' || message.method === 'ACK') return;
    const back = stampedFlow(message, flow);
    const response = createResponse(message, status);
    response.headers.append('Warning', warningOf(why));
    back.send(serialize(response));
  }
}

/** Where to refuse a request: as its Via says, or back to its source when the Via cannot be read. */
function stampedFlow(request: { headers: Headers }, flow: Flow): Flow {
  try {
    stampVia(request, flow);
    return replyFlow(request, flow);
  } catch (error) {
    if (error instanceof SipSyntaxError) return flow;
    throw error;
  }
}

/** RFC 3261 §18.2.1 and RFC 3581 §4: notes in the top Via where the request really came from. */
function stampVia(request: { headers: Headers }, flow: Flow): void {
  const via = topVia(request);
  const { address, port } = flow.remote;
  if (via.rport === undefined && via.host === address) return;
  const rport = via.rport === undefined ? undefined : String(port);
  setTopVia(request, { ...via, received: address, rport });
}

/** RFC 3261 §18.2.2: where the response to a request goes. */
export function replyFlow(request: { headers: Headers }, flow: Flow): Flow {
  if (!flow.at) return flow;
  const via = topVia(request);
  // RFC 3581 §4: with rport back to the very port, else to the one that the sender has named.
  const port = via.rport === undefined ? (via.port ?? 5060) : flow.remote.port;
  return port === flow.remote.port ? flow : flow.at(port);
}
