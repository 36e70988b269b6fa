/** Sound that can be played: 8 kHz mono samples, shared with the media threads without a copy. */
export interface AudioClip {
  samples: Int16Array<SharedArrayBuffer>;
}
