import {
  type Framed,
  parseMessage,
  SipSyntaxError,
  StreamFramer,
  sdpOf,
  serialize,
  unsupportedBodyType,
  validate,
} from '../../../src/sip/message/index.ts';
import { stateless, type Target, type Verdict } from '../target.ts';
import { sipCorpus, sipMessage } from './sip-messages.ts';

/** A message is unchanged after formatting and parsing, so that other hops interpret it as we do. */
function process(input: Buffer): Verdict {
  checkFraming(input);
  try {
    const message = parseMessage(input);
    sdpOf(message);
    unsupportedBodyType(message, 'application/sdp');
    if (validate(message)) return 'refused';
    const written = serialize(message);
    const again = serialize(parseMessage(written));
    if (!again.equals(written)) throw new Error('the message changes when it is parsed again');
    return 'accepted';
  } catch (error) {
    if (error instanceof SipSyntaxError) return 'refused';
    throw error;
  }
}

/** A stream yields the same messages for any segmentation. */
function checkFraming(input: Buffer): void {
  const half = input.length >> 1;
  const whole = new StreamFramer().feed(input);
  const framer = new StreamFramer();
  const halves = [...framer.feed(input.subarray(0, half)), ...framer.feed(input.subarray(half))];
  const kinds = (framed: Framed[]) => framed.map(({ kind }) => kind).filter((kind) => !/p.ng/.test(kind));
  if (kinds(whole).join() !== kinds(halves).join())
    throw new Error('a stream in two segments yields other messages');
}

/** The parser and formatter of SIP messages. */
export const sip: Target = {
  name: 'sip',
  share: 230,
  corpus: sipCorpus,
  generate: sipMessage,
  open: stateless(process),
};
