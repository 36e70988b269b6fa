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
import { sipCorpus, sipMessage } from './sip-words.ts';

/** What is read is written, and read again, and is the same: nobody behind us sees another message than we do. */
function take(input: Buffer): Verdict {
  frame(input);
  try {
    const message = parseMessage(input);
    sdpOf(message);
    unsupportedBodyType(message, 'application/sdp');
    if (validate(message)) return 'refused';
    const written = serialize(message);
    const again = serialize(parseMessage(written));
    if (!again.equals(written)) throw new Error('what was written is not what is read');
    return 'taken';
  } catch (error) {
    if (error instanceof SipSyntaxError) return 'refused';
    throw error;
  }
}

/** As a stream, however it is cut, the same octets are the same messages. */
function frame(input: Buffer): void {
  const half = input.length >> 1;
  const whole = new StreamFramer().feed(input);
  const framer = new StreamFramer();
  const halves = [...framer.feed(input.subarray(0, half)), ...framer.feed(input.subarray(half))];
  const kinds = (framed: Framed[]) => framed.map(({ kind }) => kind).filter((kind) => !/p.ng/.test(kind));
  if (kinds(whole).join() !== kinds(halves).join()) throw new Error('a stream in two pieces is another one');
}

/** The reader and writer of SIP. */
export const sip: Target = {
  name: 'sip',
  share: 230,
  corpus: sipCorpus,
  write: sipMessage,
  open: stateless(take),
};
