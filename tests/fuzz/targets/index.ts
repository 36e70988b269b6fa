import type { Target } from '../target.ts';
import { answers } from './answers.ts';
import { digest } from './digest.ts';
import { documents } from './documents.ts';
import { frames } from './frames.ts';
import { http, tls } from './listeners.ts';
import { rest } from './rest.ts';
import { rtp } from './rtp.ts';
import { rtpBursts } from './rtp-bursts.ts';
import { sdp } from './sdp.ts';
import { sip } from './sip.ts';
import { sipCalls } from './sip-calls.ts';
import { sipStack } from './sip-stack.ts';
import { sipTcp } from './sip-tcp.ts';
import { mp3, wav } from './sounds.ts';
import { srtp } from './srtp.ts';
import { streamMessages } from './stream-messages.ts';

/** All components that untrusted sources reach. */
export const targets: readonly Target[] = [
  sip,
  sipStack,
  sipTcp,
  sipCalls,
  digest,
  sdp,
  tls,
  rtp,
  rtpBursts,
  srtp,
  rest,
  http,
  documents,
  answers,
  streamMessages,
  frames,
  wav,
  mp3,
];
