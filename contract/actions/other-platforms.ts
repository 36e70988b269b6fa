import type { ActionType } from './table.ts';

/** The action of MiniVoice for an action of another platform, and a hint about differences. */
interface Equivalent {
  action?: ActionType;
  hint?: string;
}

const NO_ANSWER: Equivalent = { hint: 'a call is answered automatically before its first action' };
const AGENT: Equivalent = {
  action: 'start_stream',
  hint: 'with "bidirectional": true, the server speaks to the caller',
};
const DIAL: Equivalent = { action: 'bridge', hint: '"transfer" hands the call over instead' };
const RECORD: Equivalent = {
  action: 'start_recording',
  hint: 'the recording runs until "stop_recording" or the end of the call',
};
const REFUSE: Equivalent = {
  action: 'hangup',
  hint: 'with "reason": "busy" or "rejected", as the first action',
};
const QUEUE: Equivalent = {
  action: 'conference',
  hint: 'callers wait in a conference, and an agent joins the same conference',
};

/**
 * The equivalents of other platforms' actions, by name in lower case and without separators.
 *
 * Covers Twilio's TwiML, Vonage's NCCO, jambonz, Plivo, Telnyx, SignalWire and FreeSWITCH.
 */
const EQUIVALENT_ACTIONS: Record<string, Equivalent> = {
  ...of(
    { action: 'say' },
    'speak',
    'talk',
    'tts',
    'speech',
    'announce',
    'saytext',
    'prompttts',
    'playtts',
    'message',
  ),
  ...of({ action: 'play' }, 'playback', 'playaudio', 'playfile', 'playurl', 'playbackstart', 'audio', 'dub'),
  ...of(
    { action: 'gather', hint: 'the request of the next "redirect" has the digits' },
    ...['input', 'getdigits', 'getinput', 'collect', 'collectdigits', 'digits', 'prompt', 'gatherusingspeak'],
    ...['gatherusingaudio', 'playandgetdigits', 'read', 'ask', 'menu', 'pay'],
  ),
  ...of(DIAL, 'dial', 'connect', 'call', 'number', 'sip', 'client', 'user', 'originate', 'forward', 'phone'),
  ...of({ action: 'transfer' }, 'refer', 'sip:refer', 'siprefer', 'blindtransfer', 'deflect'),
  ...of(
    RECORD,
    'record',
    'recordcall',
    'recordstart',
    'startrecord',
    'recordsession',
    'voicemail',
    'monitor',
  ),
  ...of({ action: 'stop_recording' }, 'recordstop', 'stoprecord', 'stoprecordcall'),
  ...of({ action: 'conference' }, 'conversation', 'joinconference', 'multipartycall', 'room', 'meet'),
  ...of(QUEUE, 'enqueue', 'queue', 'dequeue', 'leave'),
  ...of(
    { action: 'start_stream' },
    'stream',
    'start',
    'listen',
    'fork',
    'siprec',
    'tap',
    'streamingstart',
    'mediastream',
  ),
  ...of(
    AGENT,
    'llm',
    'agent',
    'ai',
    'dialogflow',
    'rasa',
    'lex',
    'virtualagent',
    'conversationrelay',
    'autopilot',
  ),
  ...of({ action: 'stop_stream' }, 'stop', 'streamingstop', 'stopstream'),
  ...of({ action: 'pause' }, 'wait', 'sleep', 'delay', 'silence'),
  ...of({ action: 'send_digits' }, 'dtmf', 'senddtmf', 'playdtmf', 'playdigits'),
  ...of({ action: 'hangup' }, 'disconnect', 'end', 'exit', 'bye', 'terminate', 'drop'),
  ...of(REFUSE, 'reject', 'decline', 'sip:decline', 'sipdecline', 'busy', 'preanswer'),
  ...of({ action: 'redirect' }, 'goto', 'include', 'execute', 'next', 'continue', 'fetch'),
  ...of({ action: 'set_variable' }, 'set', 'tag', 'assign', 'setvar', 'variable', 'export'),
  ...of(
    { hint: 'MiniVoice sends every event to the webhook_url of the application' },
    'notify',
    'webhook',
    'event',
    'log',
  ),
  ...of(
    { hint: 'recordings are transcribed if "ai_enabled" is set on the application' },
    'transcribe',
    'transcription',
  ),
  ...of({ hint: 'MiniVoice sends no messages' }, 'sms', 'sendsms', 'sendmessage', 'mms'),
  ...of(
    { hint: 'voice and language are fields of "say" and of the application' },
    'config',
    'language',
    'voice',
  ),
  ...of(NO_ANSWER, 'answer', 'pickup', 'accept'),
};

