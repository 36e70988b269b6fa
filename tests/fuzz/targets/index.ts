import type { Target } from '../target.ts';
import { documents } from './documents.ts';
import { frames } from './frames.ts';
import { rtp } from './rtp.ts';
import { sdp } from './sdp.ts';
import { sip } from './sip.ts';
import { sipStack } from './sip-stack.ts';
import { mp3, wav } from './sounds.ts';
import { streamMessages } from './stream-messages.ts';

/** Everything that strangers can send to. */
export const targets: readonly Target[] = [
  sip,
  sipStack,
  sdp,
  rtp,
  documents,
  streamMessages,
  frames,
  wav,
  mp3,
];
