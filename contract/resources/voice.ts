import { z } from 'zod';

/** A voice that `say` can be asked for. */
export const voiceShown = z.object({
  voice: z.string().describe('Its name in an action and on an application.'),
  gender: z.enum(['male', 'female']).nullable().describe('null where it is not known.'),
  languages: z
    .array(z.string())
    .describe('BCP 47 tags. A more exact tag is spoken too: `de-AT` where there is `de`. Empty: not known.'),
  engine: z
    .string()
    .describe("What makes the sound: `flite`, `espeak-ng`, or the model of the application's server."),
});

export type VoiceShown = z.output<typeof voiceShown>;