function of(equivalent: Equivalent, ...names: string[]): Record<string, Equivalent> {
  return Object.fromEntries(names.map((name) => [name, equivalent]));
}

/** Returns the equivalent of another platform's action; undefined if the name is unknown. */
export function equivalentAction(name: string): Equivalent | undefined {
  const plain = name.toLowerCase().replace(/[\s_.-]+/g, '');
  return Object.hasOwn(EQUIVALENT_ACTIONS, plain) ? EQUIVALENT_ACTIONS[plain] : undefined;
}

const USE_REDIRECT = 'follow it with "redirect": its request has the digits';

const NO_SPEECH = 'gather collects only keys; "start_stream" sends live audio to your own speech recognizer';

/** Fields of other platforms, by the action of MiniVoice: the name of the field here, or a hint. */
const EQUIVALENT_FIELDS: Partial<Record<ActionType, Record<string, string>>> = {
  say: {
    message: 'text',
    body: 'text',
    value: 'text',
    content: 'text',
    payload: 'text',
    voice_name: 'voice',
    lang: 'language',
    locale: 'language',
    repeat: 'loop',
    times: 'loop',
  },
  play: {
    file: 'url',
    src: 'url',
    source: 'url',
    audio_url: 'url',
    media: 'url',
    stream_url: 'url',
    play_url: 'url',
    repeat: 'loop',
    times: 'loop',
    count: 'loop',
    text: 'use "say" for text',
    digits: 'use "send_digits" for digits',
  },
  gather: {
    text: 'prompt',
    say: 'prompt',
    message: 'prompt',
    play: 'use "play" before it',
    timeout: 'timeout_seconds',
    digit_timeout: 'timeout_seconds',
    inter_digit_timeout: 'timeout_seconds',
    max_length: 'max_digits',
    min_length: 'min_digits',
    maximum_digits: 'max_digits',
    minimum_digits: 'min_digits',
    terminator: 'finish_on_key',
    terminating_digit: 'finish_on_key',
    finish_key: 'finish_on_key',
    input: NO_SPEECH,
    speech: NO_SPEECH,
    hints: NO_SPEECH,
    speech_timeout: NO_SPEECH,
    speech_model: NO_SPEECH,
    recognizer: NO_SPEECH,
    action: USE_REDIRECT,
    action_hook: USE_REDIRECT,
    url: USE_REDIRECT,
    event_url: USE_REDIRECT,
    method: USE_REDIRECT,
  },
  redirect: { href: 'url', action: 'url', answer_url: 'url', target: 'url', uri: 'url' },
  start_recording: {
    max_length: 'max_seconds',
    max_duration: 'max_seconds',
    time_limit: 'max_seconds',
    play_beep: 'beep',
    beep_start: 'beep',
    file_format: 'format',
    recording_channels: 'channels',
    finish_on_key: 'use "gather" to wait for a key, then "stop_recording"',
    timeout: 'use "gather" to wait, then "stop_recording"',
  },
  start_stream: {
    url: 'stream_url',
    ws_url: 'stream_url',
    websocket_url: 'stream_url',
    uri: 'stream_url',
    bidirectional_audio: 'bidirectional',
  },
  stop_stream: { url: 'stream_url' },
  pause: { length: 'seconds', duration: 'seconds', time: 'seconds' },
  send_digits: { dtmf: 'digits', tones: 'digits', value: 'digits' },
  conference: { name: 'room', conference: 'room', muted: 'mute', end_conference_on_exit: 'end_on_exit' },
  hangup: { cause: 'reason' },
  set_variable: { key: 'name', variable: 'name', data: 'value' },
};

const DESTINATION_FIELDS = {
  number: 'destination',
  phone: 'destination',
  phone_number: 'destination',
  target: 'destination',
  uri: 'destination',
  endpoint: 'destination',
  sip: 'destination',
  caller_id: 'from',
  callerid: 'from',
  timeout: 'timeout_seconds',
  ring_timeout: 'timeout_seconds',
  answer_on_bridge: 'the caller always hears ringing until the destination answers',
};

/** Returns other platforms' names for the fields of an action. */
export function equivalentFields(type: ActionType): Record<string, string> {
  return type === 'bridge' || type === 'transfer' ? DESTINATION_FIELDS : (EQUIVALENT_FIELDS[type] ?? {});
}
