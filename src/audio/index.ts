/**
 * Audio processing: codecs, resampling, mixing, loss concealment, in-band tones, WAV and MP3 files. All of it works on
 * 8 kHz mono samples and knows no sockets or calls.
 */
export { type Codec, type CodecName, LONGEST_PAYLOAD } from './codec/codec.ts';
export { decodeG711, encodeG711, PCMU } from './codec/g711.ts';
export { G722Codec } from './codec/g722.ts';
export { openCodec } from './codec/open-codec.ts';
export { loadOpus } from './codec/opus.ts';
export { Concealment } from './concealment.ts';
export { DIGITS, type Digit, DigitTone } from './dtmf.ts';
export { type AudioClip, FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE, saturate } from './frame.ts';
export { toneLevel } from './goertzel.ts';
export { holdMusic } from './hold-music.ts';
export { addFrames, isSilent, Mix } from './mixer.ts';
export { Resampler, resample } from './resampler.ts';
export { createSoundDecoder, type SoundDecoder } from './sound-decoder.ts';
export { ToneDetector } from './tone-detector.ts';
export { readPcm16Format, readWavFileFormat, repairWav } from './wav-file.ts';
export { readWav, type WavFormat } from './wav-reader.ts';
export { WAV_HEADER, wavFile, wavHeader } from './wav-writer.ts';
