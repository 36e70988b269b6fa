import { readFile } from 'node:fs/promises';
import { type AudioClip, readWav } from '../../src/audio/index.ts';
import { silentLog, systemClock, systemRandom } from '../../src/core/index.ts';
import { createMediaEngine } from '../../src/media/index.ts';
import { systemNetwork } from '../../src/net/index.ts';
import { acceptAnswer, createOffer } from '../../src/sdp/index.ts';
import { createUserAgent } from '../../src/sip/index.ts';

/** A telephone on loopback: it calls, listens, presses keys, and speaks. It records what it hears to `heardFile`. */
export async function openPhone(ports: { from: number; to: number }, heardFile: string) {
  const parts = { clock: systemClock, random: systemRandom, log: silentLog, host: '127.0.0.1' };
  const media = await createMediaEngine({ ...parts, workers: 1, ports });
  const userAgent = createUserAgent({
    ...parts,
    network: systemNetwork,
    port: 0,
    userAgent: 'MiniVoice demo phone',
  });
  const { port } = await userAgent.listen();

  async function call(number: string, server: string) {
    const audio = await media.open();
    const offer = createOffer({
      address: audio.local.address,
      port: audio.local.port,
      sessionId: 1,
      version: 0,
      codecs: ['PCMU'],
      telephoneEvent: true,
      direction: 'sendrecv',
    });
    const from = `sip:+15550199999@127.0.0.1:${port}`;
    const invite = userAgent.invite({ target: `sip:${number}@${server}`, from, sdp: offer });
    const result = await invite.result;
    if (result.kind === 'refused') throw new Error(`the call was refused: ${result.status} ${result.reason}`);
    audio.connect(acceptAnswer(offer, result.answer));
    // The left channel is what the phone hears.
    const heard = await audio.tap({ path: heardFile, channels: 2, maxSeconds: 600 });
    return {
      press: (digits: string) => audio.sendDigits(digits),
      speak: (sounds: AsyncIterable<AudioClip>) => audio.play(sounds),
      ended: result.dialog.ended,
      /** Seconds of audible sound in the whole call. */
      async secondsHeard(): Promise<number> {
        await heard.stop();
        await audio.close();
        return secondsOfSound(await readFile(heardFile));
      },
    };
  }

  return { call, close: () => Promise.all([userAgent.close(), media.close()]) };
}

/** Counts the 20 ms frames on the left channel that are louder than line noise. */
function secondsOfSound(file: Buffer): number {
  const left = readWav(file).channels[0]!;
  let frames = 0;
  for (let start = 0; start + 160 <= left.length; start += 160) {
    const peak = left
      .subarray(start, start + 160)
      .reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    if (peak > 500) frames++;
  }
  return frames / 50;
}
