// Forwards every call: first to a mobile phone, then to the office, and if nobody answers it takes a message.
import { type Application, serve } from './support/serve.ts';

const MOBILE = process.env['MOBILE'] ?? '+15550100021';
const OFFICE = process.env['OFFICE'] ?? 'sip:office@example.com';

export const application: Application = {
  pages: {
    // The actions after a bridge run if it fails: busy, no answer, unreachable.
    '/answer': () => [
      { bridge: { destination: MOBILE, timeout_seconds: 15 } },
      { bridge: { destination: OFFICE, timeout_seconds: 20 } },
      {
        say: { text: 'Sorry, nobody is there. Leave a message after the tone, and press any key to end it.' },
      },
      { start_recording: { beep: true, max_seconds: 120 } },
      { gather: { timeout_seconds: 30 } },
      { stop_recording: {} },
      { say: { text: 'Thank you. Goodbye.' } },
    ],
  },
  onEvent({ event, call, data }) {
    if (event === 'recording.completed') console.log(`${call.from} left a message: ${data['recording_id']}`);
    if (event === 'call.completed') console.log(`${call.from} talked for ${data['billsec_seconds']} seconds`);
  },
};

if (import.meta.main) serve(application);
